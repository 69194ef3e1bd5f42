"""Clients of the API for tests: one in process, and one over the wire.

Both hold every answer against the OpenAPI document, so no test can pass on an undeclared one.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from http import HTTPStatus
from threading import Lock
from typing import Any, Self
from urllib.parse import urlsplit

import requests

from backend.testing import contract
from backend.testing.browser import Browser

API = "/api/v1/"


class Answer:
    """What came back."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body

    @property
    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error code."""
        code: str = self.json["code"]
        return code

    @property
    def errors(self) -> dict[str, list[str]]:
        """The messages by field."""
        errors: dict[str, list[str]] = self.json["errors"]
        return errors

    @property
    def outcome(self) -> str:
        """The status, with the code of a refusal: ``401 session_revoked``."""
        if self.status < HTTPStatus.BAD_REQUEST:
            return str(self.status)
        return f"{self.status} {self.code}"

    def require(self, status: int) -> Self:
        """Itself, where a test can only go on with this status.

        Raises:
            AssertionError: it has another.
        """
        if self.status != status:
            raise AssertionError(f"{self} where {status:d} was needed")
        return self

    def __repr__(self) -> str:
        return f"<Answer {self.status} {self.body[:300]!r}>"


class ApiClient(ABC):
    """Calls operations by their path below ``/api/v1/``.

    ``body`` is sent as JSON unless it is bytes already; ``token`` becomes the bearer.
    """

    def call(
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send one request and check its answer against the document."""
        sent = {} if body is None else {"Content-Type": "application/json"}
        sent |= {"Authorization": f"Bearer {token}"} if token is not None else {}
        sent |= headers or {}
        data = (
            body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        )
        address = path if path.startswith(("/", "http")) else API + path
        answer = self.send(method, address, data, sent)
        contract.check(
            method,
            urlsplit(address).path,
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
        )
        return answer

    def get(self, path: str, **options: Any) -> Answer:
        """``GET`` a path; options are those of ``call``."""
        return self.call("GET", path, **options)

    def post(self, path: str, body: object = None, **options: Any) -> Answer:
        """``POST`` a path; options are those of ``call``."""
        return self.call("POST", path, body=body, **options)

    def patch(self, path: str, body: object = None, **options: Any) -> Answer:
        """``PATCH`` a path; options are those of ``call``."""
        return self.call("PATCH", path, body=body, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        """``DELETE`` a path; options are those of ``call``."""
        return self.call("DELETE", path, **options)

    @abstractmethod
    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Carry the request to the service."""


class InProcess(ApiClient):
    """Calls the service in the test's own process and transaction."""

    def __init__(self) -> None:
        self.django = Browser(raise_request_exception=False)
        self._lock = Lock()
        self._is_loaded = False

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Hand the request to the application."""
        self._load_middleware()
        headers = dict(headers)
        content_type = headers.pop("Content-Type", "")
        response = self.django.generic(
            method, path, body, content_type=content_type, headers=headers
        )
        # Files come in a stream, which has no `content`.
        return Answer(response.status_code, dict(response.items()), response.getvalue())

    def _load_middleware(self) -> None:
        """Once: Django does so at the first request, which may be several in a race."""
        with self._lock:
            if not self._is_loaded:
                self.django.handler.load_middleware()
                self._is_loaded = True


class OverTheWire(ApiClient):
    """Calls a running service, over one kept-alive connection per client."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self.session.trust_env = False

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send the request."""
        url = path if path.startswith("http") else self.base_url + path
        response = self.session.request(
            method, url, data=body, headers=dict(headers), timeout=30, allow_redirects=False
        )
        return Answer(response.status_code, response.headers, response.content)
