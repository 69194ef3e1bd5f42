"""The admin site as people use it: a browser, its forms, its actions."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from backend.testing.accounts import PASSWORD
from backend.testing.browser import Browser
from backend.users.models import User

NEW = "another horse battery 9"
LIST = "/admin/users/user/"
WRONG = "wrong horse battery 9"
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


def sign_in(
    client: Client, email: str = "boss@example.com", password: str = PASSWORD
) -> HttpResponse:
    form = {"username": email, "password": password, "next": "/admin/"}
    answer: HttpResponse = client.post("/admin/login/", form)  # type: ignore[assignment]  # the test client's own
    return answer


def is_signed_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def page_of(user: User) -> str:
    return reverse("admin:users_user_change", args=[user.pk])


def form_of(user: User, **changes: object) -> dict[str, object]:
    """What the browser sends for a user's page; unchecked boxes are left out."""
    flags = ("email_verified", "is_active", "is_staff", "is_superuser")
    fields: Mapping[str, Any] = {
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        **{flag: "on" for flag in flags if getattr(user, flag)},
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}


def act(client: Browser, action: str, *users: User) -> HttpResponse:
    """Choose an action for the selected users."""
    return client.act(LIST, action, *users)


def shown(client: Browser, **query: str) -> set[str]:
    """Whom the list shows."""
    return {user.email for user in client.rows(LIST, **query)}
