"""The table of `./just faults` claims nothing that no test has said."""

from typing import Literal

import pytest

from tests.faults.__main__ import command, parse
from tests.figures import ATTACKS, FAILED, FAULTS, HELD, MISSING, Held, Table

ROW, OTHER = FAULTS[:2]


def report(outcome: Literal["passed", "failed"], *said: str) -> pytest.TestReport:
    properties = [("held", line) for line in said]
    return pytest.TestReport(
        "test_it", ("f", 1, ""), {}, outcome, None, "call", user_properties=properties
    )


class TestTable:
    def test_tells_what_was_measured_in_the_order_of_the_rows(self) -> None:
        table = Table()
        table.take(report("passed", f"{OTHER}\t2 s"))
        table.take(report("passed", f"{ROW}\t1 s", f"{ROW}\t3 s"))
        assert table.lines([ROW, OTHER]) == [
            (ROW, "1 s", HELD),
            ("", "3 s", HELD),
            (OTHER, "2 s", HELD),
        ]

    def test_tells_what_is_missing(self) -> None:
        assert Table().lines([ROW]) == [(ROW, "", MISSING)]

    def test_tells_what_failed(self) -> None:
        table = Table()
        table.take(report("failed"))
        table.take(report("failed", f"{OTHER}\t9 s"))
        assert table.lines([ROW]) == [
            (ROW, "", MISSING),
            (OTHER, "9 s", FAILED),
            ("", "test_it", FAILED),
            ("", "test_it", FAILED),
        ]


class TestHeld:
    def test_refuses_a_row_that_nobody_asked_for(self, held: Held) -> None:
        with pytest.raises(AssertionError, match="'Redis moved'"):
            held("Redis moved", "0 s")


class TestCommand:
    def test_wants_every_row(self) -> None:
        words = command(parse([]))
        assert {"--slow-faults", "--all-rows", "tests/faults", "tests/attacks"} <= {*words}
        assert not any("soak" in word for word in words)

    def test_may_be_a_part(self) -> None:
        words = command(parse(["-k", "redis"]))
        assert "--all-rows" not in words
        assert words[words.index("-k") + 1] == "redis"

    def test_soaks_for_ten_minutes_or_as_long_as_it_is_told(self) -> None:
        assert "--soak=600" in command(parse(["--soak"]))
        assert "--soak=60" in command(parse(["--soak", "60"]))

    def test_has_every_row_once(self) -> None:
        rows = [*FAULTS, *ATTACKS]
        assert len({*rows}) == len(rows) == 28
