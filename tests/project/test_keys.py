"""``just keys``: new keys, and how to replace the present ones."""

import re
import sys
from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter

from project import keys, preflight
from project.env import Environment
from project.values import KeyRing

KEY = r"[A-Za-z0-9_-]{64}"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """One in which there is nothing yet."""
    monkeypatch.delenv("JWT_KEYS", raising=False)
    monkeypatch.setitem(Environment.model_config, "env_file", None)
    return monkeypatch


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command prints."""
    assert keys.main([*arguments]) == 0
    return capsys.readouterr().out


class TestNew:
    def test_is_a_line_for_the_first_start(self, capsys: pytest.CaptureFixture[str]) -> None:
        line = said(capsys, "new")
        assert re.fullmatch(rf"JWT_KEYS={datetime.now(UTC):%Y-%m-%d}:{KEY}\n", line)

    def test_is_another_each_time(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert said(capsys, "new") != said(capsys, "new")

    def test_satisfies_the_preflight(
        self, capsys: pytest.CaptureFixture[str], environment: pytest.MonkeyPatch
    ) -> None:
        for action in ("new", "secret"):
            line = said(capsys, action).splitlines()[0]
            environment.setenv(*line.split("=", 1))
        faults = [fault.variable for fault in preflight.identity(Environment())]
        assert "JWT_KEYS" not in faults
        assert "SECRET_KEY" not in faults

    def test_takes_a_name(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert said(capsys, "new", "--name", "blue").startswith("JWT_KEYS=blue:")

    @pytest.mark.parametrize("name", ["", "a:b", "a,b", "a,b:c", "ä", "x" * 65])
    def test_refuses_what_is_no_name(self, capsys: pytest.CaptureFixture[str], name: str) -> None:
        with pytest.raises(SystemExit):
            keys.main(["new", "--name", name])
        assert "must be 1 to 64 of A-Z a-z 0-9 . _ -" in capsys.readouterr().err

    def test_refuses_a_name_that_is_taken(self, environment: pytest.MonkeyPatch) -> None:
        environment.setenv("JWT_KEYS", "blue:secret")
        with pytest.raises(SystemExit, match="JWT_KEYS has a blue already"):
            keys.main(["new", "--name", "blue"])

    def test_finds_a_name_that_is_not_taken(
        self, capsys: pytest.CaptureFixture[str], environment: pytest.MonkeyPatch
    ) -> None:
        today = f"{datetime.now(UTC):%Y-%m-%d}"
        environment.setenv("JWT_KEYS", f"{today}:one,{today}b:two")
        assert said(capsys, "new").startswith(f"{today}c:")


class TestReplacing:
    @pytest.fixture
    def text(self, capsys: pytest.CaptureFixture[str], environment: pytest.MonkeyPatch) -> str:
        """What is said where there are two keys, whose tokens live for a day and a second."""
        environment.setenv("JWT_KEYS", "blue:first-secret,red:second-secret")
        environment.setenv("REFRESH_TOKEN_SECONDS", "86401")
        return said(capsys, "new", "--name", "green")

    def test_never_shows_the_present_keys(self, text: str) -> None:
        assert "first-secret" not in text
        assert "second-secret" not in text
        assert "blue, red" in text

    def test_is_done_in_three_steps(self, text: str) -> None:
        present = "blue:first-secret,red:second-secret"
        values = re.findall(r"(?m)^   JWT_KEYS=(.*)$", text)
        rings = [
            [
                *TypeAdapter(KeyRing).validate_python(
                    value.replace("<the present JWT_KEYS>", present)
                )
            ]
            for value in values
        ]
        assert rings == [["blue", "red", "green"], ["green", "blue", "red"], ["green"]]

    def test_has_one_new_key(self, text: str) -> None:
        assert len({*re.findall(rf"green:{KEY}", text)}) == 1
        assert re.match(rf"green:{KEY}\n", text)

    def test_waits_until_the_last_token_has_expired(self, text: str) -> None:
        assert "Not before 2 days later" in text


class TestSecret:
    def test_is_a_line_and_what_it_costs(self, capsys: pytest.CaptureFixture[str]) -> None:
        text = said(capsys, "secret")
        assert re.match(r"SECRET_KEY=[A-Za-z0-9_-]{67}\n", text)
        for cost in ("admin site", "mailed links", "cursors", "nobody is signed out of the API"):
            assert cost in text


class TestCommand:
    def test_wants_to_know_which(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit):
            keys.main([])
        assert "new | secret" in capsys.readouterr().err

    def test_needs_nothing_that_works(
        self, capsys: pytest.CaptureFixture[str], environment: pytest.MonkeyPatch
    ) -> None:
        environment.setenv("DB_PORT", "none")
        environment.setenv("JWT_KEYS", "not a ring")
        environment.setattr(sys, "argv", ["keys", "secret"])
        assert keys.main() == 0
        assert capsys.readouterr().out.startswith("SECRET_KEY=")
        assert said(capsys, "new").startswith("JWT_KEYS=")
