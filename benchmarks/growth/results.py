"""What came of it: a figure for every row and point, a table, a file."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.growth.subjects import Subject
from benchmarks.load import Burst

LIMIT = 1.3
TITLE, COLUMN = 38, 12


@dataclass(frozen=True, slots=True)
class Point:
    """How many users there are, over how many connections they ask."""

    users: int
    connections: int


@dataclass
class Growth:
    """Everything that was measured."""

    machine: dict[str, str]
    bursts: dict[tuple[str, Point], list[Burst]] = field(default_factory=dict)

    @property
    def errors(self) -> int:
        """All that went wrong."""
        return sum(burst.errors for bursts in self.bursts.values() for burst in bursts)

    def add(self, subject: Subject, point: Point, made: Burst) -> None:
        """Keep one burst of one round."""
        self.bursts.setdefault((subject.title, point), []).append(made)

    def cost(self, subject: Subject, point: Point) -> float:
        """Processor milliseconds of a request, server and PostgreSQL.

        Of all rounds the least, since whatever else the machine does can only add to it.
        """
        return min(one.server + one.database for one in self.bursts[subject.title, point])


def show(growth: Growth, subjects: Sequence[Subject], *axes: Sequence[Point]) -> None:
    """Print a table for each axis: users become more, or connections do."""
    lines = [f"{name}: {value}" for name, value in growth.machine.items()]
    lines += ["", "Processor milliseconds of a request, server and PostgreSQL together"]
    for points in axes:
        lines += ["", _head(points), *(_row(growth, subject, points) for subject in subjects)]
    lines += ["", f"ratio: the last column to the first; ! where it is not below {LIMIT}."]
    sys.stdout.write("\n".join([*lines, ""]))


def save(growth: Growth, path: Path) -> None:
    """Write everything, round by round, as JSON."""
    content = {
        "machine": growth.machine,
        "results": [
            {"subject": title, **asdict(point), "rounds": [asdict(burst) for burst in bursts]}
            for (title, point), bursts in growth.bursts.items()
        ],
    }
    path.write_text(json.dumps(content, indent=2) + "\n")


def _head(points: Sequence[Point]) -> str:
    if points[0].connections == points[-1].connections:
        title = f"users, {points[0].connections} connections"
        columns = (f"{point.users:{COLUMN},}" for point in points)
    else:
        title = f"connections, {points[0].users:,} users"
        columns = (f"{point.connections:{COLUMN}}" for point in points)
    return _line(title, columns, "ratio")


def _row(growth: Growth, subject: Subject, points: Sequence[Point]) -> str:
    costs = [growth.cost(subject, point) for point in points]
    ratio = costs[-1] / costs[0] if costs[0] else 1.0
    mark = "!" if ratio >= LIMIT and not subject.is_curve else " "
    return _line(subject.title, (f"{cost:{COLUMN}.2f}" for cost in costs), f"{ratio:.2f}{mark}")


def _line(title: str, columns: Iterable[str], ratio: str) -> str:
    return f"{title:{TITLE}}{''.join(columns)}{ratio:>9}"
