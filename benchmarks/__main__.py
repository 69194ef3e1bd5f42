"""``./just bench``: this service and its peers, side by side; or the service alone, as it grows."""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import databases, machine, options, packages, places, report
from benchmarks.contenders import CONTENDERS
from benchmarks.growth import results as growth
from benchmarks.growth import run as growing
from benchmarks.operations import OPERATIONS
from benchmarks.report import Results
from benchmarks.rounds import Run

# Connections to PostgreSQL of each of those who run side by side: with eight of wrk's, with many.
USUALLY, AT_MOST = 11, 18


def main() -> int:
    """Measure what was asked for; 1 when anything went wrong."""
    chosen = options.parse(__doc__)
    machine.require_tools()
    packages.set_up_service()
    errors = _compare(chosen) if chosen.growth is None else _grow(chosen)
    if errors:
        sys.stderr.write(f"{errors} requests went wrong: these figures are worth nothing.\n")
    return int(errors > 0)


def _compare(chosen: argparse.Namespace) -> int:
    contenders = [one for one in CONTENDERS if one.name in chosen.peers]
    operations = [one for one in OPERATIONS if one.name in chosen.operations]
    machine.require_connections(databases.server(), USUALLY * len(contenders))
    packages.set_up_peers()
    results = Results(machine.describe(databases.server(), chosen.redis) | packages.versions())
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        places.filled(contenders, chosen.redis) as filled,
    ):
        logs, rounds, seconds = Path(folder), chosen.rounds, chosen.seconds
        Run(contenders, operations, filled, logs, rounds, seconds, results).measure()
    report.show(results, contenders, operations)
    if chosen.json:
        report.save(results, chosen.json)
    return results.errors


def _grow(chosen: argparse.Namespace) -> int:
    machine.require_connections(databases.server(), AT_MOST * len(chosen.growth))
    found = growth.Growth(machine.describe(databases.server(), chosen.redis))
    with growing.filled(chosen.growth, chosen.redis) as filled:
        rows = growing.measure(found, filled, rounds=chosen.rounds, seconds=chosen.seconds)
    growth.show(found, rows, *growing.axes(chosen.growth))
    if chosen.json:
        growth.save(found, chosen.json)
    return found.errors


if __name__ == "__main__":
    sys.exit(main())
