"""There is no room left for the log: requests and tasks go on."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import smtp
from tests.faults import broken_redis, production
from tests.faults.crowd import Crowd
from tests.faults.load import Load, p99, send, statuses
from tests.faults.memory import MIB, children, used, workers
from tests.faults.programs import program, serving
from tests.figures import Held
from tests.service import Service, running
from tests.smtp import MailServer
from tests.waiting import wait_for

pytestmark = [pytest.mark.postgresql, pytest.mark.slow_fault]

FULL = Path("/dev/full")  # every write to it finds no room
MIX = {"me": 6, "refresh": 2, "rename": 1, "register": 1}
WITHOUT_PASSWORDS = {"me": 6, "refresh": 2, "rename": 1}  # hashing takes memory of its own
GROWTH = 8 * MIB


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    with smtp.listening() as server:
        yield server


@pytest.fixture(scope="module")
def service(mails: MailServer) -> Iterator[Service]:
    with (
        broken_redis.running() as redis,
        running(**production.variables(EMAIL_URL=mails.url), **redis.variables) as started,
    ):
        yield started


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full")
class TestFullDisk:
    def test_is_noticed_by_nobody_who_calls(
        self, service: Service, mails: MailServer, held: Held
    ) -> None:
        with (
            serving(service, output=FULL) as server,
            program(dict(service.environment), "manage", "worker", output=FULL),
        ):
            crowd = Crowd(server.url, 10)
            alive = workers(server.pid)
            with Load(crowd.operations(**MIX), rate=30) as first:
                time.sleep(4)
            before = used(server.pid)
            with Load(crowd.operations(**WITHOUT_PASSWORDS), rate=30) as load:
                time.sleep(8)
            grown = used(server.pid) - before
            assert send(server.url, "GET", "health/").status == 200
            assert children(server.pid) == alive
            wait_for(lambda: {*crowd.registered} <= mails.amounts().keys(), 20)
        samples = [*first.samples, *load.samples]
        assert {*statuses(samples)} == {"200", "201"}
        assert grown < GROWTH  # what cannot be written is not kept
        held(
            "Disk full for logs",
            f"0 of {len(samples)} requests failed, p99 {p99(samples):.2f} s;"
            f" {len(crowd.registered)} of {len(crowd.registered)} mails arrived;"
            f" memory {grown / MIB:+.1f} MiB",
        )
