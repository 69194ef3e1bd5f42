"""Files of backups: for their owner's eyes alone, complete or not there, with a checksum beside."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.core.backups.failure import BackupFailed


@contextmanager
def written(target: Path) -> Iterator[Path]:
    """A private file to fill, which becomes ``target`` once the block has succeeded.

    Raises:
        BackupFailed: there is such a backup already.
    """
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".", suffix=".partial")  # mode 0600
    os.close(handle)
    partial = Path(name)
    try:
        yield partial
        _keep(partial)
        _write_checksum(partial, target)  # first: what has its name has its checksum
        partial.rename(target)
        _keep(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def verify(path: Path) -> None:
    """Compare a backup with its checksum.

    Raises:
        BackupFailed: it is damaged, or nobody can tell.
    """
    try:
        expected = checksum_of(path).read_text().split()
        found = _digest(path)
    except OSError as error:
        raise BackupFailed(f"{error.filename}: {error.strerror}") from None
    if expected[:1] != [found]:
        raise BackupFailed(f"{path} is damaged: its checksum is another than {checksum_of(path)}")


def checksum_of(path: Path) -> Path:
    """Where the checksum is, in the form that ``sha256sum --check`` reads."""
    return path.with_name(f"{path.name}.sha256")


def _write_checksum(partial: Path, target: Path) -> None:
    try:
        handle = os.open(checksum_of(target), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BackupFailed(f"{target} was written this very second: try again") from None
    with os.fdopen(handle, "w") as checksum:
        checksum.write(f"{_digest(partial)}  {target.name}\n")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _keep(path: Path) -> None:
    """Have it on the disk before anybody relies on it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
