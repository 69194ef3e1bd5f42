"""Secrets planted in every input are found in no line of any log."""

import json
import re
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from gunicorn.config import Config

from backend.authentication import services
from backend.authentication.models import Session
from backend.authentication.tokens import RefreshToken
from backend.core.server.log import Logger
from backend.core.telemetry import log
from backend.testing import accounts
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient
from backend.testing.staff import permit, user_of
from tests.conftest import Lines
from tests.core.limits.limited import change_password
from tests.core.telemetry.planting import ID, SENT, Planted, plant_everywhere
from tests.service import Service, running


class TestSecretsOfARunningService:
    @pytest.fixture
    def service(self) -> Iterator[Service]:
        with running(LOG_LEVEL="DEBUG") as started:
            yield started

    def test_are_in_no_line(self, service: Service) -> None:
        planted = plant_everywhere(service)
        lines = service.lines()
        assert len(lines) > 50
        assert planted.leaks("\n".join(lines)) == []
        assert all(isinstance(json.loads(line), dict) for line in lines)


class TestSecretsToldByTheServer:
    """gunicorn's own lines, about requests that never reach the application."""

    SECRET = "hunter2hunter2"

    @pytest.mark.parametrize(
        ("error", "told"),
        [
            ("Invalid HTTP Header: 'Authorization {}'", "Invalid HTTP Header"),
            ("Invalid HTTP request line: 'GET /verify/{}'", "Invalid HTTP request line"),
            ('Invalid HTTP method: "{}\'"', "Invalid HTTP method"),
            ("Request Line is too large (9 > 8)", "Request Line is too large (9 > 8)"),
        ],
    )
    @pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
    def test_are_not_quoted_of_a_malformed_request(
        self, log_lines: Lines, address: str, error: str, told: str
    ) -> None:
        begin = f"Invalid request from ip={address}: "
        Logger(Config()).warning(begin + error.format(self.SECRET))
        (line,) = log_lines()
        assert line["message"] == begin + told

    def test_are_not_told_by_the_address_of_a_request_that_failed(self, log_lines: Lines) -> None:
        try:
            int("the cause")
        except ValueError:
            address = f"/verify/{self.SECRET}/"
            Logger(Config()).exception("Error handling request %s %s", "GET", address)
        (line,) = log_lines()
        assert line["message"] == "Error handling request"
        assert "the cause" in line["exception"]
        assert self.SECRET not in json.dumps(line)

    def test_are_all_that_is_left_out(self, log_lines: Lines) -> None:
        logger = Logger(Config())
        logger.warning("Worker with pid %s was terminated", 7)
        try:
            int("the cause")
        except ValueError:
            logger.exception("Socket error %s", 8)
        said = [line["message"] for line in log_lines()]
        assert said == ["Worker with pid 7 was terminated", "Socket error 8"]


PAUSE_SECONDS, PATIENCE_SECONDS = 0.05, 20.0


class TestMailedTokens:
    """Tokens that stand in mails stand nowhere else."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return tmp_path / "mails"

    @pytest.fixture
    def service(self, folder: Path) -> Iterator[Service]:
        # Without a Redis the service runs its tasks itself.
        with running(
            EMAIL_URL=f"file://{folder}", REDIS_URL="", TASKS_REDIS_URL="", LOG_LEVEL="DEBUG"
        ) as started:
            yield started

    def test_are_in_no_line_and_in_no_row(
        self, service: Service, folder: Path, tmp_path: Path
    ) -> None:
        client, email, moved = service.client(), "ada@example.com", "ada@new.example.com"
        account = accounts.signed_in(client, email=email)
        (verify,) = tokens(folder, 1)
        assert client.post("auth/email/verify/", {"token": verify}).status == 204
        client.post("auth/password/reset/", {"email": email})
        form = {"email": moved, "password": PASSWORD}
        client.post("auth/email/change/", form, token=account.access)
        account.log_in(**{"User-Agent": "curl/8.5.0"})
        found = tokens(folder, 5)  # the reset, the warning and the new address, the new device
        for token in found:
            for path in ("auth/email/verify/", "auth/not-me/"):
                client.get(f"{path}?token={token}")
                client.post(path, {"token": token}, token=token)
        found = tokens(folder, 6)  # and a link for a new password
        assert len(found) >= 6
        lines, rows = "\n".join(service.lines()), tmp_path / "rows.json"
        service.manage("dumpdata", "tasks", "authentication", "audit", "--output", str(rows))
        assert lines.count("task done") >= 6
        assert '"tasks.task"' in rows.read_text()
        for token in found:
            assert token[24:] not in lines
            assert token[24:] not in rows.read_text()


def tokens(folder: Path, count: int) -> list[str]:
    """What the mails in a folder carry, as soon as there are so many."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(mails := sorted(folder.glob("*.eml"))) < count and time.monotonic() < deadline:
        time.sleep(PAUSE_SECONDS)
    texts = [message_from_bytes(mail.read_bytes(), policy=default) for mail in mails]
    bodies = [text.get_body(("plain",)) for text in texts]
    links = [re.findall(r"\?token=(\S+)", body.get_content()) for body in bodies if body]
    return [token for (token,) in links]


@pytest.mark.postgresql  # embedded, the development settings lead to a developer's own file
class TestSecretsInDevelopment:
    KEY = "configured-key-" + "k" * 40

    @pytest.fixture
    def service(self) -> Iterator[Service]:
        with running(
            DJANGO_SETTINGS_MODULE="project.settings.development",
            LOG_LEVEL="DEBUG",
            SECRET_KEY=self.KEY,
            RATE_LIMIT_LOGIN_FAILURES="",
        ) as started:
            yield started

    def test_are_in_no_line_with_sql(self, service: Service) -> None:
        planted = plant_everywhere(service)
        planted.secrets["the configured key"] = self.KEY
        text = "\n".join(service.lines())
        assert "SELECT" in text
        assert planted.leaks(text) == []


class Style:
    """The two ways of writing lines."""

    JSON, TEXT = True, False


@pytest.mark.django_db
@pytest.mark.parametrize("style", [Style.JSON, Style.TEXT], ids=["json", "text"])
class TestSecretsInProcess:
    @pytest.fixture
    def said(self, style: bool, capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
        """Everything that was said, with SQL."""
        log.configure({"level": "DEBUG", "json": style, "secrets": ["configured-secret"]})
        connection.force_debug_cursor = True
        capsys.readouterr()
        yield lambda: capsys.readouterr().out
        connection.force_debug_cursor = False
        log.configure(settings.LOGGING)

    def test_of_a_body_are_not_told_by_an_exception(
        self, client: ApiClient, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        planted = Planted()

        def fail(**fields: Any) -> None:
            password = fields["password"]
            raise RuntimeError(
                f"{fields} password={password} {json.dumps({'password': password})} "
                f"Authorization: Bearer {planted['a bearer']} "
                f"redis://:{planted['a URL']}@127.0.0.1:6379/0 "
                f"?token={planted['a query']} Cookie: sessionid={planted['a cookie']}"
            ) from KeyError(f"refresh={planted['a cause']}")

        monkeypatch.setattr(services, "login", fail)
        body = {"email": "ada@example.com", "password": planted["a body"]}
        assert client.post("auth/login/", body).status == 500
        text = said()
        assert "RuntimeError" in text
        assert planted.leaks(text) == []

    def test_of_accounts_are_not_told_by_sql(
        self, client: ApiClient, said: Callable[[], str]
    ) -> None:
        account = accounts.signed_in(client)
        planted = Planted({"the access token": account.access, "the password": PASSWORD})
        planted.secrets["the refresh token"] = account.refresh
        planted.secrets["the hash"] = user_of(account).password.rpartition("$")[2]
        account.spend(**{"Idempotency-Key": planted["an idempotency key"]})
        change_password(account, PASSWORD)
        text = said()
        assert "SELECT" in text
        assert planted.leaks(text) == []

    def test_of_the_admin_site_are_not_told_by_sql(
        self, client: ApiClient, said: Callable[[], str]
    ) -> None:
        browser = client.django  # type: ignore[attr-defined]  # in process
        account = permit(accounts.register(client))
        form = {"username": account.email, "password": PASSWORD, "next": "/admin/"}
        assert browser.post("/admin/login/", form).status_code == 302
        planted = Planted({"the session cookie": browser.cookies["sessionid"].value})
        browser.get("/admin/")
        browser.post("/admin/logout/")
        browser.cookies["sessionid"] = planted["a session cookie of old"]
        browser.get("/admin/")
        browser.cookies["sessionid"] = planted["a forged session cookie"] + "'\"; args="
        browser.get("/admin/")
        text = said()
        assert "django_session" in text
        assert planted.leaks(text) == []

    def test_of_the_service_are_not_told_by_sql(self, said: Callable[[], str]) -> None:
        connection.queries_log.clear()
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s", ["configured-secret"])
        text = said()
        assert "configured-secret" not in text

    def test_are_masked_and_the_rest_is_told(
        self, account: Account, said: Callable[[], str]
    ) -> None:
        session = Session.objects.get()
        account.log_in(**SENT)
        text = said()
        assert ID in text
        assert "login_succeeded" in text
        assert str(session.user_id) in text
        assert RefreshToken.read(account.refresh).user_id == session.user_id
        assert "/api/v1/auth/login/" in text
