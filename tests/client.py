"""The callers of the tests: a client in process and one over the wire.

Both hold every answer against the OpenAPI document, so no test can pass on an undeclared one.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from django.test import Client, TestCase

from tests import contract

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
        return self.call("GET", path, **options)

    def post(self, path: str, body: object = None, **options: Any) -> Answer:
        return self.call("POST", path, body=body, **options)

    def patch(self, path: str, body: object = None, **options: Any) -> Answer:
        return self.call("PATCH", path, body=body, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        return self.call("DELETE", path, **options)

    @abstractmethod
    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Carry the request to the service."""


class Browser(Client):
    """Django's client, after each of whose requests happens what waits for a commit.

    The transaction that a test runs in never ends with one.
    """

    def request(self, **request: Any) -> Any:
        with TestCase.captureOnCommitCallbacks(execute=True):
            return super().request(**request)


class InProcess(ApiClient):
    """Calls the service in the test's own process and transaction."""

    def __init__(self) -> None:
        self.django = Browser(raise_request_exception=False)

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        headers = dict(headers)
        content_type = headers.pop("Content-Type", "")
        response = self.django.generic(
            method, path, body, content_type=content_type, headers=headers
        )
        # Files come in a stream, which has no `content`.
        return Answer(response.status_code, dict(response.items()), response.getvalue())


class OverTheWire(ApiClient):
    """Calls a running service, over one kept-alive connection per client."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.session = requests.Session()
        self.session.trust_env = False

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        url = path if path.startswith("http") else self.base_url + path
        response = self.session.request(
            method, url, data=body, headers=dict(headers), timeout=30, allow_redirects=False
        )
        return Answer(response.status_code, response.headers, response.content)
