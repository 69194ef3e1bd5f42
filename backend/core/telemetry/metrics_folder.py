"""Where the processes of one server keep their counts, so that each of them can tell the sum.

Each keeps them in files of its place. Who takes the place of a worker that has gone goes on with
its files: nothing counted is lost, and there are never more files than there were processes at
once. By process ids, as the library would have it, every restarted worker would leave some behind.
"""

import shutil
import tempfile
from typing import Any

_path: str | None = None
_place = -1  # gunicorn's master, which counts nothing


def path() -> str | None:
    """The folder; None where a process counts for itself."""
    return _path


def place() -> int:
    """The number of this process; no two that are alive have the same."""
    return _place


def make(parent: str | None) -> str:
    """Make the folder, once per server and before its workers; its path."""
    global _path  # noqa: PLW0603  (one to a server; its workers inherit it)
    if _path is None:
        _path = tempfile.mkdtemp(prefix="backend-metrics-", dir=parent)
    return _path


def remove(_: object = None) -> None:
    """Leave nothing behind; gunicorn's ``on_exit``."""
    if _path is not None:
        shutil.rmtree(_path, ignore_errors=True)


def assign(arbiter: Any, worker: Any) -> None:
    """Give a worker the lowest place that nobody has; gunicorn's ``pre_fork``."""
    taken = {other.place for other in arbiter.WORKERS.values()}
    worker.place = next(number for number in range(len(taken) + 1) if number not in taken)


def settle(_: object, worker: Any) -> None:
    """Count as this worker from now on; gunicorn's ``post_fork``."""
    global _place  # noqa: PLW0603  (one to a process)
    _place = worker.place
    from backend.core.telemetry import exposition  # noqa: F401, PLC0415  (or the first request waits for it)


def vacate(_: object, worker: Any) -> None:
    """Forget how things were in a worker that has gone; gunicorn's ``child_exit``."""
    from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415  (see ``metrics``)

    mark_process_dead(worker.place, _path)  # type: ignore[no-untyped-call]  # the library's omission
