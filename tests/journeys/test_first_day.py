"""Somebody's first day: nothing is configured, mails are read in the terminal."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from backend.testing.client import Answer, OverTheWire
from tests.dev_server import answer, started
from tests.waiting import wait_for

EMAIL = "ada@example.com"
PASSWORD = "a quiet walk by the sea"
NEW_PASSWORD = "a louder walk by the sea"
_MAIL = re.compile(r"^-{80}\n(From: .*?)\n-{80}$", re.DOTALL | re.MULTILINE)


class Person:
    """Sits before a terminal, a browser and a client."""

    def __init__(self, url: str, terminal: Path) -> None:
        self.url = url
        self.http = OverTheWire(url)
        self.terminal = terminal
        self.read = 0

    def post(self, path: str, body: object = None, token: str | None = None) -> Answer:
        return self.http.post(path, body, token=token)

    def log_in(self, password: str, agent: str = "curl") -> str:
        body = {"email": EMAIL, "password": password}
        answer = self.http.post("auth/login/", body, headers={"User-Agent": agent})
        assert answer.status == 200, answer
        token: str = answer.json["access"]
        return token

    def next_mail(self) -> str:
        """The next mail that the terminal shows."""

        def shown() -> list[str]:
            return _MAIL.findall(self.terminal.read_text())

        wait_for(lambda: len(shown()) > self.read, 10)
        self.read += 1
        return shown()[self.read - 1]

    def click(self, mail: str) -> str:
        """Open the link of a mail in the browser; its page posts the token."""
        (link,) = re.findall(r"^(http\S+)$", mail, re.MULTILINE)
        assert link.startswith(self.url), "the link leads here, as nobody named a frontend"
        page = self.http.session.get(link, timeout=10)
        assert page.status_code == 200
        assert "<button" in page.text
        return str(urlsplit(link).query).removeprefix("token=")


@pytest.fixture
def person(tree: Path) -> Iterator[Person]:
    with started(tree, LOG_LEVEL="INFO") as (url, terminal):
        answer(f"{url}/api/v1/health/live/", terminal)
        yield Person(url, terminal)


class TestFirstDay:
    def test_goes_from_registration_to_a_lost_password_and_out_again(self, person: Person) -> None:
        # Ada registers, finds a mail in the terminal, and clicks its link: once.
        body = {"email": EMAIL, "password": PASSWORD, "password_confirm": PASSWORD}
        assert person.post("auth/register/", body).status == 201
        mail = person.next_mail()
        assert f"To: {EMAIL}" in mail
        token = person.click(mail)
        access = person.log_in(PASSWORD)
        assert person.http.get("users/me/", token=access).json["email_verified"] is False
        assert person.post("auth/email/verify/", {"token": token}).status == 204
        assert person.post("auth/email/verify/", {"token": token}).code == "token_invalid"
        assert person.http.get("users/me/", token=access).json["email_verified"] is True

        # She forgets her password and gets a new one; whoever was signed in is out.
        assert person.post("auth/password/reset/", {"email": EMAIL}).status == 202
        token = person.click(person.next_mail())
        reset = {"token": token, "password": NEW_PASSWORD, "password_confirm": NEW_PASSWORD}
        assert person.post("auth/password/reset/confirm/", reset).status == 204
        assert person.http.get("users/me/", token=access).code == "session_revoked"
        assert "password" in person.next_mail()

        # Somebody signs in from elsewhere. That wasn't her.
        stolen = person.log_in(NEW_PASSWORD, agent="Mozilla/5.0 (Windows NT 10.0) Firefox/140.0")
        mail = person.next_mail()
        assert "Firefox on Windows" in mail
        assert person.post("auth/not-me/", {"token": person.click(mail)}).status == 204
        assert person.http.get("users/me/", token=stolen).code == "session_revoked"
        refused = person.post("auth/login/", {"email": EMAIL, "password": NEW_PASSWORD})
        assert refused.code == "invalid_credentials"
        token = person.click(person.next_mail())
        reset = {"token": token, "password": PASSWORD, "password_confirm": PASSWORD}
        assert person.post("auth/password/reset/confirm/", reset).status == 204
        assert "password" in person.next_mail()

        # All of it stands in her security events.
        access = person.log_in(PASSWORD)
        events = person.http.get("users/me/security-events/", token=access).json["results"]
        assert [event["type"] for event in reversed(events)] == [
            "registered",
            "login_succeeded",
            "email_verified",
            "password_reset_requested",
            "password_reset",
            "login_succeeded",
            "not_me",
            "login_failed",
            "password_reset",
            "login_succeeded",
        ]

        # She leaves, and a mail says goodbye.
        assert person.post("users/me/delete/", {"password": PASSWORD}, token=access).status == 204
        assert "deleted" in person.next_mail()
        assert person.http.get("users/me/", token=access).code == "session_revoked"
