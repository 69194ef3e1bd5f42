"""The whole life of a session's refresh tokens, as a machine that Hypothesis plays with."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from backend.authentication.models import Session
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import Answer, InProcess

AGENTS = st.sampled_from(["Firefox/150", "Chrome/160"])
KEYS = st.sampled_from(["", "one", "two"])


@dataclass
class Model:
    """What the contract says of a session, in so many words.

    Attributes:
        tokens: Every refresh token in the order of their birth; the last one is good.
        agent: Who spent the last but one, and ``key`` with which key.
    """

    tokens: list[str] = field(default_factory=list)
    agent: str = ""
    key: str = ""
    is_race_over: bool = False
    is_alive: bool = True

    def expect(self, index: int, agent: str, key: str) -> str:
        """What becomes of spending a token: a code, ``spent`` or ``replayed``."""
        if not self.is_alive:
            return "session_revoked"
        if index == len(self.tokens) - 1:
            return "spent"
        if index == len(self.tokens) - 2:
            if key and key == self.key:
                return "replayed"
            if agent == self.agent and not self.is_race_over:
                return "refresh_token_rotated"
        return "refresh_token_reused"


class Rotation(RuleBasedStateMachine):
    """Refreshes of one session by two clients, with and without keys, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.account: Account = accounts.signed_in(InProcess())
        self.sessions = Session.objects.filter(user__email=self.account.email)
        self.model = Model(tokens=[self.account.refresh])

    @rule(back=st.integers(0, 3), agent=AGENTS, key=KEYS)
    def refresh(self, back: int, agent: str, key: str) -> None:
        """Spend the latest token, or one of its ancestors."""
        model = self.model
        index = max(len(model.tokens) - 1 - back, 0)
        expected = model.expect(index, agent, key)
        headers = {"User-Agent": agent} | ({"Idempotency-Key": key} if key else {})
        answer = self.account.spend(model.tokens[index], **headers)
        assert outcome(answer) == expected
        if expected == "spent":
            model.tokens.append(answer.json["refresh"])
            model.agent, model.key, model.is_race_over = agent, key, False
        elif expected == "replayed":
            assert answer.json["refresh"] == model.tokens[-1]
        elif expected == "refresh_token_reused":
            model.is_alive = False
        if answer.status == 200:
            self.account.access = answer.json["access"]

    @rule()
    def wait(self) -> None:
        """Let eleven seconds pass."""
        moment = timezone.now() - timedelta(seconds=11)
        self.sessions.update(last_used_at=moment)
        self.model.is_race_over = True

    @rule(back=st.integers(0, 3))
    def log_out(self, back: int) -> None:
        """End the session by any of its tokens."""
        tokens = self.model.tokens
        body = {"refresh": tokens[max(len(tokens) - 1 - back, 0)]}
        assert self.account.client.post("auth/logout/", body).status == 204
        self.model.is_alive = False

    @invariant()
    def access_lives_as_long_as_the_session(self) -> None:
        """No access token outlives its session, none dies before it."""
        answer = self.account.me()
        assert (answer.status == 200) == self.model.is_alive
        assert self.model.is_alive or answer.code == "session_revoked"

    @invariant()
    def there_is_one_row(self) -> None:
        """However often it is refreshed."""
        assert self.sessions.count() == 1


def outcome(answer: Answer) -> str:
    """An answer in one word."""
    if answer.status == 200:
        return "replayed" if "idempotent-replayed" in answer.headers else "spent"
    return answer.code


@pytest.mark.django_db
class TestRotation:
    def test_does_what_the_contract_says_in_any_order(self) -> None:
        run_state_machine_as_test(
            Rotation,
            settings=settings(
                max_examples=25,
                stateful_step_count=15,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=[*HealthCheck],
            ),
        )
