"""Pages of the admin site as people use them: a browser, its lists, its actions."""

from http import HTTPStatus
from typing import Any

from django.db.models import Model
from django.http import HttpResponse
from django.test import Client, TestCase

from backend.users.models import User


class Browser(Client):
    """Django's client, after each of whose requests happens what waits for a commit.

    The transaction that a test runs in never ends with one.
    """

    def request(self, **request: Any) -> Any:
        """Send a request, and see to what waits for its commit."""
        with TestCase.captureOnCommitCallbacks(execute=True):
            return super().request(**request)

    def rows(self, address: str, **query: str) -> list[Any]:
        """What a list of the admin site shows.

        Raises:
            AssertionError: it shows none, but refuses.
        """
        answer = self.get(address, query)
        if answer.status_code != HTTPStatus.OK:
            raise AssertionError(f"{address} answered {answer.status_code}")
        return [*answer.context["cl"].result_list]

    def act(self, address: str, action: str, *rows: Model) -> HttpResponse:
        """Choose an action for rows of a list, and follow where it leads."""
        form = {"action": action, "_selected_action": [str(row.pk) for row in rows]}
        answer: HttpResponse = self.post(address, form, follow=True)  # type: ignore[assignment]  # the test client's own
        return answer


def browser(user: User | None = None, address: str = "127.0.0.1") -> Browser:
    """A browser, of somebody who has signed in."""
    client = Browser(raise_request_exception=False, REMOTE_ADDR=address)
    if user is not None:
        client.force_login(user)
    return client
