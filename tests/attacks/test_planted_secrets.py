"""Secrets planted in every input of a running service, its worker and its scheduler.

Nobody tells them afterwards: no line of a log, metric, row, report of an error or refusal, and
nothing that was written to Redis. What is kept on purpose is named here and in docs/security.md.
"""

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests
from django.conf import settings

from backend.testing.accounts import Account
from tests.attacks import places
from tests.attacks.planting import (
    NAMES_OF_FIELDS,
    Watched,
    accepting,
    plant,
    remember_tokens,
)
from tests.core.telemetry.planting import Planted
from tests.core.telemetry.test_error_tracking import KEY, listening
from tests.figures import Held
from tests.mails.smtp import MailServer
from tests.processes import free_port
from tests.scraping import TOKEN
from tests.service import running
from tests.waiting import until

MAIL_PASSWORD = "mail-hunter-0123456789"
EVENTS = "audit_securityevent"
# Software names itself; the owner of an account, and staff, are shown by what it was used.
KEPT = {
    "a user agent": {"authentication_session.user_agent", f"{EVENTS}.user_agent"},
    "a hash": {"users_user.password"},
}


@dataclass
class Scene:
    """A service with all its processes, and everybody that it tells something."""

    service: Watched
    mails: MailServer
    reports: list[bytes]
    redis: list[str]
    worker_port: str

    def told(self) -> dict[str, str]:
        """What was told so far, by whom or to whom."""
        reports = b"\n".join(self.reports).decode(errors="replace")
        metrics = [self._metrics(url) for url in (self.service.url, self._worker)]
        return {
            "a line of the log": "\n".join(self.service.lines()),
            "a metric": "\n".join(metrics),
            "a report of an error": reports,
            "Redis": "\n".join(self.redis),
            "a refusal": places.refusals(self.service.answers),
            **places.columns(self.service.environment),
        }

    @property
    def _worker(self) -> str:
        return f"http://127.0.0.1:{self.worker_port}"

    @staticmethod
    def _metrics(url: str) -> str:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = requests.get(f"{url}/metrics", headers=headers, timeout=10)
        assert answer.status_code == 200
        return answer.text


@pytest.fixture
def scene() -> Iterator[Scene]:
    port = free_port()
    with (
        listening() as (sentry, reports),
        accepting(MAIL_PASSWORD) as mails,
        places.written_to_redis(os.environ.get("REDIS_URL", "")) as written,
        running(
            LOG_LEVEL="DEBUG",
            METRICS_TOKEN=TOKEN,
            SENTRY_DSN=sentry.replace("//", f"//{KEY}@") + "/1",
            EMAIL_URL=mails.url.replace("//", f"//mailer:{MAIL_PASSWORD}@"),
        ) as started,
        started.beside("worker", WORKER_METRICS_PORT=port),
        started.beside("scheduler"),
    ):
        until(lambda: listens(port))
        watched = Watched(**vars(started))
        yield Scene(watched, mails, reports, written, port)


def listens(port: str) -> bool:
    """Whether the worker has begun."""
    try:
        socket.create_connection(("127.0.0.1", int(port))).close()
    except ConnectionRefusedError:
        return False
    return True


def break_down(scene: Scene, planted: Planted) -> None:
    """What nobody has foreseen: a table is gone, a mail server repeats what it was told."""
    service, client = scene.service, scene.service.client()
    password = planted["a password when all fails"]
    form = {"email": "ada@example.com", "password": password}
    places.rename(service.environment, EVENTS, "elsewhere")
    for path, fields in (
        ("auth/login/", {}),
        ("auth/register/", {"password_confirm": password}),
        ("auth/login/", {}),
    ):
        headers = {"Idempotency-Key": planted[f"a key when all fails, {path}"]}
        assert client.post(path, {**form, **fields}, headers=headers).status >= 500
    places.rename(service.environment, "elsewhere", EVENTS)
    until(lambda: scene.reports or not os.environ.get("REDIS_URL"))
    scene.mails.data = (
        f"451 mailer:{MAIL_PASSWORD} said ?token={planted['a token in a refused mail']} and"
        f" AUTH Basic {planted['a password in a refused mail']}"
    )
    other = {**form, "email": "grace@example.com", "password_confirm": password}
    client.post("auth/register/", other).require(201)
    until(lambda: "451" in places.columns(service.environment)["tasks_task.error"])
    grace = Account(client, other["email"], password)
    grace.log_in(**{"User-Agent": planted["a user agent"]}).require(200)
    remember_tokens(planted, grace)
    client.session.close()


def remember_what_is_configured(scene: Scene, planted: Planted) -> None:
    """Keys, and what the service has made of a password."""
    hashes = places.columns(scene.service.environment)["users_user.password"]
    planted.secrets |= {
        "the key": settings.SECRET_KEY,
        "the password of the mail server": MAIL_PASSWORD,
        "the key of Sentry": KEY,
        "a hash": hashes.split()[0].rpartition("$")[2],
        **{f"the key {kid}": key for kid, key in settings.JWT_KEYS.items()},
    }


def is_meant(secret: str, place: str) -> bool:
    """Whether it is kept there on purpose, or told to the very caller whose word it was."""
    if place == "a refusal" and secret.startswith(NAMES_OF_FIELDS):
        return True
    return place in KEPT.get(secret, set())


class TestPlantedSecrets:
    def test_are_told_nowhere(self, scene: Scene, held: Held) -> None:
        planted = plant(scene.service, scene.mails)
        break_down(scene, planted)
        remember_what_is_configured(scene, planted)
        told = scene.told()
        leaks = {
            place: [secret for secret in planted.leaks(text) if not is_meant(secret, place)]
            for place, text in told.items()
        }
        assert {place: found for place, found in leaks.items() if found} == {}
        self.search_finds_what_is_there(planted, told)
        held("30 planted secrets", f"0 of {len(planted.secrets)} in {len(told)} places")

    @staticmethod
    def search_finds_what_is_there(planted: Planted, told: dict[str, str]) -> None:
        """The places are the right ones: what belongs there is found by the same means."""
        assert len(planted.secrets) > 150
        assert planted["a user agent"] in told["authentication_session.user_agent"]
        assert planted["a user agent"] in told[f"{EVENTS}.user_agent"]
        assert "grace@example.com" in told["users_user.email"]
        assert "idempotency_reservation.body" in told
        assert "login_failed" in told[f"{EVENTS}.type"]
        assert "send_link" in told["tasks_task.name"]
        assert 'backend_http_requests_total{method="(other)"' in told["a metric"]
        assert 'backend_task_attempts_total{outcome="failed"' in told["a metric"]
        assert "task failed" in told["a line of the log"]
        assert "security event" in told["a line of the log"]
        assert '"code":"invalid_credentials"' in told["a refusal"]
        if os.environ.get("REDIS_URL"):  # embedded there is none, and SQLite's errors are outages
            assert "ProgrammingError" in told["a report of an error"]
            assert "limit" in told["Redis"]
            assert "tasks" in told["Redis"]
