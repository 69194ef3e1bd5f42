"""``./just bench``: this service and its peers, side by side, in interleaved rounds."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import databases, machine, report
from benchmarks.contenders import CONTENDERS, Contender, Environment
from benchmarks.operations import OPERATIONS
from benchmarks.report import Results
from benchmarks.rounds import Run

QUICK = ["me", "list", "refresh", "register"]


def main() -> int:
    """Measure what was asked for; 1 when anything went wrong."""
    options = _options()
    contenders = [one for one in CONTENDERS if one.name in options.peers]
    operations = [one for one in OPERATIONS if one.name in options.operations]
    machine.require_tools()
    machine.set_up_peers()
    results = Results(machine.describe(databases.server(), options.redis) | machine.versions())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        _places(contenders, options.redis) as places,
    ):
        run = Run(
            contenders, operations, places, Path(folder), options.rounds, options.seconds, results
        )
        run.measure()
    report.show(results, contenders, operations)
    if options.json:
        report.save(results, options.json)
    if results.errors:
        sys.stderr.write(
            f"{results.errors} requests went wrong: these figures are worth nothing.\n"
        )
    return int(results.errors > 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="just bench", description=__doc__)
    names = [contender.name for contender in CONTENDERS]
    parser.add_argument(
        "--quick", action="store_true", help="under 90 seconds: two short rounds of four operations"
    )
    parser.add_argument("--rounds", type=int, help="interleaved rounds (5; quick: 2)")
    parser.add_argument("--seconds", type=int, help="of each burst (2; quick: 1)")
    parser.add_argument(
        "--peers", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names)
    )
    parser.add_argument(
        "--operations",
        nargs="+",
        choices=[one.name for one in OPERATIONS],
        metavar="NAME",
        help=", ".join(one.name for one in OPERATIONS),
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every round there")
    parser.add_argument(
        "--redis",
        default=os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/14"),
        metavar="URL",
        help="the database for limits and caches (REDIS_URL)",
    )
    options = parser.parse_args()
    options.rounds = options.rounds or (2 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else 2)
    everything = QUICK if options.quick else [one.name for one in OPERATIONS]
    options.operations = options.operations or everything
    return options


@contextmanager
def _places(contenders: list[Contender], redis: str) -> Iterator[dict[str, Environment]]:
    """The environment of each contender, its database filled, until the block ends."""
    first = {contender.schema: contender for contender in reversed(contenders)}
    with ExitStack() as stack:
        prefix = stack.enter_context(databases.key_prefix(redis))
        common = {
            "PATH": os.environ["PATH"],
            "REDIS_URL": redis,
            "TASKS_REDIS_URL": redis,  # nobody runs tasks
            "TEST_KEY_PREFIX": prefix,
            "JWT_KEY": prefix + "0123456789abcdef" * 2,
        }
        server = databases.server()
        schemas = {name: stack.enter_context(databases.database(server)) for name in first}
        places: dict[str, Environment] = {
            one.name: {**common, **schemas[one.schema], **one.variables} for one in contenders
        }
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda one: one.prepare(places[one.name]), first.values()))
        yield places


if __name__ == "__main__":
    sys.exit(main())
