"""``just mails``: the command ``mails``."""

import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from backend.mails.messages import Mail


def mails(*options: str) -> Path:
    """What the command says: where to look."""
    out = StringIO()
    call_command("mails", *options, stdout=out)
    return Path(out.getvalue().strip())


class TestMails:
    def test_writes_every_mail_as_html_and_as_text(self, tmp_path: Path) -> None:
        mails(str(tmp_path))
        names = {path.name for path in tmp_path.iterdir()}
        assert names == {f"{mail}.{kind}" for mail in Mail for kind in ("html", "txt")} | {
            "index.html"
        }
        for mail in Mail:
            assert (tmp_path / f"{mail}.html").read_text().startswith("<!DOCTYPE html>")
            assert (tmp_path / f"{mail}.txt").read_text().startswith("Hello,")

    def test_writes_a_page_that_shows_them_all(self, tmp_path: Path) -> None:
        index = mails(str(tmp_path))
        assert index == tmp_path / "index.html"
        shown = re.findall(r'<iframe src="([^"]+)"', index.read_text())
        assert shown == [f"{mail}.{kind}" for mail in Mail for kind in ("html", "txt")]

    def test_shows_the_links_that_mails_have_here(self, tmp_path: Path, settings: Settings) -> None:
        settings.FRONTEND_URL = "https://www.example.com"
        mails(str(tmp_path))
        pages = {
            "verify_email": "verify-email",
            "change_email": "verify-email",
            "reset_password": "reset-password",
            "password_changed": "not-me",
        }
        for mail, page in pages.items():
            text = (tmp_path / f"{mail}.txt").read_text()
            assert f"\nhttps://www.example.com/{page}?token=" in text

    def test_makes_the_folder_it_is_told(self, tmp_path: Path) -> None:
        assert mails(str(tmp_path / "a" / "b")).parent == tmp_path / "a" / "b"

    def test_writes_into_the_project_unless_told(self, tmp_path: Path, settings: Settings) -> None:
        settings.ROOT = tmp_path
        assert mails() == tmp_path / "mails-preview" / "index.html"

    def test_writes_over_what_it_wrote(self, tmp_path: Path) -> None:
        mails(str(tmp_path))
        (tmp_path / "index.html").write_text("old")
        assert mails(str(tmp_path)).read_text() != "old"

    @pytest.mark.parametrize(("options", "language"), [((), "en-us"), (("--language=de",), "de")])
    def test_writes_in_the_language_it_is_told(
        self, tmp_path: Path, options: tuple[str, ...], language: str
    ) -> None:
        index = mails(str(tmp_path), *options)
        assert f'<html lang="{language}">' in index.read_text()
        for mail in Mail:
            assert f'<html lang="{language}"' in (tmp_path / f"{mail}.html").read_text()
