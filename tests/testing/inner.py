"""A run of pytest inside a test, as an adopter has it: the plugin, and no fixture of this suite."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.service import ROOT

_OUTCOME = re.compile(r"(?m)^\S+::(\w+) (PASSED|FAILED|SKIPPED|ERROR)\b")


@dataclass(frozen=True)
class Run:
    """What pytest said: an outcome for each test, and all its output."""

    outcomes: dict[str, str]
    output: str


def run(folder: Path, source: str) -> Run:
    """Run tests, embedded."""
    module = folder / "test_inner.py"
    module.write_text(source)
    # The settings and servers of the run around this one are not for the run within.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    options = ("-c", ROOT / "pyproject.toml", "--rootdir", folder, "-vv", "-p", "no:cacheprovider")
    found = subprocess.run(
        [sys.executable, "-m", "pytest", *map(str, options), str(module)],
        cwd=ROOT,
        env=kept | {"TEST_SERVICES": "embedded", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return Run(dict(_OUTCOME.findall(found.stdout)), found.stdout + found.stderr)
