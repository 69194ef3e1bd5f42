"""What the admin site leaves in the log of security events."""

from typing import Any

import pytest

from backend.testing.browser import browser
from backend.users.models import User
from tests.conftest import Lines
from tests.users.browser import LIST, NEW, act, form_of, page_of, sign_in

pytestmark = pytest.mark.django_db


def events(lines: list[dict[str, Any]]) -> list[tuple[str, str | None, str | None]]:
    """Each event with its user and its actor."""
    return [
        (line["event"], line.get("user_id"), line.get("actor_id"))
        for line in lines
        if line["logger"] == "backend.security"
    ]


class TestLogin:
    def test_that_fails_is_noted(self, boss: User, log_lines: Lines) -> None:
        sign_in(browser(), password="wrong horse battery 9")
        assert events(log_lines()) == [("login_failed", None, None)]

    def test_that_succeeds_is_noted(self, boss: User, log_lines: Lines) -> None:
        sign_in(browser())
        assert events(log_lines()) == [("login_succeeded", str(boss.pk), None)]


class TestChange:
    def test_by_a_form_is_noted_with_its_actor(
        self, boss: User, ada: User, log_lines: Lines
    ) -> None:
        browser(boss).post(page_of(ada), form_of(ada, first_name="Augusta"))
        assert events(log_lines()) == [("user_changed", str(ada.pk), str(boss.pk))]

    def test_of_a_password_is_noted(self, boss: User, ada: User, log_lines: Lines) -> None:
        form = {"usable_password": "true", "password1": NEW, "password2": NEW}
        browser(boss).post(f"/admin/users/user/{ada.pk}/password/", form)
        assert ("user_changed", str(ada.pk), str(boss.pk)) in events(log_lines())

    @pytest.mark.parametrize("action", ["disable", "enable", "end_sessions"])
    def test_by_an_action_is_noted(
        self, boss: User, ada: User, action: str, log_lines: Lines
    ) -> None:
        act(browser(boss), action, ada)
        assert ("user_changed", str(ada.pk), str(boss.pk)) in events(log_lines())

    def test_reaches_somebody_whose_address_goes_beyond_ascii(self, boss: User) -> None:
        umlaut = User.objects.create_user("jürgen@example.com")
        browser(boss).post(page_of(umlaut), form_of(umlaut, first_name="Jürgen"))
        umlaut.refresh_from_db()
        assert umlaut.first_name == "Jürgen"


class TestAdding:
    def test_is_noted(self, boss: User, log_lines: Lines) -> None:
        form = {
            "email": "neu@example.com",
            "usable_password": "true",
            "password1": NEW,
            "password2": NEW,
        }
        browser(boss).post(f"{LIST}add/", form)
        added = User.objects.get(email="neu@example.com")
        assert events(log_lines()) == [("user_created", str(added.pk), str(boss.pk))]


class TestDeletion:
    def test_is_noted(self, boss: User, ada: User, log_lines: Lines) -> None:
        browser(boss).post(f"/admin/users/user/{ada.pk}/delete/", {"post": "yes"})
        assert events(log_lines()) == [("user_deleted", str(ada.pk), str(boss.pk))]
