"""When a call is tried again, and after how long."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import httpx

from .answers import code_of
from .failures import seconds
from .operation import Operation

# Nothing has been sent yet, so nothing has happened.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# Sent perhaps; the answer did not come.
LOST = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError)
REFUSED = frozenset(
    {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
)  # by the service, before it did anything
GATEWAY = frozenset(
    {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
)  # somebody in between got no answer


@dataclass(frozen=True)
class Retry:
    """How patient a call is.

    Attributes:
        attempts: How often it is sent at most; 1 turns retries off.
        max_wait: Seconds after the call's start in which a further attempt may begin. Who is asked
            to wait longer gets the error at once.
        backoff: The longest first pause, in seconds; it doubles with every further one.
        max_backoff: What it doubles up to.
        jitter: A number between 0 and 1: the part of the pause that is taken.
    """

    attempts: int = 4
    max_wait: float = 30.0
    backoff: float = 0.25
    max_backoff: float = 8.0
    jitter: Callable[[], float] = random.random


class Attempts:
    """The attempts of one call.

    Attributes:
        lost_an_answer: Whether one of them may have been carried out without anybody knowing.
    """

    def __init__(self, retry: Retry, clock: Callable[[], float]) -> None:
        self._retry = retry
        self._clock = clock
        self._deadline = clock() + retry.max_wait
        self._made = 0
        self.lost_an_answer = False

    def pause(
        self, operation: Operation[object], outcome: httpx.Response | Exception
    ) -> float | None:
        """Seconds until the next attempt; None if there should be none."""
        self._made += 1
        self.lost_an_answer |= is_lost(outcome)
        if self._made >= self._retry.attempts or not is_worth_another(operation, outcome):
            return None
        longest = min(self._retry.max_backoff, self._retry.backoff * 2 ** (self._made - 1))
        pause = _asked_to_wait(outcome) + longest * self._retry.jitter()
        return pause if self._clock() + pause <= self._deadline else None


def is_worth_another(operation: Operation[object], outcome: httpx.Response | Exception) -> bool:
    """Whether trying again may help, and cannot do anything twice."""
    if is_lost(outcome):
        return operation.can_be_repeated
    if isinstance(outcome, Exception):
        return isinstance(outcome, NOT_SENT)
    if outcome.status_code in operation.statuses:
        return False
    return outcome.status_code in REFUSED or code_of(outcome) == "idempotency_in_progress"


def is_lost(outcome: httpx.Response | Exception) -> bool:
    """Whether the call may have been carried out, and nobody knows."""
    if isinstance(outcome, Exception):
        return isinstance(outcome, LOST) and not isinstance(outcome, NOT_SENT)
    return outcome.status_code in GATEWAY


def _asked_to_wait(outcome: httpx.Response | Exception) -> float:
    if isinstance(outcome, Exception):
        return 0.0
    return seconds(outcome.headers.get("Retry-After")) or 0.0
