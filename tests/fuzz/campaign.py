"""All phases, by all callers, until enough requests have been sent."""

import sys
from collections.abc import Iterator
from itertools import count, product

from backend.testing import contract
from tests.fuzz import callers, runs
from tests.fuzz.tally import Tally, table
from tests.service import running

EXAMPLES = 20  # of one round, per operation or sequences


def fuzz(cases: int, seed: int) -> int:
    """Run, print what was found, and return the exit code: 1 if there is a failure."""
    tallies: dict[tuple[str, str], Tally] = {}
    for tally in _rounds(seed):
        known = tallies.setdefault((tally.phase, tally.caller), Tally(tally.phase, tally.caller))
        known += tally
        done = sum(tally.cases for tally in tallies.values())
        sys.stdout.write(f"{tally.phase}, {tally.caller}: {done} requests so far\n")
        sys.stdout.flush()
        if done >= cases and len(tallies) == len(callers.NAMES) * len(runs.PHASES):
            break
    complaints = "".join(tally.complaints() for tally in tallies.values())
    sys.stdout.write(f"{complaints}\n{table(tallies.values())}\n")
    return int(any(tally.failures for tally in tallies.values()))


def _rounds(seed: int) -> Iterator[Tally]:
    """What the document gives once, then rounds of the rest, each with a seed of its own."""
    with running(LOG_LEVEL="ERROR") as service:
        people = [callers.caller(name, service) for name in callers.NAMES]
        for number in count():
            for phase, caller in product(runs.PHASES if number == 0 else runs.ENDLESS, people):
                yield runs.run(
                    contract.document(),
                    service.url,
                    phase,
                    caller,
                    examples=EXAMPLES,
                    seed=seed + number,
                )
