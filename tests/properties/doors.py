"""Two ways into the service that answer alike: its services called directly, and requests."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from backend.authentication import services, sessions
from backend.authentication.bearer import bearer
from backend.authentication.models import Session
from backend.authentication.sessions import TokenPair
from backend.authentication.tokens import AccessToken
from backend.core.errors import DomainError
from backend.core.http.client import Client
from backend.testing.client import Answer, InProcess
from backend.users import services as users
from tests.properties.contract import NO_CONTENT, OK, REPLAYED


@dataclass(frozen=True)
class Pair:
    """What a login or a refresh gave."""

    session_id: UUID
    access: str
    refresh: str
    expires_in: int
    refresh_expires_in: int


@dataclass(frozen=True)
class Outcome:
    """What came of a call, in a word: ``204`` or the code of a refusal; and what it gave."""

    word: str
    pair: Pair | None = None
    listed: frozenset[UUID] = frozenset()
    current: frozenset[UUID] = frozenset()


class Door(Protocol):
    """What can be asked of the service."""

    def log_in(self, email: str, password: str, client: Client) -> Outcome: ...
    def refresh(self, token: str, client: Client, key: str) -> Outcome: ...
    def me(self, access: str) -> Outcome: ...
    def log_out_by(self, refresh: str) -> Outcome: ...
    def log_out(self, access: str) -> Outcome: ...
    def log_out_everywhere(self, access: str) -> Outcome: ...
    def end(self, access: str, session_id: UUID) -> Outcome: ...
    def change_password(self, access: str, current: str, new: str) -> Outcome: ...
    def sessions(self, access: str) -> Outcome: ...


class Services:
    """The services themselves."""

    def log_in(self, email: str, password: str, client: Client) -> Outcome:
        return self._pair(
            lambda: services.login(
                email=email, password=password, client=client, now=timezone.now()
            )
        )

    def refresh(self, token: str, client: Client, key: str) -> Outcome:
        return self._pair(
            lambda: sessions.refresh(token, client=client, now=timezone.now(), idempotency_key=key)
        )

    def me(self, access: str) -> Outcome:
        return _outcome(lambda: Outcome(OK, listed=frozenset({self._session(access).pk})))

    def log_out_by(self, refresh: str) -> Outcome:
        return _nothing(lambda: sessions.end(refresh, now=timezone.now()))

    def log_out(self, access: str) -> Outcome:
        return _nothing(lambda: sessions.end_own(self._session(access), now=timezone.now()))

    def log_out_everywhere(self, access: str) -> Outcome:
        return _nothing(lambda: users.end_all_sessions(self._session(access).user))

    def end(self, access: str, session_id: UUID) -> Outcome:
        return _nothing(
            lambda: sessions.end_one(session_id, of=self._session(access).user, now=timezone.now())
        )

    def change_password(self, access: str, current: str, new: str) -> Outcome:
        return _nothing(
            lambda: services.change_password(
                self._session(access),
                current_password=current,
                new_password=new,
                new_password_confirm=new,
                client=Client(None, ""),
                now=timezone.now(),
            )
        )

    def sessions(self, access: str) -> Outcome:
        def look() -> Outcome:
            rows = [*sessions.live_sessions(self._session(access), now=timezone.now())]
            current = [row.pk for row in rows if row.current]
            return Outcome(OK, None, frozenset(row.pk for row in rows), frozenset(current))

        return _outcome(look)

    def _session(self, access: str) -> Session:
        return bearer.authenticate(HttpRequest(), access)

    def _pair(self, ask: Callable[[], TokenPair]) -> Outcome:
        def answer() -> Outcome:
            pair = ask()
            return Outcome(
                REPLAYED if pair.replayed else OK,
                Pair(
                    pair.session_id,
                    pair.access,
                    pair.refresh,
                    pair.expires_in,
                    pair.refresh_expires_in,
                ),
            )

        return _outcome(answer)


class Requests:
    """The same by requests."""

    def __init__(self) -> None:
        self.http = InProcess()

    def log_in(self, email: str, password: str, client: Client) -> Outcome:
        return self._ask("auth/login/", {"email": email, "password": password}, client=client)

    def refresh(self, token: str, client: Client, key: str) -> Outcome:
        return self._ask("auth/refresh/", {"refresh": token}, client=client, key=key)

    def me(self, access: str) -> Outcome:
        answer = self.http.get("users/me/", token=access)
        if answer.status != 200:
            return Outcome(answer.code)
        return Outcome(OK, listed=frozenset({_claimed_session(access)}))

    def log_out_by(self, refresh: str) -> Outcome:
        return self._ask("auth/logout/", {"refresh": refresh})

    def log_out(self, access: str) -> Outcome:
        return self._ask("auth/logout/", token=access)

    def log_out_everywhere(self, access: str) -> Outcome:
        return self._ask("auth/logout/all/", token=access)

    def end(self, access: str, session_id: UUID) -> Outcome:
        return _outcome_of(self.http.delete(f"auth/sessions/{session_id}/", token=access))

    def change_password(self, access: str, current: str, new: str) -> Outcome:
        body = {"current_password": current, "new_password": new, "new_password_confirm": new}
        return self._ask("auth/password/change/", body, token=access)

    def sessions(self, access: str) -> Outcome:
        answer = self.http.get("auth/sessions/?page_size=100", token=access)
        if answer.status != 200:
            return Outcome(answer.code)
        rows = answer.json["results"]
        current = [UUID(row["id"]) for row in rows if row["current"]]
        return Outcome(OK, None, frozenset(UUID(row["id"]) for row in rows), frozenset(current))

    def _ask(
        self,
        path: str,
        body: dict[str, str] | None = None,
        *,
        token: str | None = None,
        client: Client | None = None,
        key: str = "",
    ) -> Outcome:
        headers = {"Idempotency-Key": key} if key else {}
        if client is not None:
            self.http.django.defaults["REMOTE_ADDR"] = client.ip_address or ""
            headers["User-Agent"] = client.user_agent
        return _outcome_of(self.http.post(path, body, token=token, headers=headers))


def _outcome_of(answer: Answer) -> Outcome:
    if answer.status >= 400:
        return Outcome(answer.code)
    if answer.status == 204:
        return Outcome(NO_CONTENT)
    pair: dict[str, Any] = answer.json
    return Outcome(
        REPLAYED if "idempotent-replayed" in answer.headers else OK,
        Pair(
            _claimed_session(pair["access"]),
            pair["access"],
            pair["refresh"],
            pair["expires_in"],
            pair["refresh_expires_in"],
        ),
    )


def _outcome(ask: Callable[[], Outcome]) -> Outcome:
    try:
        return ask()
    except DomainError as refusal:
        return Outcome(str(refusal.code))


def _nothing(ask: Callable[[], object]) -> Outcome:
    def answer() -> Outcome:
        ask()
        return Outcome(NO_CONTENT)

    return _outcome(answer)


def _claimed_session(access: str) -> UUID:
    return AccessToken.read(access).session_id
