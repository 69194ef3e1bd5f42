"""The clock of the web server's machine is stepped by an hour, ahead and back."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.authentication import links
from backend.authentication.errors import LinkInvalid
from backend.authentication.models import Purpose
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.callers import MakeUser
from backend.testing.client import OverTheWire
from tests.faults import broken_redis, production
from tests.faults.crowd import Crowd
from tests.faults.load import Load, Sample, p99, statuses
from tests.faults.memory import children, workers
from tests.faults.programs import Server, serving
from tests.figures import Held
from tests.service import Service, running

pytestmark = pytest.mark.slow_fault

HOUR = 3600
MIX = {"me": 6, "refresh": 2, "rename": 1, "register": 1}
MODULE = "tests.faults.stepped_clock"


@dataclass
class Clock:
    """What the web server goes by."""

    file: Path

    def step_to(self, ahead: int) -> None:
        self.file.write_text(str(ahead))


@pytest.fixture(scope="module")
def clock(tmp_path_factory: pytest.TempPathFactory) -> Clock:
    found = Clock(tmp_path_factory.mktemp("clock") / "ahead")
    found.step_to(0)
    return found


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with (
        broken_redis.running() as redis,
        running(**production.variables(), **redis.variables) as started,
    ):
        yield started


@pytest.fixture(scope="module")
def server(service: Service, clock: Clock) -> Iterator[Server]:
    variables = {"CLOCK_FILE": str(clock.file)}
    with serving(service, MODULE, output=service.log, **variables) as started:
        yield started


def newcomer(server: Server) -> Account:
    """Somebody who has just logged in."""
    return accounts.signed_in(OverTheWire(server.url))


def served(server: Server) -> list[Sample]:
    """What people of this hour were answered."""
    crowd = Crowd(server.url, 5)
    with Load(crowd.operations(**MIX), rate=30) as load:
        time.sleep(3)
    assert {*statuses(load.samples)} == {"200", "201"}
    return load.samples


@pytest.mark.postgresql
class TestStep:
    def test_lets_no_token_live_longer_and_is_noticed_by_nobody(
        self, clock: Clock, server: Server, held: Held
    ) -> None:
        alive = workers(server.pid)
        old, other = newcomer(server), newcomer(server)
        assert old.me().status == 200

        clock.step_to(HOUR)
        samples = served(server)
        assert old.me().outcome == "401 token_expired"
        assert old.spend().json["expires_in"] == 900
        early = newcomer(server)
        assert early.me().status == 200

        clock.step_to(0)  # what was issued ahead of time would have an hour more to live
        samples += served(server)
        assert early.me().outcome == "401 token_invalid"
        assert early.spend().outcome == "401 token_invalid"
        assert other.me().status == 200
        assert early.log_in().status == 200

        clock.step_to(-HOUR)
        samples += served(server)
        assert other.me().outcome == "401 token_invalid"
        assert other.spend().outcome == "401 token_invalid"
        late = newcomer(server)
        assert late.me().status == 200

        clock.step_to(0)
        assert late.me().outcome == "401 token_expired"
        assert late.spend().status == 200
        assert other.me().status == 200
        assert children(server.pid) == alive
        held(
            "Clock stepped by an hour",
            f"0 of {len(samples)} requests failed, p99 {p99(samples):.2f} s;"
            " 0 of 5 tokens from beside their time accepted",
        )


class TestLink:
    @pytest.mark.parametrize("purpose", [*Purpose])
    def test_of_a_clock_that_was_ahead_does_not_live_longer(
        self, make_user: MakeUser, held: Held, purpose: Purpose
    ) -> None:
        now = datetime.now(UTC)
        link = links.issue(purpose, make_user(), now=now + timedelta(seconds=HOUR))
        with pytest.raises(LinkInvalid):
            links.read(links.token(link), purpose, now=now)
