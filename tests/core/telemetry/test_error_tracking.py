"""What is told to Sentry, and what never is. Nothing leaves: the transport is the test's own."""

import gzip
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NoReturn

import pytest
import sentry_sdk
from django.conf import settings as configured
from pytest_django import Settings
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from backend.core.context import request_id
from backend.core.telemetry import error_tracking, log
from backend.health import services as health_services
from backend.tasks.outbox import enqueue
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient
from tests.conftest import Lines
from tests.project.commands import manage
from tests.service import ROOT, running
from tests.tasks import rows, samples
from tests.tasks.conftest import Act, Published, act, published  # noqa: F401  (fixtures)
from tests.waiting import wait_for

KEY = "0123456789abcdef0123456789abcdef"
DSN = f"https://{KEY}@sentry.example.com/1"
PLANTED = "planted-hunter2"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


class Postbox(Transport):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def capture_envelope(self, envelope: Envelope) -> None:
        for item in envelope.items:
            self.events.append(json.loads(item.get_bytes()))


@pytest.fixture
def sentry(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postbox]:
    """The service reports errors; what it has reported."""
    middleware = "backend.core.telemetry.error_tracking.RequestMiddleware"
    settings.MIDDLEWARE = [configured.MIDDLEWARE[0], middleware, *configured.MIDDLEWARE[1:]]
    settings.LOGGING = {**configured.LOGGING, "secrets": ["configured-secret", DSN, KEY]}
    settings.SENTRY_DSN = DSN
    monkeypatch.setattr(log, "_of_errors", [])
    postbox = Postbox()
    error_tracking.start(postbox)
    yield postbox
    sentry_sdk.get_global_scope().set_client(None)
    monkeypatch.undo()
    log.configure(configured.LOGGING)


def fail(*_: object, **__: object) -> NoReturn:
    """Fail with everything that must not leave in words, variables and causes."""
    password, address = PLANTED, "ada@example.com"
    local = {"password": password, "address": address}
    cause = KeyError(f"Key (email)=({address}) already exists; {JWT}")
    raise RuntimeError(
        f'{{"password": "{PLANTED}"}} Authorization: Bearer {PLANTED} '
        f"?token={PLANTED}&x=1 configured-secret {local}"
    ) from cause


@contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """A Sentry of our own, and what it received."""
    received: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers["Content-Encoding"] == "gzip"
            received.append(gzip.decompress(body) if packed else body)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()


def text_of(postbox: Postbox) -> str:
    return json.dumps(postbox.events)


@pytest.mark.django_db
class TestFailedOperation:
    @pytest.fixture(autouse=True)
    def _failing(self, sentry: Postbox, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(health_services, "health", fail)

    def test_is_reported_once_with_its_request(self, client: ApiClient, sentry: Postbox) -> None:
        answer = client.get("health/", headers={"X-Request-ID": "of-this-test"})
        assert answer.status == 500
        (event,) = sentry.events
        assert event["tags"] == {"request_id": "of-this-test"}
        assert event["transaction"] == "/api/v1/health/"
        assert event["release"] == configured.VERSION
        assert event["environment"] == "production"
        assert event["level"] == "error"
        assert [value["type"] for value in event["exception"]["values"]] == [
            "KeyError",
            "RuntimeError",
        ]

    def test_tells_where_in_the_code(self, client: ApiClient, sentry: Postbox) -> None:
        client.get("health/")
        frames = sentry.events[0]["exception"]["values"][-1]["stacktrace"]["frames"]
        assert frames[-1]["function"] == "fail"
        assert any(frame["filename"] == "backend/health/router.py" for frame in frames)
        assert not any("vars" in frame for frame in frames)

    def test_tells_no_secret_and_nobody(
        self, client: ApiClient, sentry: Postbox, log_lines: Lines
    ) -> None:
        client.call(
            "GET",
            f"health/?token={PLANTED}&email=ada@example.com",
            body={"password": PLANTED, "email": "ada@example.com"},
            token=JWT,
            headers={
                "Cookie": f"sessionid={PLANTED}",
                "Idempotency-Key": PLANTED,
                "X-Custom": PLANTED,
                "User-Agent": PLANTED,
                "X-Forwarded-For": "203.0.113.77",
            },
        )
        assert len(sentry.events) == 1
        text = text_of(sentry)
        for private in (PLANTED, "ada@", "203.0.113.77", "127.0.0.1", JWT, KEY):
            assert private not in text, private
        (values,) = [event["exception"]["values"] for event in sentry.events]
        words = " ".join(value["value"] for value in values)
        assert "configured-secret" not in words
        assert "[redacted]" in words
        assert "[address]" in words
        assert "request" not in sentry.events[0]
        assert DSN not in json.dumps(log_lines())

    def test_names_the_user_by_id_alone(
        self, client: ApiClient, sentry: Postbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        account: Account = accounts.signed_in(client)
        user_id = account.me().json["id"]
        monkeypatch.setattr("backend.users.services.update_profile", fail)
        sentry.events.clear()
        answer = account.client.call(
            "PATCH", "users/me/", body={"first_name": "Ada"}, token=account.access
        )
        assert answer.status == 500
        (event,) = sentry.events
        assert event["user"] == {"id": user_id}
        assert account.email not in text_of(sentry)

    def test_of_nobody_names_nobody(self, client: ApiClient, sentry: Postbox) -> None:
        client.get("health/")
        assert sentry.events[0].get("user") in ({}, None)


@pytest.mark.django_db
class TestOtherErrors:
    def test_of_pages_outside_the_api_are_reported_once(
        self, client: ApiClient, sentry: Postbox, settings: Settings
    ) -> None:
        settings.ROOT_URLCONF = "tests.core.http.failing_urls"
        assert client.get("failing/RuntimeError/").status == 500
        (event,) = sentry.events
        assert event["exception"]["values"][-1]["type"] == "RuntimeError"
        assert event["transaction"] == "/api/v1/failing/RuntimeError/"

    @pytest.mark.parametrize("name", ["BadRequest", "Http404", "PermissionDenied"])
    def test_that_are_refusals_are_not(
        self, client: ApiClient, sentry: Postbox, settings: Settings, name: str
    ) -> None:
        settings.ROOT_URLCONF = "tests.core.http.failing_urls"
        client.get(f"failing/{name}/")
        assert sentry.events == []

    def test_are_not_reported_twice_by_log_and_library(self, sentry: Postbox) -> None:
        try:
            fail()
        except RuntimeError:
            logging.getLogger("some.library").exception("it said")
            log.logger.opt(exception=True).error("and so say we")
        assert len(sentry.events) == 1

    def test_without_a_traceback_are_no_bugs(self, sentry: Postbox) -> None:
        log.logger.bind(reason="TimeoutError").error("redis is away")
        logging.getLogger("some.library").error("it said")
        log.logger.opt(exception=True).error("no exception at all")
        assert sentry.events == []

    def test_below_an_error_are_not_reported(self, sentry: Postbox) -> None:
        try:
            fail()
        except RuntimeError:
            log.logger.opt(exception=True).warning("never mind")
        assert sentry.events == []


@pytest.mark.django_db
@pytest.mark.usefixtures("published")
class TestParkedTask:
    def test_is_reported_with_its_error(
        self,
        sentry: Postbox,
        act: Act,  # noqa: F811
    ) -> None:
        act(fail)
        token = request_id.set("of-this-test")
        task_id = enqueue(samples.short, number=7)
        request_id.reset(token)
        for _ in range(3):
            assert (len(sentry.events)) == 0
            rows.hurry(task_id)
            rows.run(task_id)
        (event,) = sentry.events
        assert event["exception"]["values"][-1]["type"] == "RuntimeError"
        assert event["extra"]["task"] == "tasks.short"
        assert event["extra"]["task_id"] == str(task_id)
        assert event["tags"] == {"request_id": "of-this-test"}
        assert PLANTED not in event["exception"]["values"][-1]["value"]

    def test_is_reported_without_one(self, sentry: Postbox) -> None:
        rows.run(rows.record(name="gone.task").pk)
        (event,) = sentry.events
        assert event["message"] == "task parked: gone.task"
        assert event["extra"]["reason"] == "No app declares this task"


class TestBreadcrumb:
    def test_is_redacted(self, sentry: Postbox) -> None:
        sentry_sdk.add_breadcrumb(message=f"password={PLANTED} ada@example.com")
        sentry_sdk.capture_message("something")
        (event,) = sentry.events
        assert event["breadcrumbs"]["values"][0]["message"] == "password=[redacted] [address]"


class TestStart:
    def test_reports_from_every_process_that_has_a_dsn(self) -> None:
        code = (
            "import sentry_sdk; from django.conf import settings;"
            "options = sentry_sdk.get_client().options;"
            "print(options['dsn'] == settings.SENTRY_DSN, options['data_collection']['user_info'],"
            "options['include_local_variables'], options['max_request_body_size'],"
            "options['traces_sample_rate'], options['environment'], settings.MIDDLEWARE[1])"
        )
        ended = manage(
            "shell", "--no-imports", "-c", code,
            folder=ROOT, DJANGO_SETTINGS_MODULE="project.settings.testing",
            SENTRY_DSN=DSN, SENTRY_ENVIRONMENT="staging",
        )  # fmt: skip
        assert ended.stdout.splitlines()[-1] == (
            "True False False never None staging"
            " backend.core.telemetry.error_tracking.RequestMiddleware"
        ), ended.stderr
        assert KEY not in ended.stdout + ended.stderr

    def test_reports_from_gunicorns_workers_too(self) -> None:
        with (
            listening() as (url, received),
            running(
                SENTRY_DSN=url.replace("//", f"//{KEY}@") + "/1", REDIS_URL="", TASKS_REDIS_URL=""
            ) as service,
        ):
            add = (
                "from backend.tasks.models import Task;"
                "Task.objects.create(name='gone.task', queue='default')"
            )
            service.manage("shell", "--no-imports", "-c", add, SENTRY_DSN="")
            wait_for(lambda: b"task parked: gone.task" in b"".join(received), 20)
            assert KEY not in service.log.read_text()

    def test_does_no_harm_where_nobody_listens(self) -> None:
        with running(SENTRY_DSN=f"http://{KEY}@127.0.0.1:1/1") as service:
            assert service.client().get("health/live/").status == 200
            text = service.log.read_text()
        assert KEY not in text
