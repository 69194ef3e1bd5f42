"""Ten minutes of everything at once: what the service takes does not grow."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from threading import Event, Thread
from typing import Self

import pytest

from tests import smtp
from tests.faults import production
from tests.faults.broken_postgresql import PostgreSQL
from tests.faults.broken_redis import Redis
from tests.faults.crowd import Crowd
from tests.faults.load import Load, p99, statuses
from tests.faults.memory import MIB, family, used
from tests.figures import Held
from tests.service import Service, running
from tests.smtp import MailServer
from tests.waiting import wait_for

pytestmark = [pytest.mark.postgresql, pytest.mark.soak]

RATE = 25
MIX = {"me": 13, "refresh": 5, "rename": 4, "register": 2, "login": 1}
WARM_UP = 0.3  # of the time
LOOKS = 60
GROWTH = 1.05


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    with smtp.listening() as server:
        yield server


@dataclass(frozen=True)
class Everything:
    """What there is of a whole service."""

    postgresql: PostgreSQL
    redis: Redis
    mails: MailServer
    service: Service

    @property
    def database(self) -> str:
        return self.service.environment["DB_NAME"]

    def asked(self, worker: int, scheduler: int) -> dict[str, Callable[[], int]]:
        """What is asked again and again, by its name."""
        web = self.service.process.pid
        return {
            "server's memory": lambda: used(web),
            "worker's memory": lambda: used(worker),
            "scheduler's memory": lambda: used(scheduler),
            "server's descriptors": lambda: descriptors(web),
            "worker's descriptors": lambda: descriptors(worker),
            "connections to PostgreSQL": lambda: self.postgresql.backends(self.database),
            "connections to Redis": self.redis.clients,
        }


@pytest.fixture(scope="module")
def everything(postgresql: PostgreSQL, redis: Redis, mails: MailServer) -> Iterator[Everything]:
    variables = production.variables(EMAIL_URL=mails.url)
    with running(**variables, **postgresql.variables, **redis.variables) as service:
        yield Everything(postgresql, redis, mails, service)


def descriptors(pid: int) -> int:
    """How many files and connections a process and those below it have open."""
    return sum(len([*Path(f"/proc/{member}/fd").iterdir()]) for member in family(pid))


@dataclass
class Series:
    """What is measured again and again: by its name, what to ask and what was found."""

    asked: dict[str, Callable[[], int]]
    every: float
    found: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ended = Event()
        self._thread = Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(self.every):
            for name, ask in self.asked.items():
                self.found.setdefault(name, []).append(ask())

    def early_and_late(self, name: str) -> tuple[float, float]:
        """The medians of the first and of the last third after the warm-up."""
        warm = self.found[name][int(len(self.found[name]) * WARM_UP) :]
        third = len(warm) // 3
        return median(warm[:third]), median(warm[-third:])


class TestSoak:
    @pytest.mark.timeout(1200)
    def test_takes_no_more_at_its_end(
        self, request: pytest.FixtureRequest, everything: Everything, held: Held
    ) -> None:
        seconds = request.config.getoption("--soak")
        service, mails = everything.service, everything.mails
        crowd = Crowd(service.url, 20)
        with service.beside("worker") as worker, service.beside("scheduler") as scheduler:
            series = Series(everything.asked(worker.pid, scheduler.pid), every=seconds / LOOKS)
            with series, Load(crowd.operations(**MIX), rate=RATE) as load:
                time.sleep(seconds)
            wait_for(lambda: {*crowd.registered} <= mails.amounts().keys(), 30)
        assert {*statuses(load.samples)} == {"200", "201"}
        with everything.postgresql.connect(everything.database) as connection:
            assert not crowd.lost(connection)
        measured = {name: series.early_and_late(name) for name in series.found}
        grown = {
            name: (early, late)
            for name, (early, late) in measured.items()
            if late > max(early * GROWTH, early + 1)
        }
        assert not grown
        told = ", ".join(
            f"{name} {_short(early)} → {_short(late)}" for name, (early, late) in measured.items()
        )
        held(
            "Soak of 10 minutes",
            f"{len(load.samples)} requests in {seconds} s, 0 failed, p99 {p99(load.samples):.2f} s;"
            f" {told}",
        )


def _short(amount: float) -> str:
    return f"{amount / MIB:.0f} MiB" if amount > MIB else f"{amount:.0f}"
