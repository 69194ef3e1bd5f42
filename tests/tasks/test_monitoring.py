"""What metrics tell of tasks: attempts where they are made, the outbox wherever it is asked."""

from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection

import pytest
from django.utils import timezone
from pytest_django import Settings

from backend.tasks import metrics_server
from backend.tasks.models import Leader, Queue, State
from backend.tasks.outbox import enqueue
from backend.tasks.scheduler import ROLE
from backend.testing.client import ApiClient
from tests.processes import free_port
from tests.scraping import TOKEN, read, scrape
from tests.tasks import rows, samples
from tests.tasks.conftest import Act

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _token(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    settings.ROOT_URLCONF = "tests.core.telemetry.metrics_urls"


@pytest.mark.usefixtures("published")
class TestTasks:
    @pytest.mark.parametrize(
        ("error", "outcome"), [(None, "done"), (ValueError("x"), "failed")], ids=["done", "failed"]
    )
    def test_are_counted_by_outcome(
        self,
        client: ApiClient,
        act: Act,
        error: Exception | None,
        outcome: str,
    ) -> None:
        if error:
            act(samples.failing(error))
        before = scrape(client)
        rows.run(enqueue(samples.count, number=1))
        now = scrape(client)
        labels = {"task": "tasks.count"}
        assert now.since(before, "task_attempts_total", outcome=outcome, **labels) == 1
        assert now.since(before, "task_duration_seconds_count", **labels) == 1

    def test_that_are_not_done_are_told(self, client: ApiClient) -> None:
        late = rows.record()
        rows.pass_by(late.pk, 90)
        later = rows.record(queue="mails")
        rows.pass_by(later.pk, -3600)
        rows.record(State.PARKED)
        rows.record(State.RUNNING)
        rows.record(State.DONE)
        found = scrape(client)
        told = {
            (queue, state): found.value("tasks", queue=queue, state=state)
            for queue in ("default", "mails")
            for state in ("waiting", "running", "parked", "done")
        }
        assert told == {
            ("default", "waiting"): 1,
            ("default", "running"): 1,
            ("default", "parked"): 1,
            ("default", "done"): None,
            ("mails", "waiting"): 1,
            ("mails", "running"): 0,
            ("mails", "parked"): 0,
            ("mails", "done"): None,
        }
        oldest = found.value("outbox_oldest_waiting_seconds", queue="default")
        assert oldest is not None
        assert 90 <= oldest < 120
        assert found.value("outbox_oldest_waiting_seconds", queue="mails") == 0


class TestQueues:
    def test_tell_when_they_were_last_served(self, client: ApiClient, settings: Settings) -> None:
        settings.STARTED_AT = timezone.now() - timedelta(seconds=600)
        Queue.objects.create(name="mails", served_at=timezone.now() - timedelta(seconds=60))
        Queue.objects.create(name="default", asked_at=timezone.now())
        found = scrape(client)
        mails = found.value("queue_last_served_seconds", queue="mails")
        never = found.value("queue_last_served_seconds", queue="default")
        assert mails is not None
        assert never is not None
        assert 60 <= mails < 90
        assert 600 <= never < 630

    def test_tell_whether_somebody_leads(self, client: ApiClient) -> None:
        assert scrape(client).value("scheduler_leads") == 0
        ends = timezone.now() + timedelta(seconds=10)
        leader = Leader.objects.create(name=ROLE, holder=rows.record().pk, lease_until=ends)
        assert scrape(client).value("scheduler_leads") == 1
        leader.lease_until = timezone.now() - timedelta(seconds=1)
        leader.save(update_fields=["lease_until"])
        assert scrape(client).value("scheduler_leads") == 0


class TestWorkersOwn:
    @pytest.fixture
    def server(self, settings: Settings) -> Iterator[HTTPConnection]:
        """A caller of a worker's port."""
        settings.WORKER_METRICS = ("127.0.0.1", int(free_port()))
        started = metrics_server.start()
        assert started
        host, port = settings.WORKER_METRICS
        connection = HTTPConnection(host, port, timeout=10)
        yield connection
        connection.close()
        started.shutdown()
        started.server_close()

    @pytest.mark.parametrize(("token", "port"), [("", 1), (TOKEN, 0)])
    def test_is_there_with_a_token_and_a_port_alone(
        self, settings: Settings, token: str, port: int
    ) -> None:
        settings.METRICS_TOKEN, settings.WORKER_METRICS = token, ("127.0.0.1", port)
        assert metrics_server.start() is None

    @pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "[::1]"])
    def test_listens_where_the_server_would(self, settings: Settings, host: str) -> None:
        settings.WORKER_METRICS = (host, int(free_port()))
        started = metrics_server.start()
        assert started
        connection = HTTPConnection(host.strip("[]"), settings.WORKER_METRICS[1], timeout=10)
        connection.request("GET", "/")
        assert connection.getresponse().status == 404
        connection.close()
        started.shutdown()
        started.server_close()

    @pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", f"Basic {TOKEN}"])
    def test_wants_the_token(self, server: HTTPConnection, authorization: str) -> None:
        server.request("GET", "/metrics", headers={"Authorization": authorization})
        answer = server.getresponse()
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert b"backend_" not in answer.read()

    def test_has_nothing_else(self, server: HTTPConnection) -> None:
        for path in ("/", "/metrics/", "/api/v1/health/live/", "/metricsx"):
            server.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
            answer = server.getresponse()
            answer.read()
            assert answer.status == 404

    def test_tells_of_its_tasks(self, server: HTTPConnection, published: object) -> None:
        rows.run(enqueue(samples.count, number=1))
        server.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        answer = server.getresponse()
        found = read(answer.read())
        assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
        assert found.value("task_attempts_total", task="tasks.count", outcome="done")
        assert found.value("breaker_open", name="tasks") is not None
        assert found.value("tasks", queue="default", state="waiting") is None  # the server tells
