"""``EMAIL_URL``, ``EMAIL_FROM``, ``FRONTEND_URL`` and ``PRODUCT_NAME`` of the environment."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import mailers
from pytest_django import Settings

from project import env, values
from project.env import Environment

VARIABLES = ["EMAIL_URL", "EMAIL_FROM", "FRONTEND_URL", "PRODUCT_NAME"]
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def read() -> Environment:
    """The environment as it is now, without a developer's ``.env``."""
    return Environment(_env_file=None)


def refuse(monkeypatch: pytest.MonkeyPatch, variable: str, text: str) -> str:
    """What is said about a wrong value."""
    monkeypatch.setenv(variable, text)
    with pytest.raises(ImproperlyConfigured) as refused:
        env.load.__wrapped__()
    assert refused.value.__suppress_context__
    return str(refused.value)


class TestEmailUrl:
    @pytest.mark.parametrize(
        "text",
        [
            *("hunter2", "http://hunter2", "mailto:hunter2@example.com", "console:hunter2"),
            *("console://hunter2", "file:", "file://hunter2/folder", "file:hunter2/folder"),
            *("smtp:", "smtp://", "smtp:hunter2", "smtp://:hunter2@", "smtps://u:hunter2@:465"),
            *("smtp://hunter2:port", "smtp://hunter2:0x19", "smtp://hunter2:65536"),
            *("smtp://u:hunter2#x@host", "smtp://u:hunter2/x@host", "smtp://u:hunter2?x@host"),
            *(
                "smtp://[hunter2",
                "smtp://[::hunter2]",
            ),  # what the library says of these quotes them
        ],
    )
    def test_that_is_none_names_the_variable_and_not_the_value(
        self, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = refuse(monkeypatch, "EMAIL_URL", text)
        assert "EMAIL_URL:" in said
        assert "hunter2" not in said

    def test_says_what_it_could_be(self, monkeypatch: pytest.MonkeyPatch) -> None:
        said = refuse(monkeypatch, "EMAIL_URL", "hunter2")
        for form in ("console:", "file:///", "smtp://", "smtp+tls://", "smtps://"):
            assert form in said

    @pytest.mark.parametrize("text", ["", "console:"])
    def test_is_the_terminal_unless_set(self, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
        assert read().email_url.get_secret_value() == "console:"
        monkeypatch.setenv("EMAIL_URL", text)
        assert read().email_url.get_secret_value() == "console:"

    def test_is_shown_by_nobody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EMAIL_URL", "smtp://user:hunter2@host")
        assert "hunter2" not in f"{read()!r} {read()}"

    @pytest.mark.parametrize(
        ("url", "password"), [("smtp://u:p%40ss@h", "p@ss"), ("smtps://u:plain@h", "plain")]
    )
    def test_has_a_password_that_the_log_masks(
        self, url: str, password: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EMAIL_URL", url)
        assert password in read().secrets


class TestMailer:
    @pytest.mark.parametrize(
        ("url", "options"),
        [
            ("smtp://h", {"host": "h", "port": 25}),
            ("smtp://h:1025", {"host": "h", "port": 1025}),
            ("smtp+tls://h", {"host": "h", "port": 587, "use_tls": True}),
            ("smtps://h", {"host": "h", "port": 465, "use_ssl": True}),
            ("smtps://[::1]:1465", {"host": "::1", "port": 1465, "use_ssl": True}),
            (
                "smtp://ada%40x.example:p%3A%2F%40s@h",
                {"host": "h", "port": 25, "username": "ada@x.example", "password": "p:/@s"},
            ),
            ("smtp://ada@h", {"host": "h", "port": 25, "username": "ada", "password": ""}),
        ],
    )
    def test_of_smtp_knows_how_to_connect(self, url: str, options: dict[str, Any]) -> None:
        mailer = values.mailer(url)
        assert mailer["BACKEND"] == SMTP
        timeout = mailer["OPTIONS"].pop("timeout")
        assert mailer["OPTIONS"] == options
        assert 0 < timeout <= 30  # Django's own is for ever

    @pytest.mark.parametrize("scheme", ["smtp", "smtp+tls", "smtps"])
    def test_of_smtp_is_one_that_django_takes(self, scheme: str, settings: Settings) -> None:
        settings.MAILERS = {"default": values.mailer(f"{scheme}://user:secret@h:99")}
        assert (mailers.default.host, mailers.default.port) == ("h", 99)  # type: ignore[attr-defined]  # the backend of SMTP

    @pytest.mark.parametrize(
        ("url", "folder"), [("file:///tmp/mails", "/tmp/mails"), ("file:///a%20b/", "/a b/")]
    )
    def test_of_a_folder_knows_it(self, url: str, folder: str) -> None:
        assert values.mailer(url)["OPTIONS"] == {"folder": folder}

    @pytest.mark.parametrize("url", ["console:", "file:///tmp/mails"])
    def test_without_a_server_is_one_that_django_takes(self, url: str, settings: Settings) -> None:
        settings.MAILERS = {"default": values.mailer(url)}
        assert type(mailers.default).__module__ == "backend.mails.backends"


class TestEmailFrom:
    @pytest.mark.parametrize(
        "text",
        [
            *("hunter2", "hunter2 <>", "<hunter2>", "A <a@b.example>\nBcc: hunter2@x.example"),
            *("A <a@b.example>\rhunter2", "hunter2, Inc. <a@b.example>"),
        ],
    )
    def test_that_is_none_names_the_variable_and_not_the_value(
        self, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = refuse(monkeypatch, "EMAIL_FROM", text)
        assert "EMAIL_FROM:" in said
        assert "hunter2" not in said

    @pytest.mark.parametrize(
        "text",
        ["", "a@b.example", "Backend <a@b.example>", '"A, Inc." <a@b.example>', "Sö <a@b.example>"],
    )
    def test_is_an_address_with_or_without_a_name(
        self, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EMAIL_FROM", text)
        assert read().email_from == text


class TestFrontendUrl:
    @pytest.mark.parametrize(
        "text",
        [
            *("hunter2", "hunter2.example", "ftp://hunter2", "javascript:hunter2", "//hunter2"),
            *("https://", "https:///hunter2", "https://x.example/?hunter2"),
            *("https://x.example/#hunter2", "http://[hunter2", "http://[::hunter2]"),
            *("https://hunter2:port", "https://hunter2:65536"),
        ],
    )
    def test_that_is_none_names_the_variable_and_not_the_value(
        self, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = refuse(monkeypatch, "FRONTEND_URL", text)
        assert "FRONTEND_URL:" in said
        assert "hunter2" not in said

    @pytest.mark.parametrize(
        ("text", "url"),
        [
            ("", ""),
            ("https://x.example", "https://x.example"),
            ("https://x.example/", "https://x.example"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("https://x.example/shop//", "https://x.example/shop"),
        ],
    )
    def test_ends_without_a_slash(
        self, text: str, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FRONTEND_URL", text)
        assert read().frontend_url == url


class TestProductName:
    @pytest.mark.parametrize("text", ["", "hunter2\nBcc: x@x.example", "hunter2\r", "hunter2" * 9])
    def test_that_is_none_names_the_variable_and_not_the_value(
        self, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        said = refuse(monkeypatch, "PRODUCT_NAME", text)
        assert "PRODUCT_NAME:" in said
        assert "hunter2" not in said

    @pytest.mark.parametrize("text", ["Backend", "Söhne & Töchter, Inc.", '"x" <y>'])
    def test_is_any_line(self, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PRODUCT_NAME", text)
        assert read().product_name == text

    def test_is_backend_unless_set(self) -> None:
        assert read().product_name == "Backend"
