"""What the service counts for Prometheus: a closed list, explained in ``docs/monitoring.md``.

Without a ``METRICS_TOKEN`` nobody can ask: nothing is counted, the library is not even imported.
No label tells of a person, and each takes its values from a list that no caller can make longer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from django.conf import settings

PREFIX = "backend_"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "(other)"  # methods that callers invent


@dataclass(frozen=True, eq=False)
class Metric:
    """A name, what it means, and the names of its labels.

    Attributes:
        expected: Labels that are told from the first scrape on: what is not there cannot be seen
            to rise from 0 to 1.
    """

    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    expected: list[tuple[str, ...]] = field(default_factory=list)

    def expect(self, *values: str) -> None:
        """Tell these values of the only label from the first scrape on."""
        self.expected.extend((value,) for value in values)


class Counter(Metric):
    """What only rises."""

    def count(self, *labels: str) -> None:
        """One more."""
        if settings.METRICS_TOKEN:
            child(self, *labels).inc()


@dataclass(frozen=True, eq=False)
class Histogram(Metric):
    """How long things take: how many took at most so many seconds."""

    buckets: tuple[float, ...] = ()

    def observe(self, seconds: float, *labels: str) -> None:
        """One that took so long."""
        if settings.METRICS_TOKEN:
            child(self, *labels).observe(seconds)


@dataclass(frozen=True, eq=False)
class Gauge(Metric):
    """How things are right now; ``over`` says what the processes alive make of it together."""

    over: Literal["livesum", "livemax"] = "livesum"

    def set(self, value: float, *labels: str) -> None:
        """It is so much in this process."""
        if settings.METRICS_TOKEN:
            child(self, *labels).set(value)

    @contextmanager
    def one_more(self, *labels: str) -> Iterator[None]:
        """One more in this process, until the block ends."""
        if not settings.METRICS_TOKEN:
            yield
            return
        gauge = child(self, *labels)
        gauge.inc()
        try:
            yield
        finally:
            gauge.dec()


class Reading(Metric):
    """What is read from the database at each scrape, the same by every server."""


@cache
def child(metric: Metric, *labels: str) -> Any:
    """What the library counts in. It is imported by the first who counts."""
    from backend.core.telemetry import exposition  # noqa: PLC0415  (only where somebody can ask)

    return exposition.child(metric, labels)


http_requests = Counter(
    "http_requests_total", "Requests answered", labels=("method", "route", "status")
)
http_request_duration = Histogram(
    "http_request_duration_seconds",
    "From the first of our code to the last",
    labels=("method", "route"),
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
database_pool_limit = Gauge("database_pool_limit", "Connections that processes may have")
database_pool_size = Gauge("database_pool_size", "Connections that there are")
database_pool_available = Gauge("database_pool_available", "Connections that nobody uses")
database_pool_waiting = Gauge("database_pool_waiting", "Threads that wait for a connection")
breaker_open = Gauge(
    "breaker_open", "1 while a process takes this server for away", labels=("name",), over="livemax"
)
rate_limit_hits = Counter(
    "rate_limit_hits_total", "Requests counted against a limit", labels=("limit", "outcome")
)
logins = Counter("logins_total", "Logins by password", labels=("outcome",))
security_events = Counter("security_events_total", "What happened to accounts", labels=("type",))
password_hashes = Gauge(
    "password_hashes", "Passwords being hashed, or waiting for it", labels=("stage",)
)
task_attempts = Counter(
    "task_attempts_total", "Attempts at tasks, by how they ended", labels=("task", "outcome")
)
task_duration = Histogram(
    "task_duration_seconds",
    "How long an attempt took",
    labels=("task",),
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0),
)

tasks = Reading("tasks", "Tasks that are not done", labels=("queue", "state"))
outbox_oldest_waiting = Reading(
    "outbox_oldest_waiting_seconds", "How long the oldest task is overdue", labels=("queue",)
)
queue_last_served = Reading(
    "queue_last_served_seconds", "Since somebody worked on a queue", labels=("queue",)
)
scheduler_leads = Reading("scheduler_leads", "1 while some scheduler does the timed work")
scrape_errors = Reading("scrape_errors", "1 if the database could not be read for this scrape")


def every() -> list[Metric]:
    """The whole list."""
    return [value for value in globals().values() if isinstance(value, Metric)]


def request_answered(method: str | None, route: str, status: int, seconds: float) -> None:
    """Count a request; callers invent methods, which are all one here."""
    if settings.METRICS_TOKEN:
        known = method if method in METHODS else OTHER
        http_requests.count(known, route, str(status))
        http_request_duration.observe(seconds, known, route)
