"""The Python client's tokens: who gets them, where they are kept, and when they go."""

import asyncio
import json
import pickle
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx
import pytest
from backend_client import ConnectionFailed, LoginRequired, MemoryTokens, Retry, Tokens, errors

from tests.clients.wire import (
    Clock,
    Wire,
    async_client,
    client,
    done,
    logged_in,
    pair,
    refusal,
    user,
)
from tests.service import ROOT

PASSWORD = "a quiet walk by the sea"
DOCUMENTATION = (ROOT / "docs" / "clients" / "python.md").read_text()
EXPIRED = refusal(401, "token_expired")
DROPPED = httpx.ReadError("reset")


class SlowTokens:
    """A store that has to be awaited."""

    def __init__(self, kept: MemoryTokens) -> None:
        self.kept = kept

    async def load(self) -> Tokens | None:
        await asyncio.sleep(0)
        return self.kept.load()

    async def save(self, tokens: Tokens) -> None:
        await asyncio.sleep(0)
        self.kept.save(tokens)

    async def clear(self) -> None:
        await asyncio.sleep(0)
        self.kept.clear()


class TestLogin:
    def test_keeps_the_tokens_for_what_comes(self) -> None:
        wire = Wire(pair(1), user())
        api = client(wire)
        api.auth.login(email="ada@example.com", password=PASSWORD)
        api.users.me.get()
        assert wire.sent("Authorization") == [None, "Bearer access-1"]

    def test_that_is_refused_leaves_the_tokens_of_before(self) -> None:
        tokens = logged_in()
        with pytest.raises(errors.InvalidCredentials):
            client(Wire(refusal(401, "invalid_credentials")), tokens=tokens).auth.login(
                email="ada@example.com", password="wrong"
            )
        assert tokens.load() is not None

    def test_is_what_an_anonymous_call_asks_for(self) -> None:
        wire = Wire(refusal(401, "not_authenticated"))
        with pytest.raises(LoginRequired):
            client(wire).users.me.get()
        assert wire.sent("Authorization") == [None]

    def test_sends_no_token_to_what_is_public(self) -> None:
        wire = Wire(done())
        client(wire, tokens=logged_in()).auth.password.reset(email="ada@example.com")
        assert wire.sent("Authorization") == [None]


class TestLogout:
    def test_ends_the_session_of_the_kept_tokens(self) -> None:
        wire, tokens = Wire(done()), logged_in(seconds=-1)  # too old is no obstacle
        client(wire, tokens=tokens).auth.logout()
        assert (wire.bodies(), tokens.load()) == ([{"refresh": "refresh-1"}], None)

    def test_keeps_the_tokens_when_it_failed(self) -> None:
        tokens = logged_in()
        with pytest.raises(ConnectionFailed):
            client(Wire(DROPPED), tokens=tokens, retry=Retry(attempts=1)).auth.logout()
        assert tokens.load() is not None

    def test_of_nobody_is_refused_by_the_service(self) -> None:
        wire = Wire(refusal(401, "not_authenticated"))
        with pytest.raises(errors.NotAuthenticated):
            client(wire).auth.logout()
        assert wire.bodies() == []

    def test_is_what_deleting_the_account_is_too(self) -> None:
        tokens = logged_in()
        client(Wire(done()), tokens=tokens).users.me.delete(password=PASSWORD)
        assert tokens.load() is None


class TestStore:
    def test_may_be_a_file(self, tmp_path: Path) -> None:
        """With the store that the documentation shows."""
        path = tmp_path / "tokens.json"
        shown = re.search(r"^class FileTokens:\n(?: .*\n|\n)+", DOCUMENTATION, re.MULTILINE)
        assert shown is not None
        names = {"json": json, "asdict": asdict, "Tokens": Tokens, "Path": Path}
        exec(shown[0], names)  # a page of ours
        FileTokens: Any = names["FileTokens"]  # noqa: N806  (its name there)

        api = client(Wire(pair(1)), tokens=FileTokens(path))
        api.auth.login(email="ada@example.com", password=PASSWORD)
        later = Wire(EXPIRED, pair(2), user(), done())
        api = client(later, tokens=FileTokens(path))
        api.users.me.get()
        assert path.stat().st_mode & 0o777 == 0o600
        api.auth.logout()
        assert (later.bodies()[-1], path.exists()) == ({"refresh": "refresh-2"}, False)

    def test_may_be_awaited(self) -> None:
        kept, wire = logged_in(seconds=0), Wire(pair(2), user(), done())

        async def flow() -> None:
            api = async_client(wire, tokens=SlowTokens(kept))
            await api.users.me.get()
            await api.auth.logout()

        asyncio.run(flow())
        assert wire.paths == ["auth/refresh/", "users/me/", "auth/logout/"]
        assert kept.load() is None

    def test_may_not_be_awaited_by_the_client_that_blocks(self) -> None:
        with pytest.raises(TypeError, match="AsyncClient"):
            client(Wire(), tokens=SlowTokens(logged_in())).users.me.get()


class TestTokens:
    def test_are_not_shown(self) -> None:
        shown = repr(logged_in().load())
        assert not {"access-1", "refresh-1", "key-1"} & {*shown.replace("'", " ").split()}
        assert shown == f"Tokens(expires_at={Clock().now + 900})"

    def test_travel_between_processes(self) -> None:
        tokens = logged_in().load()
        assert pickle.loads(pickle.dumps(tokens)) == tokens
