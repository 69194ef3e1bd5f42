"""The checker behind every test's client: it has to fail on whatever is not promised."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from backend.core import examples
from backend.testing import contract
from backend.testing.contract import Undeclared
from tests.api.document import DOCUMENT

USER: dict[str, Any] = DOCUMENT["components"]["examples"]["User"]["value"]
ME = "/api/v1/users/me/"
JSON_TYPE = {"Content-Type": "application/json; charset=utf-8", "X-Request-ID": "id"}
TAGGED = JSON_TYPE | {"ETag": '"7"'}


def refusal(status: int, code: str, **changes: Any) -> dict[str, Any]:
    """The body of a refusal."""
    body = DOCUMENT["components"]["examples"]["NotFound"]["value"]
    return {**body, "status_code": status, "code": code, **changes}


def check(
    status: int = 200,
    body: object = USER,
    headers: Mapping[str, str] = TAGGED,
    *,
    method: str = "GET",
    path: str = ME,
) -> None:
    """Hold an answer of ``users.me.get`` against the document."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    contract.check(method, path, status=status, headers=headers, body=content)


class TestContract:
    def test_takes_what_is_declared(self) -> None:
        check()
        check(headers=TAGGED | {"RateLimit": '"default";r=299;t=60', "Server": "gunicorn"})
        check(401, refusal(401, "token_expired"), JSON_TYPE | {"WWW-Authenticate": "Bearer"})
        check(304, b"", {"X-Request-ID": "id", "ETag": '"7"'})

    def test_takes_a_head_without_the_body_it_would_have(self) -> None:
        check(body=b"", method="HEAD")

    def test_refuses_an_undeclared_status(self) -> None:
        with pytest.raises(Undeclared, match=r"users\.me\.get answered 418"):
            check(418)

    def test_refuses_a_code_of_another_operation(self) -> None:
        headers = JSON_TYPE | {"WWW-Authenticate": "Bearer"}
        with pytest.raises(Undeclared, match="refresh_token_reused"):
            check(401, refusal(401, "refresh_token_reused"), headers)

    def test_refuses_a_code_of_another_status(self) -> None:
        with pytest.raises(Undeclared, match="token_expired"):
            check(400, refusal(400, "token_expired"), JSON_TYPE)

    def test_refuses_a_status_that_the_body_denies(self) -> None:
        with pytest.raises(Undeclared, match="400"):
            check(400, refusal(404, "bad_request"), JSON_TYPE)

    @pytest.mark.parametrize("name", ["X-Request-ID", "ETag"])
    def test_refuses_an_answer_without_a_required_header(self, name: str) -> None:
        headers = {key: value for key, value in TAGGED.items() if key != name}
        with pytest.raises(Undeclared, match=f"without {name}"):
            check(headers=headers)

    @pytest.mark.parametrize(
        ("name", "value"),
        [("ETag", '"x"'), ("ETag", "7"), ("X-Request-ID", "a b"), ("RateLimit", "many")],
    )
    def test_refuses_a_header_in_another_form(self, name: str, value: str) -> None:
        with pytest.raises(Undeclared, match=f"answered 200, {name}"):
            check(headers=TAGGED | {name: value})

    @pytest.mark.parametrize(
        "name",
        [
            *("Retry-After", "Idempotent-Replayed", "Deprecation", "Sunset", "Link"),
            *("WWW-Authenticate", "Allow"),
        ],
    )
    def test_refuses_an_undeclared_header_that_clients_read(self, name: str) -> None:
        with pytest.raises(Undeclared, match=f"{name.lower()}.*does not declare"):
            check(headers=TAGGED | {name.upper(): "x"})

    def test_refuses_an_undeclared_etag_and_undeclared_limits(self) -> None:
        live = {"path": "/api/v1/health/live/", "body": {"status": "healthy"}}
        check(headers=JSON_TYPE, **live)  # type: ignore[arg-type]  # a path, and a body
        for name in ("ETag", "RateLimit", "RateLimit-Policy"):
            with pytest.raises(Undeclared, match="does not declare"):
                check(headers=JSON_TYPE | {name: "x"}, **live)  # type: ignore[arg-type]  # as above

    @pytest.mark.parametrize("media_type", ["text/html", "application/json", ""])
    def test_refuses_another_content_type(self, media_type: str) -> None:
        with pytest.raises(Undeclared, match=media_type or "no type"):
            check(headers=TAGGED | {"Content-Type": media_type})

    @pytest.mark.parametrize(
        "change",
        [
            *({"email": None}, {"is_staff": "no"}, {"id": "7"}, {"created_at": "yesterday"}),
            {"first_name": "a" * 151},
        ],
        ids=str,
    )
    def test_refuses_another_body(self, change: dict[str, Any]) -> None:
        with pytest.raises(Undeclared, match=r"users\.me\.get answered 200"):
            check(body=USER | change)

    def test_refuses_a_body_that_lacks_a_field(self) -> None:
        with pytest.raises(Undeclared, match="is_staff"):
            check(body={name: value for name, value in USER.items() if name != "is_staff"})

    def test_refuses_a_body_where_none_is_declared(self) -> None:
        path = f"/api/v1/auth/sessions/{examples.SESSION_ID}/"
        check(204, b"", JSON_TYPE, method="DELETE", path=path)
        with pytest.raises(Undeclared, match="with a body"):
            check(204, b"{}", JSON_TYPE, method="DELETE", path=path)
        with pytest.raises(Undeclared, match="with a body"):
            check(304, b"{}")

    def test_wants_the_envelope_where_there_is_no_operation(self) -> None:
        check(404, refusal(404, "not_found"), JSON_TYPE, path="/api/v1/nothing/")
        for body in ({}, refusal(404, "unheard_of"), refusal(404, "not_found", error=False)):
            with pytest.raises(Undeclared, match="/api/v1/nothing/ answered 404"):
                check(404, body, JSON_TYPE, path="/api/v1/nothing/")

    def test_leaves_the_rest_of_the_service_alone(self) -> None:
        check(404, b"<h1>Not found</h1>", {}, path="/admin/nothing/")
