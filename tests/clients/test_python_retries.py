"""When the Python client tries again, and when it does not."""

import asyncio
from datetime import UTC, datetime

import httpx
import pytest
from backend_client import ConnectionFailed, Retry, errors

from tests.clients.wire import (
    Clock,
    Outcome,
    Wire,
    async_client,
    client,
    done,
    logged_in,
    longest,
    pair,
    refusal,
    user,
)

DROPPED = httpx.RemoteProtocolError("Server disconnected without sending a response.")
REFUSED = httpx.ConnectError("Connection refused")
UNAVAILABLE = refusal(503, "service_unavailable")
PASSWORD = "a quiet walk by the sea"


class TestRead:
    @pytest.mark.parametrize(
        "outcome",
        [
            DROPPED,
            REFUSED,
            httpx.ReadTimeout("slow"),
            httpx.ReadError("reset"),
            httpx.PoolTimeout("busy"),
            UNAVAILABLE,
            refusal(429, "throttled"),
            httpx.Response(502, text="<h1>Bad Gateway</h1>"),
            httpx.Response(504),
        ],
        ids=str,
    )
    def test_is_tried_again_after_what_may_pass(self, outcome: Outcome) -> None:
        wire = Wire(outcome, user())
        assert client(wire, tokens=logged_in()).users.me.get().first_name == "Ada"
        assert len(wire.requests) == 2

    @pytest.mark.parametrize(
        ("status", "code"),
        [(404, "not_found"), (403, "permission_denied"), (500, "server_error")],
    )
    def test_is_not_tried_again_after_what_will_not_pass(self, status: int, code: str) -> None:
        wire = Wire(refusal(status, code))
        with pytest.raises(errors.ApiError) as caught:
            client(wire, tokens=logged_in()).users.me.get()
        assert (caught.value.status, caught.value.code, len(wire.requests)) == (status, code, 1)

    def test_waits_twice_as_long_before_each_attempt(self) -> None:
        clock, wire = Clock(), Wire(DROPPED, DROPPED, DROPPED, user())
        client(wire, clock, tokens=logged_in()).users.me.get()
        assert clock.pauses == [0.25, 0.5, 1.0]

    def test_waits_a_part_of_that_so_that_clients_do_not_come_together(self) -> None:
        clock, wire = Clock(), Wire(DROPPED, DROPPED, user())
        parts = iter([0.5, 0.1])
        retry = Retry(jitter=lambda: next(parts))
        client(wire, clock, tokens=logged_in(), retry=retry).users.me.get()
        assert clock.pauses == [0.125, 0.05]

    def test_never_waits_longer_than_it_may_by_itself(self) -> None:
        clock, wire = Clock(), Wire(*[DROPPED] * 5, user())
        retry = Retry(attempts=9, max_backoff=0.5, jitter=longest)
        client(wire, clock, tokens=logged_in(), retry=retry).users.me.get()
        assert clock.pauses == [0.25, 0.5, 0.5, 0.5, 0.5]

    def test_gives_up_after_its_attempts_with_the_last_error(self) -> None:
        wire = Wire(*[DROPPED] * 3)
        with pytest.raises(
            ConnectionFailed, match=r"users\.me\.get: RemoteProtocolError"
        ) as caught:
            client(wire, tokens=logged_in(), retry=Retry(attempts=3)).users.me.get()
        assert (caught.value.__cause__, len(wire.requests)) == (DROPPED, 3)

    def test_is_sent_once_if_retries_are_off(self) -> None:
        wire = Wire(UNAVAILABLE)
        with pytest.raises(errors.ServiceUnavailable):
            client(wire, tokens=logged_in(), retry=Retry(attempts=1)).users.me.get()

    def test_is_tried_again_by_the_async_client_too(self) -> None:
        clock, wire = Clock(), Wire(DROPPED, UNAVAILABLE, user())
        me = asyncio.run(async_client(wire, clock, tokens=logged_in()).users.me.get())
        assert (me.first_name, clock.pauses) == ("Ada", [0.25, 0.5])


class TestRetryAfter:
    def test_is_waited_for(self) -> None:
        clock, wire = Clock(), Wire(refusal(429, "throttled", Retry_After="7"), user())
        client(wire, clock, tokens=logged_in(), retry=Retry(jitter=lambda: 0)).users.me.get()
        assert clock.pauses == [7.0]

    def test_is_waited_for_a_little_longer_so_that_clients_do_not_come_together(self) -> None:
        clock = Clock()
        wire = Wire(refusal(503, "service_unavailable", Retry_After="2"), user())
        client(wire, clock, tokens=logged_in()).users.me.get()
        assert clock.pauses == [2.25]

    def test_that_is_too_long_is_the_callers_to_decide(self) -> None:
        clock, wire = Clock(), Wire(refusal(429, "throttled", Retry_After="31"))
        with pytest.raises(errors.Throttled) as caught:
            client(wire, clock, tokens=logged_in()).users.me.get()
        assert (caught.value.retry_after, clock.pauses) == (31.0, [])

    def test_does_not_add_up_to_more_than_is_allowed(self) -> None:
        clock = Clock()
        wire = Wire(*[refusal(503, "service_unavailable", Retry_After="14")] * 4)
        retry = Retry(attempts=9, jitter=lambda: 0)
        with pytest.raises(errors.ServiceUnavailable):
            client(wire, clock, tokens=logged_in(), retry=retry).users.me.get()
        assert clock.pauses == [14.0, 14.0]

    def test_that_is_a_date_is_left_to_the_backoff(self) -> None:
        date = datetime(2030, 1, 1, tzinfo=UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        clock = Clock()
        wire = Wire(refusal(503, "service_unavailable", Retry_After=date), user())
        client(wire, clock, tokens=logged_in()).users.me.get()
        assert clock.pauses == [0.25]


class TestWrite:
    def test_is_repeated_with_one_key(self) -> None:
        wire = Wire(DROPPED, UNAVAILABLE, user())
        client(wire, tokens=logged_in()).users.me.update(first_name="Ada")
        first, *others = wire.sent("Idempotency-Key")
        assert first is not None
        assert others == [first, first]

    def test_has_a_key_of_its_own_for_every_call(self) -> None:
        wire = Wire(user(), user())
        api = client(wire, tokens=logged_in())
        api.users.me.update(first_name="Ada")
        api.users.me.update(first_name="Ada")
        assert len({*wire.sent("Idempotency-Key")}) == 2

    def test_takes_the_callers_key(self) -> None:
        wire = Wire(DROPPED, user())
        client(wire, tokens=logged_in()).users.me.update(first_name="A", idempotency_key="mine-1")
        assert wire.sent("Idempotency-Key") == ["mine-1", "mine-1"]

    def test_waits_for_its_first_attempt_to_end(self) -> None:
        wire = Wire(DROPPED, refusal(409, "idempotency_in_progress"), user())
        client(wire, tokens=logged_in()).users.me.update(first_name="Ada")
        assert len({*wire.sent("Idempotency-Key")}) == 1
        assert len(wire.requests) == 3

    def test_is_not_repeated_when_it_lost(self) -> None:
        wire = Wire(refusal(409, "conflict"))
        with pytest.raises(errors.Conflict):
            client(wire).auth.email.verify(token="t")

    def test_that_ends_the_session_has_ended_it_when_only_the_answer_was_lost(self) -> None:
        wire, tokens = Wire(DROPPED, refusal(401, "session_revoked")), logged_in()
        client(wire, tokens=tokens).auth.logout_all()
        assert tokens.load() is None

    def test_that_ends_the_session_tells_when_somebody_else_did(self) -> None:
        wire, tokens = Wire(refusal(401, "session_revoked")), logged_in()
        with pytest.raises(errors.SessionRevoked):
            client(wire, tokens=tokens).auth.logout_all()
        assert tokens.load() is None


class TestLogin:
    @pytest.mark.parametrize(
        "outcome",
        [REFUSED, httpx.ConnectTimeout("slow"), UNAVAILABLE, refusal(429, "throttled")],
        ids=str,
    )
    def test_is_tried_again_if_nothing_has_happened(self, outcome: Outcome) -> None:
        wire = Wire(outcome, pair(1))
        client(wire).auth.login(email="ada@example.com", password=PASSWORD)
        assert wire.sent("Idempotency-Key") == [None, None]

    @pytest.mark.parametrize("outcome", [DROPPED, httpx.ReadTimeout("slow")], ids=str)
    def test_is_not_tried_again_if_it_may_have_opened_a_session(self, outcome: Outcome) -> None:
        wire = Wire(outcome)
        with pytest.raises(ConnectionFailed):
            client(wire).auth.login(email="ada@example.com", password=PASSWORD)

    def test_is_not_tried_again_after_a_gateway_got_no_answer(self) -> None:
        with pytest.raises(errors.ApiError, match="502"):
            client(Wire(httpx.Response(502))).auth.login(email="a@example.com", password=PASSWORD)


class TestProbe:
    def test_answers_its_document_when_the_service_is_ill(self) -> None:
        check = {"status": "down", "latency_ms": None}
        document = {
            "status": "unhealthy",
            "version": "1",
            "timestamp": "2026-11-23T12:00:00Z",
            "checks": {"database": check, "cache": check, "tasks": check},
        }
        health = client(Wire(httpx.Response(503, json=document))).health.ready()
        assert (health.status, health.checks.database.latency_ms) == ("unhealthy", None)

    def test_raises_what_is_not_its_document(self) -> None:
        with pytest.raises(errors.ApiError, match="503"):
            client(Wire(httpx.Response(503, text="<h1>Sorry</h1>"))).health.ready()


class TestNothing:
    def test_is_what_a_success_without_a_body_returns(self) -> None:
        wire = Wire(done())
        assert client(wire).auth.email.verify_resend(email="ada@example.com") is None  # type: ignore[func-returns-value]  # that is the subject
