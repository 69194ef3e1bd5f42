"""One polite client: logs in, and asks each operation a few times to see that it does its work."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from benchmarks.operations import EMAIL, PASSWORD, Operation
from benchmarks.processes import Running
from benchmarks.statements import Relay

LOGIN = {"email": EMAIL, "password": PASSWORD}
WARMING, COUNTED = 20, 50
PAGE = 20


class Caller:
    """A client of one contender, logged in."""

    def __init__(self, running: Running) -> None:
        self._url = url = running.url
        self._refusal = running.contender.refusal
        self._http = requests.Session()
        self.access, self._refresh = login(url)

    def ask(self, operation: Operation) -> dict[str, Any]:
        """Send one request, look at what comes back, and return it.

        Raises:
            AssertionError: the answer is not what it has to be.
        """
        body = {"refresh": self._refresh} if operation.needs == "refresh" else operation.body
        headers = {"Authorization": f"Bearer {self.access}"} if operation.needs == "access" else {}
        answer = self._http.request(
            operation.method,
            self._url + operation.path,
            json=body,
            headers=headers,
            timeout=30,
            allow_redirects=False,  # the load generator does not follow either
        )
        if answer.status_code != (self._refusal if operation.refused else 200):
            raise AssertionError(f"{operation}: {answer.status_code} {answer.text[:300]}")
        content: dict[str, Any] = answer.json()
        if not self._is_right(operation, content):
            raise AssertionError(f"{operation}: {content}")
        return content

    def _is_right(self, operation: Operation, answer: dict[str, Any]) -> bool:
        match operation.name:
            case "refresh":
                spent, self._refresh = self._refresh, str(answer["refresh"])
                return spent != self._refresh
            case "me":
                return bool(answer["email"] == EMAIL)
            case "list":
                more = answer.get("next") or answer.get("count")
                return len(answer["results"]) == PAGE and bool(more)
            case "health":
                return bool(answer["status"] == "healthy")
            case _:
                return True


def login(url: str) -> tuple[str, str]:
    """An access and a refresh token, from the contender's own login."""
    answer = requests.post(f"{url}/api/v1/auth/login/", json=LOGIN, timeout=30)
    answer.raise_for_status()
    tokens = answer.json()
    return tokens["access"], tokens["refresh"]


def logins(running: Running, number: int) -> list[str]:
    """The refresh tokens of as many sessions."""
    with ThreadPoolExecutor(2) as pool:
        return [refresh for _, refresh in pool.map(login, [running.url] * number)]


def statements(running: Running, operation: Operation, relay: Relay) -> float:
    """SQL statements of one request once everything is warm."""
    caller = Caller(running)
    for _ in range(WARMING):
        caller.ask(operation)
    before = relay.statements
    for _ in range(COUNTED):
        caller.ask(operation)
    return (relay.statements - before) / COUNTED
