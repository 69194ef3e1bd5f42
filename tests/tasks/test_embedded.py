"""Worker and scheduler inside the server."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from pytest_django import Settings

from backend.tasks import embedded
from backend.tasks.models import State, Task, tasks
from backend.tasks.outbox import enqueue
from backend.testing import accounts
from tests.service import Service, running
from tests.tasks import samples
from tests.tasks.conftest import Act
from tests.waiting import PATIENCE_SECONDS, until


def threads() -> list[str]:
    names = {"relay", "scheduler"}
    return sorted(thread.name for thread in threading.enumerate() if thread.name in names)


class TestRedis:
    def test_named_for_tasks_leaves_them_to_workers(self, settings: Settings) -> None:
        settings.TASKS_REDIS_URL = "redis://127.0.0.1:1/0"
        embedded.start()
        assert threads() == []
        embedded.stop()


@pytest.mark.postgresql  # an SQLite in memory is not for several threads
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("in_memory")
class TestEmbedded:
    @pytest.fixture(autouse=True)
    def _stopped(self) -> Iterator[None]:
        yield
        embedded.stop()

    def test_starts_once(self) -> None:
        for _ in range(3):
            embedded.start()
        assert threads() == ["relay", "scheduler"]

    def test_runs_tasks_until_it_is_stopped(self) -> None:
        embedded.start()
        task_id = enqueue(samples.count, number=1)
        until(lambda: tasks().filter(pk=task_id, state=State.DONE).exists())
        embedded.stop()
        assert threads() == []

    def test_can_be_started_again(self) -> None:
        for number in range(2):
            embedded.start()
            task_id = enqueue(samples.count, number=number)
            until(lambda task_id=task_id: tasks().filter(pk=task_id, state=State.DONE).exists())  # type: ignore[misc]  # of a loop
            embedded.stop()

    def test_lets_tasks_finish(self, act: Act) -> None:
        begun = Event()

        def take_time() -> None:
            begun.set()
            time.sleep(0.5)

        act(take_time)
        embedded.start()
        task_id = enqueue(samples.count, number=1)
        assert begun.wait(PATIENCE_SECONDS)
        embedded.stop()
        assert Task.objects.get(pk=task_id).state == State.DONE


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service writes its mails."""
    return tmp_path_factory.mktemp("mails")


@pytest.fixture(scope="module")
def service(mails: Path) -> Iterator[Service]:
    """A server that has no Redis, whatever its database is."""
    with running(REDIS_URL="", TASKS_REDIS_URL="", EMAIL_URL=f"file://{mails}") as started:
        yield started


class TestService:
    def test_without_redis_does_its_tasks_itself(self, service: Service, mails: Path) -> None:
        account = accounts.register(service.client())
        until(lambda: [*mails.glob("*.eml")])
        (mail,) = mails.iterdir()
        assert account.email in mail.read_text()
