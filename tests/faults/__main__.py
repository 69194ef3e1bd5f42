"""`python -m tests.faults`, which is `./just faults`: every fault and attack, and their table."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence

SOAK_SECONDS = 600
FOLDERS = ("tests/faults", "tests/attacks")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="just faults",
        description="Run the faults and the attacks one after the other, and print what was "
        "measured for each. Exit 1 if one did not hold, or was not measured.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--times", type=int, default=1, metavar="N", help="so many runs, of which each must hold")
    add(
        "--soak",
        type=int,
        nargs="?",
        const=SOAK_SECONDS,
        default=0,
        metavar="SECONDS",
        help="also a mixed load of ten minutes, or of so many seconds",
    )
    add("-k", metavar="EXPR", help="only the tests that match, as pytest takes it")
    return parser.parse_args(arguments)


def command(options: argparse.Namespace) -> list[str]:
    """What pytest is called with; only a whole run has to have every row."""
    chosen = ["-k", options.k] if options.k else ["--all-rows"]
    soak = [f"--soak={options.soak}"] if options.soak else []
    # In their order: each begins when the one before has taken its load away.
    own = ["-p", "tests.figures", "-p", "no:randomly", "--slow-faults", *soak, *chosen]
    return [sys.executable, "-m", "pytest", "-q", *own, *FOLDERS]


def main(options: argparse.Namespace) -> int:
    """Run under the settings for tests; the worst status of all runs."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "project.settings.testing"}
    for name in ("DEBUG", "PYTHONDONTWRITEBYTECODE"):  # hundreds of processes start, compiled once
        environment.pop(name, None)
    worst = 0
    for number in range(1, options.times + 1):
        if options.times > 1:
            sys.stdout.write(f"run {number} of {options.times}\n")
            sys.stdout.flush()
        run = subprocess.run(command(options), env=environment, check=False)
        worst = max(worst, run.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main(parse(sys.argv[1:])))
