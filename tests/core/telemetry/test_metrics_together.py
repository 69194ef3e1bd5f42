"""The processes of a running service count together, and nothing counted is lost with one."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from backend.testing import accounts
from tests.processes import free_port
from tests.scraping import PATH, TOKEN, Scrape, ask, read, scrape
from tests.service import Service, running
from tests.waiting import wait_for

LIVE = "/api/v1/health/live/"
WORKERS = 2


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    """Two workers that count."""
    with running(METRICS_TOKEN=TOKEN, GUNICORN_WORKERS=str(WORKERS)) as started:
        yield started


def folders(service: Service) -> list[Path]:
    """Where the processes of a service keep their counts."""
    environment = Path(f"/proc/{worker(service)}/environ").read_bytes().split(b"\0")
    assert not [line for line in environment if line.startswith(b"PROMETHEUS")]  # set later
    return [
        Path(line.rpartition(" ")[2])
        for line in Path(f"/proc/{worker(service)}/maps").read_text().splitlines()
        if "backend-metrics-" in line
    ]


def worker(service: Service) -> int:
    """The process that answered last."""
    service.client().get(LIVE)
    lines = [json.loads(line) for line in service.lines()]
    return int([line["process"] for line in lines if line["logger"] == "backend.access"][-1])


def answering(service: Service, requests_made: int) -> set[int]:
    """The processes that answered so many requests."""
    before = len(service.lines())
    for _ in range(requests_made):
        requests.get(f"{service.url}{LIVE}", timeout=10)
    return {json.loads(line)["process"] for line in service.lines()[before:]}


def live(found: Scrape) -> float:
    return found.value("http_requests_total", method="GET", route=LIVE, status="200") or 0


class TestTogether:
    def test_are_counted_over_all_processes(self, service: Service) -> None:
        before = live(scrape(service.client()))
        asked = 0
        processes: set[int] = set()
        while len(processes) < WORKERS:
            processes |= answering(service, 20)
            asked += 20
            assert asked < 1000
        found = {live(scrape(service.client())) for _ in range(10)}
        assert found == {before + asked}

    def test_outlive_a_killed_process(self, service: Service) -> None:
        accounts.signed_in(service.client())
        before = scrape(service.client())
        for _ in range(3):
            victim = worker(service)
            os.kill(victim, signal.SIGKILL)
            wait_for(lambda victim=victim: not Path(f"/proc/{victim}").exists(), 10)  # type: ignore[misc]  # of a loop
        wait_for(lambda: answering(service, 5) != set(), 10)
        now = scrape(service.client())
        assert live(now) >= live(before) + 3
        assert now.value("logins_total", outcome="succeeded") == before.value(
            "logins_total", outcome="succeeded"
        )

    def test_leave_no_more_files_however_often_one_restarts(self, service: Service) -> None:
        (folder,) = {path.parent for path in folders(service)}
        names = {path.name for path in folder.iterdir()}
        places = {name.rpartition("_")[2] for name in names}
        # And of the process that starts them, which counts nothing.
        assert places <= {f"{number}.db" for number in range(-1, WORKERS)}

    def test_tell_of_the_living_alone_how_they_are(self, service: Service) -> None:
        expected = 9 * WORKERS if os.environ.get("DB_HOST") else 0

        def told() -> bool:
            answering(service, 5)  # a process that took a killed one's place has its say first
            return scrape(service.client()).value("database_pool_limit") == expected

        wait_for(told, 30)

    @pytest.mark.postgresql
    def test_of_a_worker_are_its_own(self, service: Service) -> None:
        port = free_port()
        url = f"http://127.0.0.1:{port}{PATH}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        accounts.register(service.client())

        def done() -> bool:
            with suppress(requests.ConnectionError):
                found = read(requests.get(url, headers=headers, timeout=10).content)
                labels = {"task": "authentication.send_link", "outcome": "done"}
                return bool(found.value("task_attempts_total", **labels))
            return False

        with service.beside("worker", WORKER_METRICS_PORT=port):
            wait_for(done, 30)
            assert requests.get(url, timeout=10).status_code == 401
            assert scrape(service.client()).value("tasks", queue="mails", state="waiting") == 0
        assert "send_link" not in ask(service.client()).body.decode()

    def test_are_gone_with_the_service(self) -> None:
        with running(METRICS_TOKEN=TOKEN) as service:
            (folder,) = {path.parent for path in folders(service)}
            assert folder.exists()
        assert not folder.exists()

    def test_are_not_there_without_a_token(self) -> None:
        with running() as service:
            assert ask(service.client()).status == 404
            assert folders(service) == []
