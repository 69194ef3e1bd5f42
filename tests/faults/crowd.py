"""People who use the service under load, and the ledger of what it has acknowledged to them."""

import base64
import json
import queue
import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

import psycopg

from backend.testing.accounts import PASSWORD
from tests.faults.load import Operation, Reply, send

_numbers = count(1)


def new_address() -> str:
    """A client's address that nobody has called from."""
    number = next(_numbers)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def claim(token: str, name: str) -> str:
    """A claim of a token, unverified."""
    payload = token.split(".")[1]
    value: str = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))[name]
    return value


@dataclass
class Person:
    """Somebody who is logged in and does one thing at a time.

    Attributes:
        name: The last that was acknowledged.
        tried: Names whose change got no answer since: any of them may be there.
        key: Repeated until a refresh is answered, as clients do.
        asks: Whether a refresh got no answer since the last that did.
    """

    email: str
    access: str
    refresh: str
    name: str = ""
    tried: list[str] = field(default_factory=list)
    key: str = field(default_factory=lambda: secrets.token_hex(8))
    asks: bool = False


class Crowd:
    """So many people of one service."""

    def __init__(self, url: str, size: int) -> None:
        self.url = url
        self.acknowledged: list[str] = []  # each write, by its kind
        self.registered: list[str] = []
        self._opened: list[str] = []
        self.people = [self._join() for _ in range(size)]
        self._free: queue.SimpleQueue[Person] = queue.SimpleQueue()
        for person in self.people:
            self._free.put(person)

    def operations(self, **parts: int) -> Sequence[tuple[str, Operation]]:
        """So many of each, well mixed: `operations(me=30, refresh=10)`."""
        mixed = [
            (name, getattr(self, name)) for name, amount in parts.items() for _ in range(amount)
        ]
        random.Random(8).shuffle(mixed)  # the same in every run
        return mixed

    def me(self) -> Reply:
        person = random.choice(self.people)
        return send(self.url, "GET", "users/me/", token=person.access)

    def refresh(self) -> Reply:
        person = self._somebody()
        if person is None:
            return self.me()
        reply = send(self.url, "POST", "auth/refresh/", {"refresh": person.refresh}, key=person.key)
        person.asks = reply.status != 200
        if reply.status == 200:
            person.access, person.refresh = reply.json["access"], reply.json["refresh"]
            person.key = secrets.token_hex(8)
            self.acknowledged.append("refresh")
        self._free.put(person)
        return reply

    def rename(self) -> Reply:
        person = self._somebody()
        if person is None:
            return self.me()
        name = secrets.token_hex(8)
        reply = send(self.url, "PATCH", "users/me/", {"first_name": name}, token=person.access)
        person.tried.append(name)
        if reply.status == 200:
            person.name, person.tried = name, []
            self.acknowledged.append("rename")
        self._free.put(person)
        return reply

    def register(self) -> Reply:
        email = f"crowd-{secrets.token_hex(6)}@faults.example.com"
        body = {"email": email, "password": PASSWORD, "password_confirm": PASSWORD}
        reply = send(self.url, "POST", "auth/register/", body, address=new_address())
        if reply.status == 201:
            self.registered.append(email)
            self.acknowledged.append("register")
        return reply

    def login(self) -> Reply:
        reply = self.log_in(random.choice(self.people).email, new_address())
        if reply.status == 200:
            self._opened.append(claim(reply.json["access"], "sid"))
            self.acknowledged.append("login")
        return reply

    def lost(self, connection: psycopg.Connection[tuple[object, ...]]) -> list[str]:
        """Every acknowledged write that is not in the database."""
        return [*self._lost_users(connection), *self._lost_sessions(connection)]

    def _lost_users(self, connection: psycopg.Connection[tuple[object, ...]]) -> Iterator[str]:
        found = connection.execute("SELECT email, first_name FROM users_user").fetchall()
        names = {str(email): str(name) for email, name in found}
        for email in self.registered:
            if email not in names:
                yield f"register {email}"
        for person in self.people:
            if names.get(person.email) not in {person.name, *person.tried}:
                yield f"rename {person.email}"

    def _lost_sessions(self, connection: psycopg.Connection[tuple[object, ...]]) -> Iterator[str]:
        found = connection.execute(
            "SELECT id, refresh_jti, previous_jti FROM authentication_session"
        ).fetchall()
        tokens = {str(row[0]): (str(row[1]), str(row[2])) for row in found}
        for session in self._opened:
            if session not in tokens:
                yield f"login {session}"
        for person in self.people:
            current, previous = tokens[claim(person.refresh, "sid")]
            known = {current, previous} if person.asks else {current}
            if claim(person.refresh, "jti") not in known:
                yield f"refresh {person.email}"

    def _somebody(self) -> Person | None:
        try:
            return self._free.get_nowait()
        except queue.Empty:
            return None

    def _join(self) -> Person:
        email = f"member-{secrets.token_hex(6)}@faults.example.com"
        body = {"email": email, "password": PASSWORD, "password_confirm": PASSWORD}
        reply = send(self.url, "POST", "auth/register/", body, address=new_address())
        assert reply.status == 201, reply
        pair = self.log_in(email, new_address())
        assert pair.status == 200, pair
        return Person(email, pair.json["access"], pair.json["refresh"])

    def log_in(self, email: str, address: str) -> Reply:
        """A login that is not written down."""
        body = {"email": email, "password": PASSWORD}
        return send(self.url, "POST", "auth/login/", body, address=address)
