"""A pytest plugin: the table of faults and attacks, each row with the figure that was measured.

Tests say what they measured with the fixture `held`; those that take long are marked `slow_fault`,
and the one that takes very long `soak`.
`./just faults` loads the whole module, which then gathers what was said, out of xdist's workers
too, and prints the table. A conftest that imports what `__all__` names has the fixture and the
mark, and no table.
"""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field

import pytest

__all__ = ["Held", "held", "pytest_collection_modifyitems", "pytest_configure"]

# Every row there must be, in the order of the table. `held` takes no other.
FAULTS = (
    "PostgreSQL stopped for 10 s",
    "All backends terminated",
    "max_connections used up",
    "A lock held on users",
    "Redis killed",
    "Redis paused",
    "CLIENT PAUSE",
    "Redis out of memory",
    "Redis flushed",
    "Web worker killed",
    "SIGTERM with 50 requests in flight",
    "Rolling restart at 100 requests/s",
    "Task worker killed five times",
    "Broker away",
    "Broker flushed",
    "100 logins at once in 1 GiB",
    "Disk full for logs",
    "Mail server away",
    "Clock stepped by an hour",
)
ATTACKS = (
    "200 slow clients",
    "Request smuggling",
    "Duplicate headers",
    "Absolute-form targets",
    "10,000 headers",
    "Gzip bombs",
    "Forged Host and X-Forwarded-*",
    "40 forged tokens",
    "30 planted secrets",
)
SOAK = "Soak of 10 minutes"
ROWS = (*FAULTS, *ATTACKS, SOAK)

HELD, FAILED, MISSING = "held", "FAILED", "MISSING"
_PROPERTY = "held"
_OPTIONS = {"slow_fault": "--slow-faults", "soak": "--soak"}

type Held = Callable[[str, str], None]


@pytest.fixture
def held(request: pytest.FixtureRequest) -> Held:
    """Say what was measured for a row, once all that must hold has been asserted."""

    def record(row: str, figure: str) -> None:
        assert row in ROWS, f"{row!r} stands in no list of tests/figures.py"
        # Travels with the report, out of xdist's workers too.
        request.node.user_properties.append((_PROPERTY, f"{row}\t{figure}"))

    return record


@dataclass
class Table:
    """What was measured, and which tests failed: a row may be held by several."""

    figures: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    def take(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failures.append(report.nodeid)
        if report.when != "call":
            return
        for name, said in report.user_properties:
            if name == _PROPERTY and isinstance(said, str):
                row, _, figure = said.partition("\t")
                state = HELD if report.passed else FAILED
                self.figures.setdefault(row, []).append((figure, state))

    def lines(self, expected: Iterable[str]) -> list[tuple[str, str, str]]:
        """Row, figure and state of all that was expected or came; several lines of a row follow."""
        wanted = {*expected}
        found: list[tuple[str, str, str]] = []
        for row in ROWS:
            for number, (figure, state) in enumerate(self.figures.get(row, [])):
                found.append(("" if number else row, figure, state))
            if row in wanted and row not in self.figures:
                found.append((row, "", MISSING))
        return found + [("", test, FAILED) for test in self.failures]


_table = Table()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `./just faults` asks for."""
    group = parser.getgroup("faults")
    group.addoption("--slow-faults", action="store_true", help="also what takes long")
    group.addoption("--soak", type=int, default=0, metavar="SECONDS", help="so long a soak, too")
    group.addoption("--all-rows", action="store_true", help="fail if a row is missing")


def pytest_configure(config: pytest.Config) -> None:
    """Name the marks."""
    for name, option in _OPTIONS.items():
        config.addinivalue_line("markers", f"{name}: is left out without {option}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless it was asked for."""
    unwanted = [
        name for name, option in _OPTIONS.items() if not config.getoption(option, default=False)
    ]
    left_out = [item for item in items if any(map(item.get_closest_marker, unwanted))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take what a test said."""
    _table.take(report)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """A row that is missing is a failure."""
    missing = any(state != HELD for _, _, state in _table.lines(_expected(session.config)))
    if missing and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    return (yield)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the table."""
    lines = _table.lines(_expected(config))
    if lines:
        terminalreporter.section("faults and attacks")
    width = max((len(row) for row, _, _ in lines), default=0)
    for row, figure, state in lines:
        terminalreporter.write_line(f"{row:<{width}} | {state:<7} | {figure}")


def _expected(config: pytest.Config) -> tuple[str, ...]:
    if not config.getoption("--all-rows"):
        return ()
    return ROWS if config.getoption("--soak") else (*FAULTS, *ATTACKS)
