"""What tests of tasks share: nothing that one leaves behind in the process meets the next."""

import secrets
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
from pytest_django import Settings

from backend.core import breaker
from backend.core.breaker import Breaker
from backend.tasks import broker, canaries, execution
from tests.services import remove_keys
from tests.tasks import samples

type Act = Callable[[Callable[[], object]], None]
type Published = list[tuple[UUID, str, int]]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has run no task yet."""
    for name in ("database", "tasks"):
        monkeypatch.setattr(breaker, name, Breaker(retry_after=1.0, name=name))
    monkeypatch.setattr(canaries, "_noted", {})
    monkeypatch.setattr(execution, "_running", set())
    samples.calls.clear()
    _forget_brokers()
    yield
    _forget_brokers()


def _forget_brokers() -> None:
    broker.memory_broker.cache_clear()
    broker._redis_broker.cache_clear()


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch) -> Act:
    """Decides what the sample tasks do."""
    return lambda action: monkeypatch.setattr(samples, "act", action)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    """What the broker was told of; it takes everything and carries nothing."""
    told: Published = []

    def publish(task_id: UUID, queue: str, time_limit: int) -> bool:
        told.append((task_id, queue, time_limit))
        return True

    monkeypatch.setattr(broker, "publish", publish)
    return told


@pytest.fixture
def in_memory(settings: Settings) -> None:
    """A broker in this process's memory, whatever the database is."""
    settings.TASKS_REDIS_URL = ""


@pytest.fixture
def on_redis(settings: Settings) -> Iterator[str]:
    """The broker in Redis, with keys of this test alone; their prefix."""
    settings.TASKS_NAMESPACE = f"{settings.TASKS_NAMESPACE}-{secrets.token_hex(6)}"
    yield settings.TASKS_NAMESPACE
    remove_keys([settings.TASKS_REDIS_URL], settings.TASKS_NAMESPACE)
