"""What the Python client raises."""

import logging
import pickle
import traceback

import httpx
import pytest
from backend_client import ApiError, ClientError, ConnectionFailed, UnexpectedAnswer, errors

from backend.core.errors import ErrorCode
from tests.clients.wire import Wire, client, logged_in, pair, refusal, user

SECRET = "a quiet walk by the sea"


def raised(response: httpx.Response | Exception) -> ClientError:
    """What a call without retries makes of it."""
    with pytest.raises(ClientError) as caught:
        client(Wire(*[response] * 4), tokens=logged_in()).users.me.update(first_name="Ada")
    return caught.value


class TestApiError:
    @pytest.mark.parametrize("code", list(ErrorCode))
    def test_has_a_class_for_every_code(self, code: ErrorCode) -> None:
        name = "".join(word.capitalize() for word in code.split("_"))
        error = raised(refusal(418, code))
        assert type(error) is getattr(errors, name)
        assert issubclass(type(error), ApiError)

    def test_carries_what_the_service_said(self) -> None:
        error = raised(refusal(400, "validation_error", Retry_After="3"))
        assert isinstance(error, errors.ValidationError)
        assert (error.status, error.code, error.message) == (400, "validation_error", "Sorry")
        assert error.errors == {"email": ["This is taken."]}
        assert (error.request_id, error.headers["x-request-id"]) == ("request-1", "request-1")
        assert (error.retry_after, error.operation) == (3.0, "users.me.update")

    def test_reads_well(self) -> None:
        assert str(raised(refusal(400, "validation_error"))) == (
            "users.me.update: 400 validation_error: Sorry (email: This is taken.)"
            " [request request-1]"
        )

    def test_is_what_a_code_is_that_is_newer_than_the_client(self) -> None:
        error = raised(refusal(418, "made_of_tea"))
        assert type(error) is ApiError
        assert (error.code, error.status, error.retry_after) == ("made_of_tea", 418, None)

    @pytest.mark.parametrize("body", ["<h1>Bad Gateway</h1>", "", '"text"', '{"errors": []}'])
    def test_is_what_the_answer_of_a_gateway_is(self, body: str) -> None:
        error = raised(httpx.Response(502, text=body))
        assert type(error) is ApiError
        assert (error.status, error.code, error.message) == (502, "", "Bad Gateway")

    def test_travels_between_processes(self) -> None:
        error = raised(refusal(400, "validation_error"))
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), vars(copy), str(copy)) == (type(error), vars(error), str(error))


class TestLoginRequired:
    def test_is_every_401_but_a_refused_login(self) -> None:
        codes = ["not_authenticated", "token_invalid", "session_revoked", "refresh_token_reused"]
        assert all(isinstance(raised(refusal(401, code)), errors.LoginRequired) for code in codes)
        assert not isinstance(raised(refusal(401, "invalid_credentials")), errors.LoginRequired)

    def test_is_not_what_a_mailed_link_is_that_has_been_used(self) -> None:
        error = raised(refusal(400, "token_invalid"))
        assert isinstance(error, errors.TokenInvalid)
        assert not isinstance(error, errors.LoginRequired)


class TestConnectionFailed:
    def test_tells_what_httpx_says(self) -> None:
        cause = httpx.ConnectError("Connection refused")
        error = raised(cause)
        assert isinstance(error, ConnectionFailed)
        assert str(error) == "users.me.update: ConnectError Connection refused"
        assert error.__cause__ is cause


class TestUnexpectedAnswer:
    @pytest.mark.parametrize(
        "response",
        [
            httpx.Response(200, text="<h1>Hello</h1>"),
            httpx.Response(200, json={"id": "no UUID"}),
            httpx.Response(304),
            httpx.Response(302, headers={"Location": "https://elsewhere.example.com/"}),
        ],
        ids=str,
    )
    def test_is_what_no_version_of_the_service_says(self, response: httpx.Response) -> None:
        error = raised(response)
        assert isinstance(error, UnexpectedAnswer)
        assert str(error).startswith(f"users.me.update: {response.status_code} with ")


class TestSecrets:
    def test_are_in_no_error(self) -> None:
        api = client(Wire(refusal(401, "invalid_credentials")), tokens=logged_in())
        with pytest.raises(errors.InvalidCredentials) as caught:
            api.auth.login(email="ada@example.com", password=SECRET)
        shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
        assert SECRET not in shown
        assert "access-1" not in shown

    def test_are_in_no_error_about_a_broken_answer(self) -> None:
        half = {"access": "access-1", "refresh": "refresh-1"}  # pydantic would show all of it
        broken = httpx.Response(200, json=half)
        with pytest.raises(UnexpectedAnswer) as caught:
            client(Wire(broken)).auth.login(email="ada@example.com", password=SECRET)
        assert "access-1" not in "".join(traceback.format_exception(caught.value))

    def test_are_in_no_representation(self) -> None:
        api = client(Wire(pair(1)))
        answered = api.auth.login(email="ada@example.com", password=SECRET)
        shown = f"{api!r} {api.auth!r} {answered!r} {answered} {api.tokens!r} {api.tokens.load()}"
        assert "access-1" not in shown
        assert "refresh-1" not in shown

    def test_are_in_no_log_line(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        wire = Wire(httpx.ConnectError("no"), pair(1), refusal(503, "service_unavailable"), user())
        api = client(wire)
        api.auth.login(email="ada@example.com", password=SECRET)
        api.users.me.update(first_name="Ada", idempotency_key="mine-1")
        lines = [record.getMessage() for record in caplog.records]
        assert "auth.login again in 0.2 s after ConnectError" in lines
        assert "users.me.update again in 0.2 s after 503" in lines
        assert not [
            line
            for line in lines
            for secret in (SECRET, "access-1", "refresh-1", "mine-1")
            if secret in line
        ]
