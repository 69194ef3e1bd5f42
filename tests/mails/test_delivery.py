from collections.abc import Iterator
from smtplib import SMTPException

import pytest
from pytest_django import Settings

from backend.core.context import request_id
from backend.mails.delivery import MailRefused, send
from backend.mails.messages import Mail
from project import values
from tests.mails import smtp
from tests.mails.samples import LINK, LINKED, sample
from tests.mails.smtp import MailServer

TO = "ada@example.com"


@pytest.fixture
def server(settings: Settings) -> Iterator[MailServer]:
    """A mail server, and the settings that lead to it."""
    with smtp.running() as running:
        settings.MAILERS = {"default": values.mailer(running.url)}
        settings.DEFAULT_FROM_EMAIL = "Backend <noreply@mail.example.com>"
        yield running


def deliver(mail: Mail = Mail.VERIFY_EMAIL, to: str = TO) -> None:
    send(sample(mail), to=to, message_id="the-id")


class TestSend:
    def test_goes_from_us_to_one_person(self, server: MailServer) -> None:
        deliver()
        (envelope,) = server.taken
        assert (envelope.mail_from, envelope.rcpt_tos) == ("noreply@mail.example.com", [TO])
        assert server.message()["From"] == "Backend <noreply@mail.example.com>"
        assert server.message()["To"] == TO
        assert server.message()["Subject"] == "Confirm your email address for Backend"
        assert server.message()["Date"].datetime.tzinfo

    @pytest.mark.parametrize("mail", Mail)
    def test_carries_text_and_html(self, server: MailServer, mail: Mail) -> None:
        deliver(mail)
        sent = sample(mail)
        assert server.message().get_content_type() == "multipart/alternative"
        plain, rich = server.message().iter_parts()
        assert plain.get_content_type() == "text/plain"  # the last is what a program prefers
        assert rich.get_content_type() == "text/html"
        assert plain.get_content().replace("\r\n", "\n") == sent.text
        assert rich.get_content().replace("\r\n", "\n") == sent.html.strip() + "\n"

    def test_has_the_same_message_id_in_every_attempt(self, server: MailServer) -> None:
        deliver()
        assert server.message()["Message-ID"] == "<the-id@mail.example.com>"

    @pytest.mark.parametrize(
        ("sender", "domain"),
        [
            ("noreply@localhost", "localhost"),
            ('"A, B" <a@b.example>', "b.example"),
            ("Backend <noreply@exämple.com>", "xn--exmple-cua.com"),
        ],
    )
    def test_has_a_message_id_of_the_senders_domain(
        self, server: MailServer, settings: Settings, sender: str, domain: str
    ) -> None:
        settings.DEFAULT_FROM_EMAIL = sender
        deliver()
        assert server.message()["Message-ID"] == f"<the-id@{domain}>"

    def test_says_that_nobody_should_answer(self, server: MailServer) -> None:
        deliver()
        assert server.message()["Auto-Submitted"] == "auto-generated"

    @pytest.mark.parametrize("current", ["the-request", "r" * 128])
    def test_carries_the_id_of_the_request_in_one_piece(
        self, server: MailServer, current: str
    ) -> None:
        token = request_id.set(current)
        try:
            deliver()
        finally:
            request_id.reset(token)
        assert f"\r\nX-Request-ID: {current}\r\n".encode() in server.raw()

    def test_carries_no_id_where_no_request_was(self, server: MailServer) -> None:
        deliver()
        assert "X-Request-ID" not in server.message()

    @pytest.mark.parametrize("product", ["Backend", "Söhne & Töchter"])
    @pytest.mark.parametrize("mail", LINKED)
    def test_breaks_no_link_in_two(
        self, server: MailServer, settings: Settings, mail: Mail, product: str
    ) -> None:
        settings.PRODUCT_NAME = product
        deliver(mail)
        assert f"\r\n{LINK}\r\n".encode() in server.raw()
        assert f'href="{LINK}"'.encode() in server.raw()
        assert max(map(len, server.raw().split(b"\r\n"))) <= 998

    def test_keeps_the_encoded_words_of_its_subject_short(
        self, server: MailServer, settings: Settings
    ) -> None:
        settings.PRODUCT_NAME = "Überraschungen " * 4
        deliver()
        assert server.message()["Subject"].endswith("Überraschungen")
        words = [word for word in server.raw().split() if word.startswith(b"=?")]
        assert words
        assert max(map(len, words)) <= 75

    def test_has_no_name_to_put_a_line_into(self, server: MailServer) -> None:
        with pytest.raises(ValueError, match="address"):
            deliver(to="ada@example.com\nBcc: eve@example.com")
        assert server.taken == []


class TestMailRefused:
    @pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "553 no", "599 no"])
    @pytest.mark.parametrize("stage", ["recipient", "data"])
    def test_is_a_no_for_good(self, server: MailServer, stage: str, answer: str) -> None:
        setattr(server, stage, f"{answer}: {TO}")
        with pytest.raises(MailRefused, match=answer[:3]) as refused:
            deliver()
        assert "ada" not in str(refused.value)
        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__  # a traceback would show the address

    def test_is_an_address_that_smtp_cannot_carry(self, server: MailServer) -> None:
        with pytest.raises(MailRefused) as refused:
            deliver(to="jürgen@example.com")
        assert "jürgen" not in str(refused.value)
        assert server.taken == []

    @pytest.mark.parametrize("answer", ["451 later", "421 busy", "452 full"])
    @pytest.mark.parametrize("stage", ["recipient", "data", "sender"])
    def test_is_not_a_not_now(self, server: MailServer, stage: str, answer: str) -> None:
        setattr(server, stage, answer)
        with pytest.raises(SMTPException):
            deliver()

    def test_is_not_a_refusal_of_us(self, server: MailServer) -> None:
        server.sender = "550 who are you"
        with pytest.raises(SMTPException):
            deliver()

    def test_is_not_a_wrong_password_of_ours(self, server: MailServer, settings: Settings) -> None:
        url = f"smtp://us:wrong@127.0.0.1:{server.port}"
        settings.MAILERS = {"default": values.mailer(url)}
        with pytest.raises(SMTPException, match="535"):
            deliver()

    @pytest.mark.parametrize("words", [b"554 not today", b"421 busy", b"what?"])
    def test_is_not_a_server_that_takes_nobodys_mail(
        self, settings: Settings, words: bytes
    ) -> None:
        with smtp.greeting(words) as url:
            settings.MAILERS = {"default": values.mailer(url)}
            with pytest.raises(SMTPException):
                deliver()

    def test_is_not_a_server_that_is_away(self, settings: Settings) -> None:
        settings.MAILERS = {"default": values.mailer(MailServer().url)}
        with pytest.raises(ConnectionRefusedError):
            deliver()

    def test_is_not_a_mistake_in_the_settings(self, server: MailServer, settings: Settings) -> None:
        settings.DEFAULT_FROM_EMAIL = "nobody at all"
        with pytest.raises(ValueError, match="nobody"):
            deliver()
