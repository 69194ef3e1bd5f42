"""A run: the service with few and with many users, side by side, takes turns under load."""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import databases, machine
from benchmarks.contenders import CONTENDERS, Environment
from benchmarks.growth import filling
from benchmarks.growth.results import Growth, Point
from benchmarks.growth.subjects import Subject, subjects
from benchmarks.load import Load, burst
from benchmarks.places import shared
from benchmarks.processes import Running, running

SIZES = (1_000, 10_000, 100_000, 1_000_000)
CONNECTIONS = (10, 100, 500)
CROWDED = 100_000
ROUNDS_SECONDS = 480.0


def axes(sizes: Sequence[int]) -> tuple[list[Point], list[Point]]:
    """What is measured: sizes over the fewest connections, connections at a middling size."""
    crowded = CROWDED if CROWDED in sizes else sizes[-1]
    return (
        [Point(users, CONNECTIONS[0]) for users in sizes],
        [Point(crowded, connections) for connections in CONNECTIONS],
    )


def measure(
    growth: Growth, places: Mapping[int, Environment], *, rounds: int, seconds: int
) -> list[Subject]:
    """Fill the results. Returns the rows that there are."""
    with _services(places) as services:
        sys.stderr.write("looking at the answers\n")
        asked = {users: subjects(one, users) for users, one in services.items()}
        begun = time.monotonic()
        for turn in range(rounds):
            took = (time.monotonic() - begun) / max(turn, 1)
            if turn and took * (turn + 1) > ROUNDS_SECONDS:
                sys.stderr.write("There is no time for another round.\n")
                break
            sys.stderr.write(f"round {turn + 1} of {rounds}\n")
            _take_turns(growth, services, asked, seconds)
    return asked[min(asked)]


def _take_turns(
    growth: Growth,
    services: Mapping[int, Running],
    asked: Mapping[int, list[Subject]],
    seconds: int,
) -> None:
    """Row by row, all sizes and crowds of a row one after the other."""
    points = dict.fromkeys(point for axis in axes(list(services)) for point in axis)
    _, generator = machine.split_cores()
    for number, row in enumerate(asked[min(asked)]):
        for point in points:
            one, operation = services[point.users], asked[point.users][number].operation
            length, sessions = seconds * row.patience, filling.open_sessions
            load = Load(length, generator, point.connections, sessions)
            one.settle()
            growth.add(row, point, burst(one, operation, load))


@contextmanager
def filled(sizes: Sequence[int], redis: str) -> Iterator[dict[int, Environment]]:
    """A place for each number of users, until the block ends."""
    server, service = databases.server(), CONTENDERS[0]
    with ExitStack() as stack:
        common = stack.enter_context(shared(redis))
        made = {users: stack.enter_context(databases.database(server)) for users in sizes}
        places: dict[int, Environment] = {
            users: {**common, **place, **service.variables} for users, place in made.items()
        }
        sys.stderr.write("filling\n")
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(filling.prepare, reversed(places.values()), reversed(places)))
        yield places


@contextmanager
def _services(places: Mapping[int, Environment]) -> Iterator[dict[int, Running]]:
    servers, _ = machine.split_cores()
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        yield {
            users: stack.enter_context(
                running(CONTENDERS[0], place, cores=servers, log=logs / f"{users}")
            )
            for users, place in places.items()
        }
