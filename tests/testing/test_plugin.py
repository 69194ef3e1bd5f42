"""What makes an adopter's test fail, shown by tests that fail."""

import pytest

from tests.testing import inner
from tests.testing.inner import Run

SOURCE = """
import pytest
from backend.core.errors import NotFound
from backend.users.models import User


def test_asks_no_database(client):
    assert client.get("health/live/").status == 200


def test_meets_a_status_that_is_not_declared(as_user, monkeypatch):
    def refuse(*_, **__):
        raise NotFound

    monkeypatch.setattr("backend.users.services.update_profile", refuse)
    as_user.patch("users/me/", {"first_name": "Ada"})


def test_meets_a_body_that_does_not_fit(as_user):
    User.objects.update(first_name="A" * 151)  # SQLite takes it
    as_user.get("users/me/")


def test_keeps_its_budget(as_user, query_budget):
    with query_budget(1):
        as_user.get("users/me/")


def test_exceeds_its_budget(query_budget):
    with query_budget(1):
        User.objects.count()
        User.objects.filter(is_staff=True).exists()


def test_races(race):
    race(User.objects.count, times=2)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The tests above, run."""
    return inner.run(tmp_path_factory.mktemp("inner"), SOURCE)


class TestPlugin:
    def test_brings_a_client_of_its_own(self, run: Run) -> None:
        assert run.outcomes["test_asks_no_database"] == "PASSED", run.output

    def test_fails_a_test_that_meets_an_undeclared_status(self, run: Run) -> None:
        assert run.outcomes["test_meets_a_status_that_is_not_declared"] == "FAILED"
        assert "users.me.update answered 404, which it does not declare" in run.output

    def test_fails_a_test_that_meets_a_body_of_another_shape(self, run: Run) -> None:
        assert run.outcomes["test_meets_a_body_that_does_not_fit"] == "FAILED"
        assert "users.me.get answered 200: " in run.output

    def test_lets_a_test_pass_that_keeps_its_budget(self, run: Run) -> None:
        assert run.outcomes["test_keeps_its_budget"] == "PASSED"

    def test_fails_a_test_that_exceeds_its_budget_with_the_queries(self, run: Run) -> None:
        assert run.outcomes["test_exceeds_its_budget"] == "FAILED"
        assert "2 queries, where the budget is at most 1" in run.output
        assert 'SELECT COUNT(*) AS "__count" FROM "users_user"' in run.output

    def test_skips_races_on_sqlite_and_says_why(self, run: Run) -> None:
        assert run.outcomes["test_races"] == "SKIPPED"
        assert "a race needs PostgreSQL" in run.output
