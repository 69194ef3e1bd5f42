"""``just backup`` and ``just restore``, in the test's own process."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command


def backup(folder: Path) -> Path:
    """Make a backup; its path, as the command prints it."""
    out = StringIO()
    call_command("backup", into=folder, stdout=out)
    (line,) = out.getvalue().splitlines()
    return Path(line)


def restore(file: Path, *options: str) -> str:
    """Restore a backup, and what that says."""
    out = StringIO()
    call_command("restore", str(file), *options, stdout=out, no_color=True)
    return out.getvalue()
