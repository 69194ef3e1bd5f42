"""Races, and the threads behind them."""

from threading import Barrier, current_thread

import pytest
from django.db import IntegrityError, connection

from backend.testing import races
from backend.testing.callers import Caller, make_user
from backend.testing.races import Race, elsewhere, outcomes
from backend.users.models import User

CROWD = 20


def backend_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
        return int(pid)


@pytest.mark.postgresql
class TestRace:
    def test_has_all_runs_under_way_at_once(self, race: Race) -> None:
        together = Barrier(CROWD)  # breaks unless so many wait at it
        runs = race(lambda: together.wait(10), times=CROWD)
        assert sorted(runs.results) == [*range(CROWD)]

    def test_begins_when_the_last_has_come(
        self, race: Race, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        came: list[str] = []
        monkeypatch.setattr(races, "_connect", lambda: came.append(current_thread().name))
        assert race(lambda: len({*came}), times=CROWD) == [CROWD] * CROWD

    def test_gives_each_a_connection_of_its_own(self, race: Race) -> None:
        ours = backend_pid()
        runs = race(backend_pid, times=CROWD)
        assert len({ours, *runs.results}) == CROWD + 1

    def test_leaves_the_pool_as_it_was(self, race: Race) -> None:
        pool = connection.pool  # type: ignore[attr-defined]  # PostgreSQL's
        before = (pool.min_size, pool.max_size)
        race(backend_pid, times=pool.max_size + 5)
        assert (pool.min_size, pool.max_size) == before

    def test_sees_what_the_test_has_written(self, race: Race) -> None:
        user = make_user()
        assert race(User.objects.get, times=2) == [user, user]

    def test_keeps_results_and_errors_in_order(self, race: Race) -> None:
        runs = race(lambda: 1, lambda: 1 // 0, lambda: 3, times=2)
        assert [*map(type, runs)] == [int, int, ZeroDivisionError, ZeroDivisionError, int, int]
        assert runs.results == [1, 1, 3, 3]
        assert [*map(type, runs.errors)] == [ZeroDivisionError] * 2

    def test_has_one_winner_where_the_database_decides(self, race: Race) -> None:
        runs = race(lambda: make_user(email="ada@example.com"), times=CROWD)
        assert runs.results == [User.objects.get()]
        assert {*map(type, runs.errors)} == {IntegrityError}

    def test_takes_one_caller_for_all(self, race: Race, as_user: Caller) -> None:
        runs = race(lambda: as_user.post("auth/logout/"), times=5)
        assert runs.errors == []
        assert "204" in outcomes(runs.results)
        assert {*outcomes(runs.results)} <= {"204", "401 session_revoked"}

    def test_fails_with_an_assertion_of_a_run(self, race: Race) -> None:
        def fail() -> None:
            raise AssertionError("of a run")

        with pytest.raises(AssertionError, match="of a run"):
            race(fail, lambda: None)

    def test_wants_two(self, race: Race) -> None:
        with pytest.raises(ValueError, match="a race needs two"):
            race(lambda: None)


class TestElsewhere:
    def test_is_another_thread(self) -> None:
        assert elsewhere(current_thread) is not current_thread()

    def test_raises_what_is_raised_there(self) -> None:
        with pytest.raises(ZeroDivisionError):
            elsewhere(lambda: 1 // 0)
