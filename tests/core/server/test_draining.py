"""Being told to stop: not ready at once, open for a while, and nothing under way is dropped."""

import signal
import time
from collections.abc import Iterator

import pytest
import requests

from tests.core.server.wire import HOST, Wire
from tests.service import Service, running
from tests.waiting import wait_for

JSON = "Content-Type: application/json"


@pytest.fixture
def service() -> Iterator[Service]:
    with running(DRAIN_SECONDS="2") as started:
        yield started


def status(service: Service, path: str) -> int:
    """Over a connection of its own; 0 where nobody listens."""
    try:
        return requests.get(f"{service.url}/api/v1/{path}", timeout=5).status_code
    except requests.ConnectionError:
        return 0


class TestDraining:
    def test_is_told_at_once_while_requests_are_still_taken(self, service: Service) -> None:
        assert status(service, "health/ready/") == 200
        service.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        wait_for(lambda: status(service, "health/ready/") == 503, 1)
        assert status(service, "health/live/") == 200
        assert status(service, "users/me/") == 401
        wait_for(lambda: status(service, "health/live/") == 0, 10)
        assert time.monotonic() - told >= 2
        assert service.process.wait(30) == 0

    def test_answers_what_is_under_way(self, service: Service) -> None:
        body = b'{"email": "nobody@example.com", "password": "wrong horse battery 9"}'
        with Wire(service.url) as wire:
            length = f"Content-Length: {len(body)}"
            wire.send("POST /api/v1/auth/login/ HTTP/1.1", HOST, JSON, length, body=body[:20])
            service.process.send_signal(signal.SIGTERM)
            wait_for(lambda: status(service, "health/live/") == 0, 10)
            wire.send_body(body[20:])
            assert wire.read().status == 401
        assert service.process.wait(30) == 0

    def test_is_cut_short_by_a_second_signal(self, service: Service) -> None:
        service.process.send_signal(signal.SIGTERM)
        wait_for(lambda: status(service, "health/ready/") == 503, 1)
        told = time.monotonic()
        service.process.send_signal(signal.SIGTERM)
        wait_for(lambda: status(service, "health/live/") == 0, 10)
        assert time.monotonic() - told < 1.5
        assert service.process.wait(30) == 0
