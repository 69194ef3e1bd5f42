import re
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from backend.authentication import errors as authentication_errors
from backend.core import errors
from backend.core.context import request_id
from backend.core.errors import DomainError, ErrorCode
from backend.core.server import refusal
from backend.users import errors as users_errors

# The contract's closed list, by status.
CONTRACT = {
    400: {"validation_error", "invalid_json", "bad_request"},
    401: {
        "not_authenticated",
        "invalid_credentials",
        "token_invalid",
        "token_expired",
        "session_revoked",
        "refresh_token_rotated",
        "refresh_token_reused",
    },
    403: {"permission_denied"},
    404: {"not_found"},
    405: {"method_not_allowed"},
    409: {"conflict", "idempotency_in_progress"},
    411: {"length_required"},
    412: {"precondition_failed"},
    413: {"payload_too_large"},
    414: {"bad_request"},
    415: {"unsupported_media_type"},
    422: {"idempotency_key_reused"},
    429: {"throttled"},
    431: {"bad_request"},
    500: {"server_error"},
    503: {"service_unavailable"},
}


def family(kind: type[DomainError] = DomainError) -> list[type[DomainError]]:
    """Every kind there is, however deep."""
    found = [kind]
    for child in kind.__subclasses__():
        found += family(child)
    return found


class TestErrorCode:
    def test_is_the_contracts_closed_list(self) -> None:
        assert {code.value for code in ErrorCode} == set.union(*CONTRACT.values())


class TestEveryKind:
    @pytest.mark.parametrize("kind", family(), ids=lambda kind: kind.__name__)
    def test_answers_a_code_that_belongs_to_its_status(self, kind: type[DomainError]) -> None:
        allowed = CONTRACT[kind.status] | ({"token_invalid"} if kind.status == 400 else set())
        assert kind.code.value in allowed

    @pytest.mark.parametrize("kind", family(), ids=lambda kind: kind.__name__)
    def test_has_a_sentence_for_people(self, kind: type[DomainError]) -> None:
        assert re.fullmatch(r"[A-Z].+[^.]", kind.message)

    def test_of_401_names_the_scheme(self) -> None:
        unauthenticated = [kind for kind in family() if kind.status == 401]
        assert len(unauthenticated) >= 7
        assert all(kind.headers["WWW-Authenticate"] == "Bearer" for kind in unauthenticated)

    def test_of_503_says_when_to_come_back(self) -> None:
        unavailable = [kind for kind in family() if kind.status == 503]
        assert users_errors.TooBusyToHash in unavailable
        assert all(int(kind.headers["Retry-After"]) > 0 for kind in unavailable)

    def test_of_a_field_blames_one(self) -> None:
        assert users_errors.EmailTaken().errors.keys() == {"email"}
        assert authentication_errors.PasswordsDiffer("password_confirm").errors.keys() == {
            "password_confirm"
        }


class TestDomainError:
    def test_keeps_what_its_class_says(self) -> None:
        error = errors.NotFound()
        assert (error.message, error.errors, error.headers) == ("Not found", {}, {})

    def test_can_be_told_more(self) -> None:
        error = errors.ServiceUnavailable("Away", errors={"a": ["b"]}, headers={"X-Why": "c"})
        assert error.message == str(error) == "Away"
        assert error.errors == {"a": ["b"]}
        assert error.headers == {"Retry-After": "1", "X-Why": "c"}

    def test_does_not_change_its_class(self) -> None:
        errors.BadRequest("Other", errors={"a": ["b"]}, headers={"X-Why": "c"})
        assert errors.BadRequest.message == "Bad request"
        assert errors.BadRequest.errors == {}
        assert errors.BadRequest.headers == {}


class TestByStatus:
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 411, 413, 415, 500, 503])
    def test_finds_the_kind_of_a_status(self, status: int) -> None:
        assert errors.by_status(status).status == status

    @pytest.mark.parametrize("status", [402, 406, 418, 499])
    def test_takes_an_unknown_one_of_the_client_as_a_bad_request(self, status: int) -> None:
        assert errors.by_status(status) is errors.BadRequest

    @pytest.mark.parametrize("status", [501, 502, 504, 599])
    def test_takes_an_unknown_one_of_the_server_as_our_error(self, status: int) -> None:
        assert errors.by_status(status) is errors.ServerError


class TestOfTheParser:
    @pytest.mark.parametrize(
        ("status", "answered"),
        [(400, 400), (405, 400), (414, 414), (431, 431), (500, 500), (501, 411)],
    )
    def test_keeps_a_status_that_says_more(self, status: int, answered: int) -> None:
        assert refusal.by_status(status).status == answered


class TestEnvelope:
    def test_is_the_contracts_body(self) -> None:
        token = request_id.set("the-id")
        try:
            response = errors.envelope(errors.ValidationFailed(errors={"email": ["Taken."]}))
        finally:
            request_id.reset(token)
        body = orjson.loads(response.content)
        timestamp = body.pop("timestamp")
        assert body == {
            "error": True,
            "status_code": 400,
            "code": "validation_error",
            "message": "Validation failed",
            "request_id": "the-id",
            "errors": {"email": ["Taken."]},
        }
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", timestamp)
        age = datetime.now(UTC) - datetime.fromisoformat(timestamp)
        assert timedelta(0) <= age < timedelta(minutes=1)

    def test_carries_status_type_and_headers(self) -> None:
        response = errors.envelope(errors.ServiceUnavailable(headers={"Retry-After": "7"}))
        assert response.status_code == 503
        assert response["Content-Type"] == "application/json; charset=utf-8"
        assert response["Retry-After"] == "7"
