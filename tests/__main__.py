"""`python -m tests`, which is `./just test`: translates its options and becomes pytest."""

import argparse
import os
import sys
from collections.abc import Sequence

TYPES = ("unit", "integration", "e2e", "acceptance")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options; what follows `--` is pytest's and stays as it is."""
    parser = argparse.ArgumentParser(
        prog="just test",
        usage="%(prog)s [options] [path ...] [-- pytest options]",
        description="Run the tests: all of them without options, on PostgreSQL and Redis where "
        "they can be found, embedded otherwise.",
        epilog="TEST_SERVICES=embedded in the environment asks for the embedded run.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("paths", nargs="*", metavar="path", help="files or folders, as pytest takes them")
    add("-c", "--coverage", action="store_true", help="report coverage (terminal, HTML, XML)")
    add("-p", "--parallel", action="store_true", help="one process per core")
    add("-v", action="count", dest="verbose", default=0, help="name every test; -vv tells more")
    add("-f", "--fail-fast", action="store_true", help="stop at the first failure")
    add("-k", "--keep-db", action="store_true", help="keep the test database for the next run")
    add("-m", "--marker", metavar="M", help="only tests with this mark, or expression of marks")
    add("-t", "--type", choices=(*TYPES, "all"), default="all", help="only tests of this type")
    own, pytest_options = _split(arguments)
    # Intermixed, so that a path may stand between options.
    return parser.parse_intermixed_args(own, argparse.Namespace(pytest_options=pytest_options))


def pytest_command(options: argparse.Namespace) -> list[str]:
    """What pytest is called with."""
    chosen_type = None if options.type == "all" else options.type
    marks = [f"({mark})" for mark in (options.marker, chosen_type) if mark]
    command = ["-v"] * options.verbose
    if options.coverage:
        command += ["--cov", "--cov-report=term-missing", "--cov-report=html", "--cov-report=xml"]
        if marks or options.paths or options.pytest_options:
            # A part of the tests covers a part of the code: the threshold is for all of them.
            command.append("--cov-fail-under=0")
    if options.parallel:
        # Stealing keeps the tests of a module together, which share their servers.
        command += ["--numprocesses=auto", "--dist=worksteal"]
    if options.fail_fast:
        command.append("--exitfirst")
    if options.keep_db:
        command.append("--reuse-db")
    if marks:
        command += ["-m", " and ".join(marks)]
    return [*command, *options.pytest_options, *options.paths]


def main() -> None:
    """Become pytest, under the settings for tests whatever the caller's environment picks."""
    command = pytest_command(parse(sys.argv[1:]))
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings.testing"
    os.environ.pop("DEBUG", None)
    # Python starts hundreds of times here, and would compile everything each time.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *command])


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return [*arguments], []
    end = arguments.index("--")
    return [*arguments[:end]], [*arguments[end + 1 :]]


if __name__ == "__main__":
    main()
