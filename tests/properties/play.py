"""What people do with sessions, each act held against the contract, and what must hold after it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction

from backend.audit.models import Event, SecurityEvent
from backend.core.http.client import Client
from backend.testing.callers import make_user
from backend.users import services as users
from backend.users.models import User
from tests.properties.clock import Clock
from tests.properties.contract import (
    ACCESS,
    EXPIRED,
    NO_CONTENT,
    OK,
    REUSED,
    REVOKED,
    Device,
    Person,
    Token,
)
from tests.properties.doors import Door, Outcome, Pair

SECOND = timedelta(seconds=1)
NAMES = ("ada", "bob")
PASSWORDS = ("correct horse battery 9", "a wrong donkey staple 7")
THIEF = Client("192.0.2.9", "curl")


class Play:
    """Two people with a few devices, and whoever has copied a token."""

    def __init__(self, door: Door, clock: Clock) -> None:
        self.door = door
        self.clock = clock
        self.people = {name: _person(name) for name in NAMES}
        self.boss = make_user(email="boss@example.com", is_superuser=True)
        self.devices: list[Device] = []
        self.touched: list[Device] = []
        self.thefts = 0

    def living(self) -> list[Device]:
        return [device for device in self.devices if device.is_listed(self.clock.now)]

    def disabled(self) -> list[Person]:
        return [person for person in self.people.values() if not person.is_active]

    # --- acts -------------------------------------------------------------------------------------

    def log_in(self, name: str, client: Client, *, knows_password: bool = True) -> None:
        owner, now = self.people[name], self.clock.now
        password = owner.password if knows_password else _other(owner.password)
        expected = OK if knows_password and owner.is_active else "invalid_credentials"
        pair = _given(self.door.log_in(owner.email, password, client), expected).pair
        if pair is not None:
            assert pair.session_id not in {device.id for device in self.devices}
            device = Device.born(pair.session_id, owner, client=client, now=now)
            self.devices.append(device)
            self._note(device, pair)

    def refresh(self, device: Device, token: Token, client: Client, key: str) -> None:
        now = self.clock.now
        expected = device.expect_refresh(token, client=client, key=key, now=now)
        pair = _given(self.door.refresh(token.text, client, key), expected).pair
        self.touched.append(device)
        if expected == REUSED:
            device.is_over = True
            self.thefts += 1
        if expected == OK:
            device.note_rotation(client=client, key=key, now=now)
        if pair is not None:
            assert pair.session_id == device.id
            assert expected == OK or pair.refresh == device.refreshes[-1].text
            self._note(device, pair)

    def log_out_by_a_refresh_token(self, device: Device, back: int) -> None:
        _given(self.door.log_out_by(device.back(back).text), NO_CONTENT)
        device.is_over = True

    def log_out(self, device: Device) -> None:
        if self._bears(device, self.door.log_out(device.accesses[-1].text)):
            device.is_over = True

    def log_out_everywhere(self, device: Device) -> None:
        if self._bears(device, self.door.log_out_everywhere(device.accesses[-1].text)):
            self._end_all(device.owner)

    def end_from(self, device: Device, target: Device) -> None:
        is_there = target.owner is device.owner and target.is_listed(self.clock.now)
        outcome = self.door.end(device.accesses[-1].text, target.id)
        if self._bears(device, outcome, NO_CONTENT if is_there else "not_found") and is_there:
            target.is_over = True
            self.touched.append(target)

    def change_password(self, device: Device, *, knows_password: bool) -> None:
        owner = device.owner
        new = _other(owner.password)
        current = owner.password if knows_password else new
        outcome = self.door.change_password(device.accesses[-1].text, current, new)
        expected = NO_CONTENT if knows_password else "validation_error"
        if self._bears(device, outcome, expected) and knows_password:
            owner.password = new
            self._end_all(owner, but=device)

    def set_active(self, owner: Person, *, is_active: bool) -> None:
        row = User.objects.get(email=owner.email)
        users.update_user(row.pk, by=self.boss, is_active=is_active)
        owner.is_active = is_active
        if not is_active:
            self._end_all(owner)

    def disable_for_a_while(self, owner: Person) -> None:
        """Being enabled revives nothing."""
        self.set_active(owner, is_active=False)
        self.set_active(owner, is_active=True)

    # --- what must hold ---------------------------------------------------------------------------

    def check_refresh_tokens(self) -> None:
        """Of a live session exactly one is answered, the latest; whoever tries leaves nothing."""
        now = self.clock.now
        for device in self._take_touched():
            is_live = not device.has_ended(now) and not device.refreshes[-1].is_expired(now)
            answered = [token for token in device.refreshes if self._is_answered(device, token)]
            assert answered == (device.refreshes[-1:] if is_live else [])

    def check_access_tokens(self) -> None:
        for device in self.devices:
            every = device.accesses if device in self.touched else device.accesses[-1:]
            for token in every:
                expected = device.expect_access(token, self.clock.now)
                assert _given(self.door.me(token.text), expected).listed <= {device.id}

    def check_the_ended(self) -> None:
        """Not even their latest refresh token is answered, by whoever had it, with its own key."""
        for device in self.devices:
            if device.has_ended(self.clock.now):
                token = device.refreshes[-1]
                expected = EXPIRED if token.is_expired(self.clock.now) else REVOKED
                _given(self.door.refresh(token.text, device.client, device.key), expected)

    def check_lists(self) -> None:
        now = self.clock.now
        for owner in self.people.values():
            own = [device for device in self.devices if device.owner is owner]
            listed = {device.id for device in own if device.is_listed(now)}
            bearers = [each for each in own if each.expect_access(each.accesses[-1], now) == OK]
            for device in bearers[-1:]:
                seen = _given(self.door.sessions(device.accesses[-1].text), OK)
                assert seen.listed == listed
                assert seen.current == listed & {device.id}

    def check_events(self) -> None:
        """Each theft is told once."""
        told = SecurityEvent.objects.filter(type=Event.REFRESH_TOKEN_REUSED)
        assert told.count() == self.thefts

    # --- how --------------------------------------------------------------------------------------

    def _note(self, device: Device, pair: Pair) -> None:
        now = self.clock.now
        device.note_pair(pair.access, pair.refresh, now)
        self.touched.append(device)
        assert pair.expires_in == int(min(ACCESS, device.ends - now) / SECOND)
        assert pair.refresh_expires_in == int((device.refresh_ends - now) / SECOND)

    def _bears(self, device: Device, outcome: Outcome, expected: str = NO_CONTENT) -> bool:
        """Whether a device's bearer was answered, and as expected."""
        verdict = device.expect_access(device.accesses[-1], self.clock.now)
        _given(outcome, expected if verdict == OK else verdict)
        self.touched.append(device)
        return verdict == OK

    def _end_all(self, owner: Person, *, but: Device | None = None) -> None:
        for device in self.devices:
            if device.owner is owner and device is not but:
                device.is_over = True

    def _take_touched(self) -> list[Device]:
        taken = [device for device in self.devices if device in self.touched]
        self.touched.clear()
        return taken

    def _is_answered(self, device: Device, token: Token) -> bool:
        """Whether a thief would get tokens for this one."""
        expected = device.expect_refresh(token, client=THIEF, key="", now=self.clock.now)
        with _attempted():
            return _given(self.door.refresh(token.text, THIEF, ""), expected).pair is not None


@contextmanager
def _attempted() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _person(name: str) -> Person:
    return Person(make_user(email=f"{name}@example.com", password=PASSWORDS[0]).email, PASSWORDS[0])


def _other(password: str) -> str:
    return PASSWORDS[1 - PASSWORDS.index(password)]


def _given(outcome: Outcome, expected: str) -> Outcome:
    """The outcome, which must be the expected one."""
    assert outcome.word == expected
    return outcome
