"""Whole lives of an account, told through the TypeScript client to a running service."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.clients import node
from tests.service import UNCOUNTED, Service, running


@pytest.fixture(autouse=True, scope="module")
def _built() -> None:
    node.prepare()


@pytest.fixture(scope="module")
def short() -> Iterator[Service]:
    """A service whose access tokens live for seconds, and that lets few log in at once.

    One worker, since it counts in its own memory when it is embedded.
    """
    with running(
        **UNCOUNTED,
        ACCESS_TOKEN_SECONDS="1",
        RATE_LIMIT_LOGIN="2/4s",
        TRUSTED_PROXIES="127.0.0.1",
        GUNICORN_WORKERS="1",
    ) as started:
        yield started


class TestJourney:
    def test_is_a_whole_life(self, service: Service) -> None:
        email, password = f"staff.{uuid4().hex[:12]}@example.com", uuid4().hex
        named = {"DJANGO_SUPERUSER_EMAIL": email, "DJANGO_SUPERUSER_PASSWORD": password}
        service.manage("createsuperuser", "--noinput", **named)
        staff = {"STAFF_EMAIL": email, "STAFF_PASSWORD": password}
        assert node.run_tests("journeys/account", BASE_URL=service.url, **staff) == 10

    def test_survives_lost_answers(self, service: Service) -> None:
        assert node.run_tests("journeys/lost-answers", BASE_URL=service.url) == 5

    def test_survives_expiry_revocation_and_limits(self, short: Service) -> None:
        assert node.run_tests("journeys/short-lives", BASE_URL=short.url) == 7
