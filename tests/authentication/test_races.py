"""Many callers at the same moment, over the wire, against real workers."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from backend.authentication import sessions
from backend.authentication.models import Session
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import Answer
from backend.testing.races import outcomes
from tests.authentication.crowds import (
    changing_password,
    crowd,
    logging_in,
    posting,
    refreshing,
    registering,
)
from tests.authentication.forms import NEW
from tests.service import Service


def device(account: Account) -> Account:
    """The same person on one more device."""
    another = Account(account.client, account.email, account.password)
    assert another.log_in().status == 200
    return another


class TestRacingRefreshes:
    def test_have_one_winner_whose_successor_works(self, service: Service) -> None:
        account = accounts.signed_in(service.client())
        with crowd(service, 50) as at_once:
            for _ in range(20):
                answers = at_once([refreshing(account.refresh)] * 50)
                assert outcomes(answers) == ["200", *["401 refresh_token_rotated"] * 49]
                (winner,) = (answer for answer in answers if answer.status == 200)
                account.access, account.refresh = winner.json["access"], winner.json["refresh"]
        assert account.me().status == 200
        assert account.spend().status == 200

    def test_with_one_key_all_win_the_same(self, service: Service) -> None:
        account = accounts.signed_in(service.client())
        with crowd(service, 20) as at_once:
            for number in range(5):
                key = {"Idempotency-Key": f"lost-{number}"}
                answers = at_once([refreshing(account.refresh, **key)] * 20)
                assert outcomes(answers) == ["200"] * 20
                assert len({answer.json["refresh"] for answer in answers}) == 1
                first = [a for a in answers if "idempotent-replayed" not in a.headers]
                assert len(first) == 1
                for answer in answers[:3]:
                    assert account.me(answer.json["access"]).status == 200
                account.refresh = answers[0].json["refresh"]
        assert account.spend().status == 200

    def test_with_their_own_keys_have_one_winner(self, service: Service) -> None:
        account = accounts.signed_in(service.client())
        with crowd(service, 20) as at_once:
            calls = [
                refreshing(account.refresh, **{"Idempotency-Key": f"own-{n}"}) for n in range(20)
            ]
            answers = at_once(calls)
        assert outcomes(answers) == ["200", *["401 refresh_token_rotated"] * 19]

    def test_by_a_thief_and_its_owner_end_the_session(self, service: Service) -> None:
        account = accounts.signed_in(service.client())
        with crowd(service, 20) as at_once:
            calls = [
                refreshing(account.refresh, **{"User-Agent": agent})
                for agent in ("owner", "thief")
                for _ in range(10)
            ]
            answers = at_once(calls)
        seen = outcomes(answers)
        assert seen.count("200") == 1
        assert "401 refresh_token_reused" in seen
        assert {*seen} <= {
            "200",
            "401 refresh_token_reused",
            "401 refresh_token_rotated",
            "401 session_revoked",
        }
        (winner,) = (answer for answer in answers if answer.status == 200)
        assert account.me(winner.json["access"]).code == "session_revoked"
        assert account.spend(winner.json["refresh"]).code == "session_revoked"

    def test_never_outlive_the_end_of_all_sessions(self, service: Service) -> None:
        account = accounts.signed_in(service.client())
        with crowd(service, 11) as at_once:
            for _ in range(6):
                assert account.log_in().status == 200
                devices = [device(account) for _ in range(5)]
                answers = at_once(
                    [
                        *(refreshing(each.refresh) for each in devices for _ in range(2)),
                        posting("auth/logout/all/", token=account.access),
                    ]
                )
                assert answers.pop().status == 204
                assert {*outcomes(answers)} <= {
                    "200",
                    "401 refresh_token_rotated",
                    "401 session_revoked",
                }
                won = [answer.json for answer in answers if answer.status == 200]
                for pair in won:
                    assert account.me(pair["access"]).code == "session_revoked"
                    assert account.spend(pair["refresh"]).code == "session_revoked"
                for each in devices:
                    assert each.me().code == "session_revoked"

    def test_never_outlive_the_logout_of_their_session(self, service: Service) -> None:
        account = accounts.signed_in(service.client())
        with crowd(service, 5) as at_once:
            for _ in range(6):
                assert account.log_in().status == 200
                body = {"refresh": account.refresh}
                *answers, ended = at_once(
                    [
                        *[refreshing(account.refresh)] * 4,
                        posting("auth/logout/", body),
                    ]
                )
                assert ended.status == 204
                for answer in answers:
                    if answer.status == 200:
                        assert account.me(answer.json["access"]).code == "session_revoked"
                        assert account.spend(answer.json["refresh"]).code == "session_revoked"
                assert account.me().code == "session_revoked"


class TestRacingRegistrations:
    def test_of_one_address_have_one_winner(self, service: Service) -> None:
        spellings = ["Racer@bücher.example", "racer@XN--BCHER-KVA.example", "RACER@Bücher.EXAMPLE"]
        with crowd(service, 30) as at_once:
            answers = at_once([registering(spellings[number % 3]) for number in range(30)])
        assert outcomes(answers) == ["201", *["400 validation_error"] * 29]
        losers = [answer for answer in answers if answer.status == 400]
        assert all([*answer.errors] == ["email"] for answer in losers)
        assert Account(service.client(), spellings[0]).log_in().status == 200

    def test_of_many_addresses_all_win(self, service: Service) -> None:
        with crowd(service, 20) as at_once:
            answers = at_once([registering(f"crowd{number}@example.com") for number in range(20)])
        assert outcomes(answers) == ["201"] * 20
        assert len({answer.json["id"] for answer in answers}) == 20


class TestRacingPasswordChanges:
    def test_have_one_winner_who_alone_stays(self, service: Service) -> None:
        with crowd(service, 2) as at_once:
            for _ in range(6):
                first = accounts.signed_in(service.client())
                second = device(first)
                news = [NEW, "a third horse battery 9"]
                answers = at_once(
                    [changing_password(first, news[0]), changing_password(second, news[1])]
                )
                assert sorted(answer.status for answer in answers) in ([204, 400], [204, 401])
                won = [answer.status == 204 for answer in answers]
                for each, new, has_won in zip((first, second), news, won, strict=True):
                    assert (each.me().status == 200) is has_won
                    login = Account(first.client, first.email, new).log_in()
                    assert (login.status == 200) is has_won

    def test_on_one_device_have_one_winner(self, service: Service) -> None:
        with crowd(service, 2) as at_once:
            for _ in range(4):
                account = accounts.signed_in(service.client())
                news = [NEW, "a third horse battery 9"]
                answers = at_once([changing_password(account, new) for new in news])
                # The loser's session is the winner's, and lives: what is wrong is the password.
                assert outcomes(answers) == ["204", "400 validation_error"]
                assert account.me().status == 200
                for new, answer in zip(news, answers, strict=True):
                    login = Account(account.client, account.email, new).log_in()
                    assert (login.status == 200) is (answer.status == 204)

    def test_leave_no_login_with_the_old_password(self, service: Service) -> None:
        with crowd(service, 9) as at_once:
            for _ in range(4):
                account = accounts.signed_in(service.client())
                *logins, changed = at_once(
                    [
                        *[logging_in(account)] * 8,
                        changing_password(account, NEW),
                    ]
                )
                assert changed.status == 204
                assert {*outcomes(logins)} <= {"200", "401 invalid_credentials"}
                for login in logins:
                    if login.status == 200:
                        assert account.me(login.json["access"]).code == "session_revoked"
                assert account.me().status == 200


class TestRacingLogins:
    def test_all_get_a_session_of_their_own(self, service: Service) -> None:
        account = accounts.register(service.client())
        with crowd(service, 16) as at_once:
            answers = at_once([logging_in(account)] * 16)
        assert outcomes(answers) == ["200"] * 16
        assert len({answer.json["refresh"] for answer in answers}) == 16
        token = answers[0].json["access"]
        page = account.client.get("auth/sessions/?page_size=100", token=token)
        assert len(page.json["results"]) == 16


class TestRefreshRacingAPasswordChange:
    def test_on_the_same_device_keeps_it_signed_in(self, service: Service) -> None:
        with crowd(service, 5) as at_once:
            for _ in range(5):
                account = accounts.signed_in(service.client())
                *answers, changed = at_once(
                    [*[refreshing(account.refresh)] * 4, changing_password(account, NEW)]
                )
                assert changed.status == 204
                assert outcomes(answers) == ["200", *["401 refresh_token_rotated"] * 3]
                assert account.me().status == 200

    @pytest.mark.postgresql
    @pytest.mark.django_db(transaction=True)
    def test_waits_for_its_commit_and_wins(self, account: Account) -> None:
        session = Session.objects.select_related("user").get()

        def spend() -> Answer:
            try:
                return account.spend()
            finally:
                connection.close()  # this thread's own

        with ThreadPoolExecutor(1) as thread:
            with transaction.atomic():
                session.user.set_password(NEW)
                session.user.save(update_fields=["password"])
                sessions.keep_only(session, user=session.user)
                answer = thread.submit(spend)
                wait_until_somebody_waits()
            assert answer.result(10).status == 200
        assert account.me().status == 200


def wait_until_somebody_waits() -> None:
    """Wait until another transaction waits for the end of ours."""
    waiting = (
        "SELECT count(*) FROM pg_locks "
        "WHERE NOT granted AND transactionid = pg_current_xact_id()::xid"
    )
    for _ in range(500):
        with connection.cursor() as cursor:
            cursor.execute(waiting)
            if cursor.fetchone()[0]:
                return
        time.sleep(0.01)
    pytest.fail("nobody waits")
