"""The project's commands, in a process and an environment of their own."""

import os
import subprocess
import sys
from pathlib import Path

# What a process needs of its surroundings, and nothing that configures the project.
CLEAN = {
    name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
}


def python(
    *arguments: str, folder: Path, stdin: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run Python in a copy of the project, with these variables only."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**CLEAN, **variables},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def manage(
    *arguments: str, folder: Path, stdin: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run ``manage.py``."""
    return python("manage.py", *arguments, folder=folder, stdin=stdin, **variables)
