"""``just profile``: the command ``profile``."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from backend.authentication.models import Session
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient
from backend.users.models import User

pytestmark = pytest.mark.django_db

ME = "/api/v1/users/me/"


@pytest.fixture(autouse=True)
def _development(settings: Settings) -> None:
    settings.DEBUG = True


def profile(*options: str) -> str:
    """What the command says."""
    out = StringIO()
    call_command("profile", *options, "--times=2", stdout=out)
    return out.getvalue()


class TestProfile:
    def test_is_for_development_only(self, settings: Settings) -> None:
        settings.DEBUG = False
        with pytest.raises(CommandError, match="DEBUG"):
            profile(ME)

    def test_wants_a_path(self) -> None:
        with pytest.raises(CommandError, match="path"):
            profile()

    def test_knows_whom_to_log_in(self) -> None:
        with pytest.raises(CommandError, match="nobody@example"):
            profile(ME, "--as=nobody@example.com")

    def test_tells_of_a_refusal(self) -> None:
        assert f"GET {ME} answers 401" in profile(ME)

    def test_tells_status_queries_and_functions(self, account: Account) -> None:
        said = profile(ME, f"--as={account.email}")
        assert f"GET {ME} answers 200" in said
        assert said.count("  SQL ") == 1
        assert "authentication_session" in said
        assert "function calls" in said
        assert "middleware.py" in said

    def test_shows_as_many_functions_as_told(self) -> None:
        few, many = profile(ME, "--top=2"), profile(ME, "--top=30")
        assert "due to restriction <2>" in few
        assert len(many.splitlines()) > len(few.splitlines())

    def test_sends_what_it_is_told(self, client: ApiClient) -> None:
        account = accounts.register(client)
        body = '{"first_name": "Ada"}'
        said = profile(ME, f"--as={account.email}", "--method=PATCH", f"--body={body}")
        assert f"PATCH {ME} answers 200" in said
        assert User.objects.get().first_name == "Ada"

    def test_logs_in_without_a_password(self, client: ApiClient) -> None:
        account = accounts.register(client)
        profile(ME, f"--as={account.email}")
        assert Session.objects.get().user_agent == "just profile"

    def test_shows_no_token(self, account: Account) -> None:
        assert "eyJ" not in profile(ME, f"--as={account.email}")

    def test_profiles_pages_too(self) -> None:
        assert "GET /api/v1/docs/ answers 200" in profile("/api/v1/docs/")
