"""Logins, refreshes, thefts, lost answers, logouts, new passwords and time, in any order.

Hypothesis plays the machine; after every step the contract's invariants are looked at.
"""

from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from backend.authentication.purges import purge_sessions
from backend.core.http.client import Client
from tests.properties import clock, profiles
from tests.properties.contract import LEEWAY, RACE, Device
from tests.properties.doors import Door, Requests, Services
from tests.properties.play import NAMES, SECOND, Play

MOST_DEVICES = 4
NO_TIME, MICROSECOND = timedelta(), timedelta(microseconds=1)
CLIENTS = st.sampled_from(
    [Client("192.0.2.1", "Firefox"), Client("192.0.2.2", "Firefox"), Client("192.0.2.1", "Chrome")]
)
# Which refresh token, counted from the latest; by the client that had it, or which; with which key;
# how many seconds after the last.
type Spend = tuple[int, Client | None, str, int]
SPENDS = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 0, 1, 1, 2, 3]),
        st.none() | CLIENTS,
        st.sampled_from(["", "one", "one", "two"]),
        st.sampled_from([0, 0, 9, 10, 11]),
    ),
    min_size=1,
    max_size=4,
)
DEVICES: st.SearchStrategy[Device] = st.runner().flatmap(
    lambda machine: st.sampled_from(machine.play.devices)
)
# What is done with those that have ended, the invariants do after every step.
LIVING: st.SearchStrategy[Device] = st.runner().flatmap(
    lambda machine: st.sampled_from(machine.play.living())
)
MOSTLY = st.sampled_from([True, True, True, False])
ENDS = st.sampled_from(
    [
        "log out",
        "log out by a refresh token",
        "log out everywhere",
        "disable",
        "disable for a while",
    ]
)
EDGES = st.sampled_from(["now", "the race", "the access token", "the refresh token", "the session"])
# So long before or after.
OFFSETS = st.sampled_from(
    [NO_TIME, -MICROSECOND, MICROSECOND, -SECOND, SECOND, LEEWAY, LEEWAY + SECOND]
)


while_somebody_lives = precondition(lambda machine: bool(machine.play.living()))


class Sessions(RuleBasedStateMachine):
    """A play on services, a rule being one step of it."""

    door_type: ClassVar[type[Door]] = Services

    def __init__(self) -> None:
        super().__init__()
        with ExitStack() as stack:
            self.clock = stack.enter_context(clock.stopped())
            stack.enter_context(profiles.rolled_back())
            self.play = Play(self.door_type(), self.clock)
            self.open = stack.pop_all()

    def teardown(self) -> None:
        self.open.close()

    @initialize(client=CLIENTS)
    def begin(self, client: Client) -> None:
        for name in ("ada", "ada", "bob"):
            self.play.log_in(name, client)

    @precondition(lambda self: len(self.play.living()) < MOST_DEVICES)
    @rule(name=st.sampled_from(NAMES), client=CLIENTS, knows=MOSTLY)
    def log_in(self, name: str, client: Client, knows: bool) -> None:
        self.play.log_in(name, client, knows_password=knows)

    @while_somebody_lives
    @rule(device=LIVING, spends=SPENDS)
    def refresh(self, device: Device, spends: list[Spend]) -> None:
        for back, client, key, seconds in spends:
            self.clock.move(seconds * SECOND)
            self.play.refresh(device, device.back(back), client or device.client, key)

    @while_somebody_lives
    @rule(
        device=LIVING,
        key=st.sampled_from(["", "", "one"]),
        seconds=st.sampled_from([0, 10, 11]),
        client=st.none() | CLIENTS | CLIENTS,
    )
    def refresh_twice(self, device: Device, key: str, seconds: int, client: Client | None) -> None:
        """As two tabs do, a client that never got the answer, or a thief."""
        token = device.back(0)
        self.play.refresh(device, token, device.client, key)
        self.clock.move(seconds * SECOND)
        self.play.refresh(device, token, client or device.client, key)

    @while_somebody_lives
    @rule(
        device=LIVING,
        times=st.integers(1, 5),
        offset=st.none() | OFFSETS,
        purges=st.booleans(),
    )
    def stay(self, device: Device, times: int, offset: timedelta | None, purges: bool) -> None:
        """Refresh at the last moment, again and again; then come late, or too late."""
        for _ in range(times):
            self.clock.move_to(device.refresh_ends - SECOND)
            self.play.refresh(device, device.back(0), device.client, "")
        self.pass_to(self.clock.now if offset is None else device.refresh_ends + offset, purges)

    @while_somebody_lives
    @rule(device=LIVING, how=ENDS, is_fresh=MOSTLY, back=st.integers(0, 3))
    def end(self, device: Device, how: str, is_fresh: bool, back: int) -> None:
        play = self.play
        acts = {
            "log out": partial(play.log_out, device),
            "log out by a refresh token": partial(play.log_out_by_a_refresh_token, device, back),
            "log out everywhere": partial(play.log_out_everywhere, device),
            "disable": partial(play.set_active, device.owner, is_active=False),
            "disable for a while": partial(play.disable_for_a_while, device.owner),
        }
        self.refresh_old(device, is_fresh)
        acts[how]()

    @while_somebody_lives
    @rule(device=LIVING, other=DEVICES, is_fresh=MOSTLY)
    def end_another(self, device: Device, other: Device, is_fresh: bool) -> None:
        self.refresh_old(device, is_fresh)
        self.play.end_from(device, other)

    @while_somebody_lives
    @rule(device=LIVING, is_fresh=MOSTLY, knows=MOSTLY)
    def change_the_password(self, device: Device, is_fresh: bool, knows: bool) -> None:
        self.refresh_old(device, is_fresh)
        self.play.change_password(device, knows_password=knows)

    def refresh_old(self, device: Device, is_fresh: bool) -> None:
        """As clients do before they ask for anything."""
        if is_fresh and device.accesses[-1].is_expired(self.clock.now):
            self.play.refresh(device, device.back(0), device.client, "")

    @precondition(lambda self: self.play.disabled())
    @rule()
    def enable(self) -> None:
        for person in self.play.disabled():
            self.play.set_active(person, is_active=True)

    @rule(device=DEVICES, edge=EDGES, offset=OFFSETS, purges=st.booleans())
    def wait(self, device: Device, edge: str, offset: timedelta, purges: bool) -> None:
        edges = {
            "now": self.clock.now,
            "the race": device.spent_at + RACE,
            "the access token": device.accesses[-1].ends,
            "the refresh token": device.refresh_ends,
            "the session": device.ends,
        }
        self.pass_to(edges[edge] + offset, purges)

    def pass_to(self, moment: datetime, purges: bool) -> None:
        """A session that has been purged gets the same answers as one that has ended."""
        self.clock.move_to(moment)
        if purges:
            purge_sessions(now=self.clock.now, limit=100)

    @invariant()
    def access_tokens_live_as_long_as_their_sessions(self) -> None:
        self.play.check_access_tokens()

    @invariant()
    def one_refresh_token_of_a_session_lives(self) -> None:
        self.play.check_refresh_tokens()

    @invariant()
    def ended_sessions_never_answer(self) -> None:
        self.play.check_the_ended()

    @invariant()
    def live_sessions_are_listed(self) -> None:
        self.play.check_lists()

    @invariant()
    def thefts_are_told_once(self) -> None:
        self.play.check_events()


class SessionsByRequests(Sessions):
    """The same through the front door."""

    door_type = Requests


@pytest.mark.django_db
class TestSessions:
    def test_are_what_the_contract_says_in_any_order(self) -> None:
        run_state_machine_as_test(Sessions, settings=profiles.examples(30, steps=14))

    def test_are_the_same_through_requests(self) -> None:
        run_state_machine_as_test(SessionsByRequests, settings=profiles.examples(4, steps=10))
