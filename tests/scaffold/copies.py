"""A copy of the whole project, for commands that write into it."""

import shutil
from pathlib import Path

from tests.service import ROOT

# What a command may write into; everything else is only read, so a link to it will do.
_WRITTEN = {"backend", "clients", "docs", "project", "tests"}
_PRIVATE = (".env", ".git", "db.sqlite3*", "*_cache", ".coverage*", ".hypothesis", "backups")
_IGNORED = shutil.ignore_patterns("__pycache__", "node_modules", "typescript", *_PRIVATE)


def copied(to: Path) -> Path:
    """Copy the project, without what a developer or a tool keeps for itself."""
    to.mkdir(parents=True)
    kept = {entry.name for entry in ROOT.iterdir()}
    kept -= _IGNORED(str(ROOT), sorted(kept))
    for entry in (ROOT / name for name in sorted(kept)):
        if entry.name in _WRITTEN:
            shutil.copytree(entry, to / entry.name, ignore=_IGNORED)
        elif entry.is_file():
            shutil.copy2(entry, to)
        else:
            (to / entry.name).symlink_to(entry)
    return to
