import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, UnreadablePostError
from ninja.errors import HttpError
from pytest_django import Settings

from backend.api.error_handlers import field_errors
from backend.authentication import services
from backend.core import errors
from backend.testing.client import Answer, ApiClient
from tests.conftest import Lines

SECRET = "hunter2hunter2"
PERSON = {"email": "a@b.example", "password": SECRET, "password_confirm": SECRET}

type Fail = Callable[[Exception], Answer]


@pytest.fixture
def fail(client: ApiClient, monkeypatch: pytest.MonkeyPatch) -> Fail:
    """Let an operation end in an exception."""

    def ask(exception: Exception) -> Answer:
        def raiser(**_: Any) -> None:
            raise exception

        monkeypatch.setattr(services, "register", raiser)
        # Past the check against the document: no operation declares all of these.
        headers = {"Content-Type": "application/json"}
        body = json.dumps(PERSON).encode()
        return client.send("POST", "/api/v1/auth/register/", body, headers)

    return ask


class TestAnyException:
    @pytest.fixture(params=[True, False], ids=["debug", "production"])
    def debug(self, request: pytest.FixtureRequest, settings: Settings) -> None:
        settings.DEBUG = request.param

    @pytest.mark.parametrize(
        ("exception", "status", "code"),
        [
            (errors.PermissionDenied(), 403, "permission_denied"),
            (errors.NotFound(), 404, "not_found"),
            (Http404(SECRET), 404, "not_found"),
            (PermissionDenied(SECRET), 403, "permission_denied"),
            (BadRequest(SECRET), 400, "bad_request"),
            (SuspiciousOperation(SECRET), 400, "bad_request"),
            (UnreadablePostError(SECRET), 400, "bad_request"),
            (HttpError(403, SECRET), 403, "permission_denied"),
            (HttpError(418, SECRET), 400, "bad_request"),
            (OperationalError(SECRET), 503, "service_unavailable"),
            (InterfaceError(SECRET), 503, "service_unavailable"),
            (DatabaseError(SECRET), 500, "server_error"),
            (RuntimeError(SECRET), 500, "server_error"),
            (KeyError(SECRET), 500, "server_error"),
            (RecursionError(SECRET), 500, "server_error"),
            (ExceptionGroup(SECRET, [ValueError(SECRET)]), 500, "server_error"),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
    )
    def test_becomes_the_envelope(
        self, fail: Fail, debug: None, exception: Exception, status: int, code: str
    ) -> None:
        answer = fail(exception)
        assert (answer.status, answer.code) == (status, code)
        assert answer.json["status_code"] == status
        assert answer.json["request_id"] == answer.headers["x-request-id"]
        assert SECRET.encode() not in answer.body
        assert b"Traceback" not in answer.body
        assert type(exception).__name__.encode() not in answer.body


class TestDatabaseAway:
    @pytest.mark.parametrize("kind", [OperationalError, InterfaceError])
    def test_says_when_to_come_back(self, fail: Fail, kind: type[Exception]) -> None:
        assert fail(kind("away")).headers["retry-after"] == "1"

    def test_is_a_warning_without_the_text(self, fail: Fail, log_lines: Lines) -> None:
        error = OperationalError(f"connection to server at 10.0.0.1 failed: {SECRET}")
        fail(error)
        warning, access = log_lines()
        assert (warning["level"], warning["reason"]) == ("WARNING", "OperationalError")
        assert access["status"] == 503
        assert "10.0.0.1" not in json.dumps([warning, access])


class TestUnexpected:
    def test_is_logged_with_its_traceback(self, fail: Fail, log_lines: Lines) -> None:
        answer = fail(RuntimeError("the cause"))
        line, access = log_lines()
        assert line["level"] == "ERROR"
        assert line["request_id"] == access["request_id"] == answer.json["request_id"]
        assert line["exception"].startswith("Traceback")
        assert "RuntimeError: the cause" in line["exception"]

    def test_is_logged_without_the_callers_secrets(self, fail: Fail, log_lines: Lines) -> None:
        fail(RuntimeError(f"{PERSON!r} {json.dumps(PERSON)} Bearer {SECRET}"))
        assert SECRET not in json.dumps(log_lines())


class TestFieldErrors:
    def test_are_named_without_place_and_parameter(self) -> None:
        faults: list[dict[str, Any]] = [
            {"loc": ("body", "data", "email"), "msg": "Field required"},
            {"loc": ("body", "data", "profile", "name"), "msg": "Value error, is bad"},
            {"loc": ("body", "data", "tags", 0), "msg": "Is bad"},
            {"loc": ("query", "page_size"), "msg": "Too large"},
            {"loc": ("body", "data"), "msg": "Not an object"},
            {"loc": ("body",), "msg": "Nothing"},
            {"loc": ("body", "data", "email"), "msg": "Again"},
        ]
        assert field_errors(faults) == {
            "email": ["Field required", "Again"],
            "profile.name": ["is bad"],
            "tags.0": ["Is bad"],
            "page_size": ["Too large"],
            "non_field_errors": ["Not an object", "Nothing"],
        }
