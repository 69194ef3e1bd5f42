"""How many queries something may cost.

Savepoints count, too: outside of tests they are the beginning and the end of a transaction.
"""

from types import TracebackType
from typing import Protocol, Self

from django.db import connection
from django.test.utils import CaptureQueriesContext


class QueryBudget(Protocol):
    """The type of the fixture ``query_budget``."""

    def __call__(self, at_most: int | None = None, *, exactly: int | None = None) -> "Budget":
        """Bound what a block costs: at most so many queries, or exactly so many."""


class Budget:
    """Bounds the queries of a block; a block that costs more fails with the list of them.

    What fails inside the block fails for its own reason.
    """

    def __init__(self, at_most: int | None = None, *, exactly: int | None = None) -> None:
        if (at_most is None) is (exactly is None):
            raise TypeError("a budget is a number of queries, at most or exactly")
        self._at_most, self._exactly = at_most, exactly
        self._captured = CaptureQueriesContext(connection)

    @property
    def sql(self) -> list[str]:
        """The statements, in their order."""
        return [query["sql"] for query in self._captured.captured_queries]

    def __enter__(self) -> Self:
        """Begin to count."""
        self._captured.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Compare.

        Raises:
            AssertionError: the block cost something else.
        """
        self._captured.__exit__(kind, error, traceback)
        if kind is None and not self._is_kept():
            raise AssertionError(self._reckoning())

    def _is_kept(self) -> bool:
        if self._exactly is not None:
            return len(self._captured) == self._exactly
        return self._at_most is not None and len(self._captured) <= self._at_most

    def _reckoning(self) -> str:
        bound = f"at most {self._at_most}" if self._exactly is None else f"exactly {self._exactly}"
        lines = [f"  {number}. {sql}" for number, sql in enumerate(self.sql, start=1)]
        return "\n".join([f"{len(lines)} queries, where the budget is {bound}", *lines])
