"""When the Python client exchanges its tokens, and what it makes of the outcome."""

import httpx
import pytest
from backend_client import ConnectionFailed, LoginRequired, Retry, errors

from tests.clients.wire import (
    Clock,
    Wire,
    client,
    logged_in,
    pair,
    refusal,
    tokens_of,
    user,
)

EXPIRED = refusal(401, "token_expired")
DROPPED = httpx.ReadError("reset")


class TestRefresh:
    def test_comes_before_the_call_when_the_time_is_known_to_be_over(self) -> None:
        wire, tokens = Wire(pair(2), user()), logged_in(seconds=0)
        client(wire, tokens=tokens).users.me.get()
        assert wire.paths == ["auth/refresh/", "users/me/"]
        assert wire.sent("Authorization") == [None, "Bearer access-2"]

    def test_comes_after_the_service_has_said_so(self) -> None:
        wire, tokens = Wire(EXPIRED, pair(2), user()), logged_in()
        client(wire, tokens=tokens).users.me.get()
        assert wire.paths == ["users/me/", "auth/refresh/", "users/me/"]

    def test_keeps_the_key_of_the_call_that_it_interrupts(self) -> None:
        wire = Wire(EXPIRED, pair(2), user())
        client(wire, tokens=logged_in()).users.me.update(first_name="Ada")
        before, refresh, after = wire.sent("Idempotency-Key")
        assert before == after != refresh

    def test_happens_once_per_call(self) -> None:
        with pytest.raises(errors.TokenExpired):
            client(Wire(EXPIRED, pair(2), EXPIRED), tokens=logged_in()).users.me.get()

    @pytest.mark.parametrize("code", ["session_revoked", "token_invalid", "not_authenticated"])
    def test_does_not_come_after_another_401(self, code: str) -> None:
        with pytest.raises(LoginRequired) as caught:
            client(Wire(refusal(401, code)), tokens=logged_in()).users.me.get()
        assert caught.value.code == code

    def test_can_be_asked_for(self) -> None:
        wire, tokens = Wire(pair(2)), logged_in()
        client(wire, tokens=tokens).auth.refresh()
        kept = tokens.load()
        assert kept is not None
        assert (kept.access, kept.expires_at) == ("access-2", Clock().now + 900)

    def test_wants_a_login(self) -> None:
        with pytest.raises(errors.NotAuthenticated):
            client(Wire()).auth.refresh()

    def test_that_lost_its_answer_is_repeated_with_its_key(self) -> None:
        wire = Wire(DROPPED, pair(2))
        client(wire, tokens=logged_in()).auth.refresh()
        assert wire.bodies() == [{"refresh": "refresh-1"}] * 2
        assert wire.sent("Idempotency-Key") == ["key-1", "key-1"]

    def test_that_lost_every_answer_is_repeated_with_its_key_by_the_next_process(self) -> None:
        tokens, first, second = logged_in(), Wire(DROPPED), Wire(pair(2), pair(3))
        with pytest.raises(ConnectionFailed):
            client(first, tokens=tokens, retry=Retry(attempts=1)).auth.refresh()
        api = client(second, tokens=tokens)
        api.auth.refresh()
        api.auth.refresh()
        first_key, next_key = second.sent("Idempotency-Key")
        assert first.sent("Idempotency-Key") == [first_key]
        assert next_key not in {None, first_key}

    def test_gives_processes_that_share_a_store_the_same_next_key(self) -> None:
        one, other = logged_in(), logged_in()
        client(Wire(pair(2)), tokens=one).auth.refresh()
        client(Wire(pair(2)), tokens=other).auth.refresh()
        assert one.load() == other.load()

    def test_does_not_bring_back_a_session_that_was_left_meanwhile(self) -> None:
        tokens = logged_in()

        def leave(_: httpx.Request) -> httpx.Response:
            tokens.clear()
            return pair(2)

        client(Wire(leave), tokens=tokens).auth.refresh()
        assert tokens.load() is None


class TestAnotherProcess:
    """One that shares the store, and was faster."""

    def test_spares_the_exchange(self) -> None:
        tokens = logged_in()

        def overtaken(_: httpx.Request) -> httpx.Response:
            tokens.save(tokens_of(2))
            return EXPIRED

        wire = Wire(overtaken, user())
        client(wire, tokens=tokens).users.me.get()
        assert wire.sent("Authorization") == ["Bearer access-1", "Bearer access-2"]

    def test_has_its_pair_taken_over(self) -> None:
        clock, tokens = Clock(), logged_in(seconds=0)
        wire = Wire(refusal(401, "refresh_token_rotated"), user())

        def sleep(seconds: float) -> None:
            clock.sleep(seconds)
            tokens.save(tokens_of(2))

        api = client(wire, clock, tokens=tokens, sleep=sleep)
        api.users.me.get()
        assert wire.sent("Authorization") == [None, "Bearer access-2"]
        assert len(clock.pauses) == 1

    def test_that_does_not_share_the_store_is_told_of(self) -> None:
        tokens = logged_in()
        with pytest.raises(errors.RefreshTokenRotated):
            client(Wire(refusal(401, "refresh_token_rotated")), tokens=tokens).auth.refresh()
        assert tokens.load() is not None, "the session lives"


class TestEndedSession:
    def test_is_one_clear_error_and_no_tokens(self) -> None:
        wire, tokens = Wire(refusal(401, "session_revoked")), logged_in()
        with pytest.raises(errors.SessionRevoked):
            client(wire, tokens=tokens).users.me.get()
        assert tokens.load() is None

    @pytest.mark.parametrize(
        "code", ["session_revoked", "refresh_token_reused", "token_expired", "token_invalid"]
    )
    def test_is_the_same_when_the_refresh_says_so(self, code: str) -> None:
        wire, tokens = Wire(EXPIRED, refusal(401, code)), logged_in()
        with pytest.raises(LoginRequired) as caught:
            client(wire, tokens=tokens).users.me.get()
        assert (caught.value.code, tokens.load()) == (code, None)

    def test_leaves_a_login_that_came_meanwhile(self) -> None:
        tokens = logged_in()

        def elsewhere(_: httpx.Request) -> httpx.Response:
            tokens.save(tokens_of(7))
            return refusal(401, "session_revoked")

        with pytest.raises(errors.SessionRevoked):
            client(Wire(elsewhere), tokens=tokens).users.me.get()
        assert tokens.load() == tokens_of(7)

    def test_is_not_what_an_ill_service_means(self) -> None:
        tokens = logged_in(seconds=0)
        with pytest.raises(errors.ServerError):
            client(Wire(refusal(500, "server_error")), tokens=tokens).users.me.get()
        assert tokens.load() is not None
