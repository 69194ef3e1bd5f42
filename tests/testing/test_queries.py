"""Budgets of queries."""

import pytest

from backend.testing.queries import QueryBudget
from backend.users.models import User


def ask(times: int) -> None:
    for _ in range(times):
        User.objects.count()


class TestQueryBudget:
    @pytest.mark.parametrize("times", [0, 1, 2])
    def test_is_at_most(self, query_budget: QueryBudget, times: int) -> None:
        with query_budget(2):
            ask(times)

    def test_lists_the_queries_of_who_exceeds_it(self, query_budget: QueryBudget) -> None:
        with pytest.raises(AssertionError) as failure, query_budget(2):
            ask(3)
        first, *queries = str(failure.value).splitlines()
        assert first == "3 queries, where the budget is at most 2"
        assert [line.partition(" AS ")[0] for line in queries] == [
            f"  {number}. SELECT COUNT(*)" for number in (1, 2, 3)
        ]

    def test_can_be_exact(self, query_budget: QueryBudget) -> None:
        with query_budget(exactly=2):
            ask(2)

    @pytest.mark.parametrize("times", [1, 3])
    def test_that_is_exact_takes_neither_more_nor_fewer(
        self, query_budget: QueryBudget, times: int
    ) -> None:
        message = f"{times} queries, where the budget is exactly 2"
        with pytest.raises(AssertionError, match=message), query_budget(exactly=2):
            ask(times)

    def test_tells_the_statements(self, query_budget: QueryBudget) -> None:
        with query_budget(1) as budget:
            ask(1)
        ask(1)
        (statement,) = budget.sql
        assert statement.startswith("SELECT COUNT(*)")

    def test_leaves_other_failures_alone(self, query_budget: QueryBudget) -> None:
        def fail() -> None:
            ask(1)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError), query_budget(0):
            fail()

    @pytest.mark.parametrize("bounds", [{}, {"at_most": 1, "exactly": 1}])
    def test_is_one_number(self, query_budget: QueryBudget, bounds: dict[str, int]) -> None:
        with pytest.raises(TypeError, match="at most or exactly"):
            query_budget(**bounds)
