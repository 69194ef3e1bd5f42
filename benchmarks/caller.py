"""One polite client: logs in, and asks each operation a few times to see that it does its work."""

from concurrent.futures import ThreadPoolExecutor

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

    def ask(self, operation: Operation) -> None:
        """Send one request.

        Raises:
            AssertionError: the answer is not what it has to be.
        """
        body = {"refresh": self._refresh} if operation.needs == "refresh" else operation.body
        headers = {"Authorization": f"Bearer {self.access}"} if operation.needs == "access" else {}
        answer = self._http.request(
            operation.method, self._url + operation.path, json=body, headers=headers, timeout=30
        )
        if answer.status_code != (self._refusal if operation.refused else 200):
            raise AssertionError(f"{operation}: {answer.status_code} {answer.text[:300]}")
        self._look_at(operation, answer.json())

    def _look_at(self, operation: Operation, answer: dict[str, object]) -> None:
        match operation.name:
            case "refresh":
                spent, self._refresh = self._refresh, str(answer["refresh"])
                right = spent != self._refresh
            case "me":
                right = answer["email"] == EMAIL
            case "list":
                results = answer["results"]
                right = isinstance(results, list) and len(results) == PAGE and bool(answer["next"])
            case "health":
                right = answer["status"] == "healthy"
            case _:
                right = True
        if not right:
            raise AssertionError(f"{operation}: {answer}")


def login(url: str) -> tuple[str, str]:
    """An access and a refresh token, from the contender's own login."""
    answer = requests.post(f"{url}/api/v1/auth/login/", json=LOGIN, timeout=30)
    answer.raise_for_status()
    tokens = answer.json()
    return tokens["access"], tokens["refresh"]


def logins(url: str, number: int) -> list[str]:
    """The refresh tokens of as many sessions."""
    with ThreadPoolExecutor(2) as pool:
        return [refresh for _, refresh in pool.map(login, [url] * number)]


def statements(running: Running, operation: Operation, relay: Relay) -> float:
    """SQL statements of one request once everything is warm."""
    caller = Caller(running)
    for _ in range(WARMING):
        caller.ask(operation)
    before = relay.statements
    for _ in range(COUNTED):
        caller.ask(operation)
    return (relay.statements - before) / COUNTED
