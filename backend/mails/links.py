"""Where the links in mails lead: pages of the frontend."""

from enum import StrEnum
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class Page(StrEnum):
    """The paths that a frontend serves; docs/mails.md says what each has to do."""

    VERIFY_EMAIL = "/verify-email"  # new addresses of existing accounts too
    RESET_PASSWORD = "/reset-password"  # noqa: S105  (a path)
    NOT_ME = "/not-me"


def address(page: Page, token: str) -> str:
    """The link that hands a token to a page.

    Raises:
        ImproperlyConfigured: nobody said where the frontend is.
    """
    if not settings.FRONTEND_URL:
        raise ImproperlyConfigured("FRONTEND_URL is not set: mailed links would lead nowhere.")
    return f"{settings.FRONTEND_URL}{page}?token={quote(token, safe='')}"
