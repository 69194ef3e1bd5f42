import sys
from datetime import datetime, tzinfo
from email import message_from_bytes, policy
from email.message import EmailMessage
from io import StringIO
from pathlib import Path
from threading import Thread
from typing import Self

import pytest
from django.core.mail import InvalidMailer
from pytest_django import Settings

from backend.core.context import request_id
from backend.mails import backends
from backend.mails.delivery import send
from backend.mails.messages import Mail, Message
from project import values
from tests.mails.samples import LINK, sample

TO = "ada@example.com"


def deliver(number: int = 0, to: str = TO) -> None:
    message = Message(f"Mail {number}", f"Look:\n{LINK}\n", f'<a href="{LINK}">Look</a>\n')
    send(message, to=to, message_id=f"id-{number}")


def parsed(path: Path) -> EmailMessage:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


class Stopped(datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return cls(2026, 11, 24, tzinfo=tz)


class TestFileBackend:
    @pytest.fixture
    def folder(self, tmp_path: Path, settings: Settings) -> Path:
        """Where the mails go, which is not there yet."""
        folder = tmp_path / "some where" / "mails"
        settings.MAILERS = {"default": values.mailer(folder.as_uri())}
        return folder

    def test_writes_one_message_per_file(self, folder: Path) -> None:
        deliver(1)
        deliver(2)
        subjects = {parsed(path)["Subject"] for path in folder.iterdir()}
        assert subjects == {"Mail 1", "Mail 2"}
        assert {path.suffix for path in folder.iterdir()} == {".eml"}

    @pytest.mark.parametrize("mail", Mail)
    def test_writes_what_a_mail_program_reads(self, folder: Path, mail: Mail) -> None:
        send(sample(mail), to=TO, message_id="the-id")
        (path,) = folder.iterdir()
        message = parsed(path)
        assert message.defects == []
        assert (message["To"], message["Message-ID"]) == (TO, "<the-id@localhost>")
        body = message.get_body(preferencelist=("plain",))
        assert body
        assert body.get_content() == sample(mail).text

    def test_shows_each_link_in_one_piece(self, folder: Path) -> None:
        deliver()
        (path,) = folder.iterdir()
        assert LINK in path.read_text().splitlines()
        assert f'href="{LINK}"' in path.read_text()

    def test_has_names_that_sort_by_time(self, folder: Path) -> None:
        for number in range(20):
            deliver(number)
        subjects = [parsed(path)["Subject"] for path in sorted(folder.iterdir())]
        assert subjects == [f"Mail {number}" for number in range(20)]

    def test_loses_nothing_when_many_write_at_once(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(backends, "datetime", Stopped)

        def deliver_many() -> None:
            for number in range(20):
                deliver(number)

        threads = [Thread(target=deliver_many) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len([*folder.glob("*.eml")]) == 100

    def test_shows_nobody_half_a_message(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen: list[str] = []
        write = Path.write_bytes

        def watching(path: Path, data: bytes) -> int:
            written = write(path, data)
            seen.extend(entry.name for entry in folder.iterdir())
            return written

        monkeypatch.setattr(Path, "write_bytes", watching)
        deliver()
        assert len(seen) == 1
        assert not [name for name in seen if name.endswith(".eml") or not name.startswith(".")]
        assert len([*folder.iterdir()]) == 1

    def test_takes_addresses_that_smtp_cannot_carry(self, folder: Path) -> None:
        deliver(to="jürgen@example.com")
        (path,) = folder.iterdir()
        assert "To: jürgen@example.com\n" in path.read_text()

    def test_refuses_options_that_it_does_not_know(
        self, tmp_path: Path, settings: Settings
    ) -> None:
        mailer = values.mailer(tmp_path.as_uri())
        mailer["OPTIONS"]["colour"] = "red"
        settings.MAILERS = {"default": mailer}
        with pytest.raises(InvalidMailer, match="colour"):
            deliver()


class TestConsoleBackend:
    @pytest.fixture(autouse=True)
    def _console(self, settings: Settings) -> None:
        settings.MAILERS = {"default": values.mailer("console:")}
        settings.DEFAULT_FROM_EMAIL = "Söhne <noreply@example.com>"

    def test_shows_who_writes_what_to_whom(self, capsys: pytest.CaptureFixture[str]) -> None:
        token = request_id.set("the-request")
        try:
            deliver()
        finally:
            request_id.reset(token)
        rule = "-" * 80
        assert capsys.readouterr().out.splitlines() == [
            rule,
            "From: Söhne <noreply@example.com>",
            f"To: {TO}",
            "Subject: Mail 0",
            "X-Request-ID: the-request",
            "",
            "Look:",
            LINK,
            rule,
        ]

    def test_shows_no_header_that_is_not_there(self, capsys: pytest.CaptureFixture[str]) -> None:
        deliver()
        assert "X-Request-ID" not in capsys.readouterr().out

    def test_shows_text_and_no_encoding(
        self, capsys: pytest.CaptureFixture[str], settings: Settings
    ) -> None:
        settings.PRODUCT_NAME = "Söhne"
        message = sample(Mail.RESET_PASSWORD)
        send(message, to=TO, message_id="the-id")
        shown = capsys.readouterr().out
        assert message.text in shown
        assert "<html" not in shown

    def test_writes_each_message_in_one_piece(self, monkeypatch: pytest.MonkeyPatch) -> None:
        terminal = Terminal()
        monkeypatch.setattr(sys, "stdout", terminal)
        deliver(1)
        deliver(2)
        assert len(terminal.pieces) == 2
        assert all(piece.endswith("-\n") for piece in terminal.pieces)


class Terminal(StringIO):
    """Notes each write by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return len(text)
