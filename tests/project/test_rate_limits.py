"""``RATE_LIMIT_*`` of the environment."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from project import env
from project.env import Environment
from project.values import Rate

VARIABLES = {
    "RATE_LIMIT_LOGIN_FAILURES": "login_failures",
    "RATE_LIMIT_LOGIN": "login",
    "RATE_LIMIT_REGISTER": "register",
    "RATE_LIMIT_MAIL": "mail",
    "RATE_LIMIT_DEFAULT": "default",
}
EACH = pytest.mark.parametrize(("variable", "name"), VARIABLES.items())


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


def read() -> Environment:
    """The environment as it is now, without a developer's ``.env``."""
    return Environment(_env_file=None)


class TestRate:
    @EACH
    @pytest.mark.parametrize(
        "text",
        [
            *("x", "20", "20/", "/min", "0/min", "20/0min", "-1/min", "1.5/min", "20/week"),
            *("20 / min", "20/min/h", "20/min\n20/h", "20/MIN", "None", "true", "020/min", "1e3/h"),
        ],
    )
    def test_that_is_none_names_the_variable_and_not_the_value(
        self, variable: str, name: str, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(variable, f"{text}hunter2")
        with pytest.raises(ImproperlyConfigured) as refused:
            env.load.__wrapped__()
        assert variable in str(refused.value)
        assert "hunter2" not in str(refused.value)
        monkeypatch.setenv(variable, text)
        with pytest.raises(ImproperlyConfigured, match=variable):
            env.load.__wrapped__()

    def test_that_is_none_is_named_together_with_the_others(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for variable in VARIABLES:
            monkeypatch.setenv(variable, "x")
        with pytest.raises(ImproperlyConfigured) as refused:
            env.load.__wrapped__()
        assert all(f"{variable}:" in str(refused.value) for variable in VARIABLES)

    @EACH
    @pytest.mark.parametrize("text", ["", " "])
    def test_that_is_empty_lifts_the_limit(
        self, variable: str, name: str, text: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(variable, text)
        limits = read().rate_limits
        assert limits.pop(name) is None
        assert all(limits.values())

    @EACH
    @pytest.mark.parametrize(
        ("text", "rate"),
        [
            ("5/5min", (5, 300)),
            ("20/min", (20, 60)),
            ("20/h", (20, 3600)),
            ("20/hour", (20, 3600)),
            ("1/s", (1, 1)),
            ("7/10sec", (7, 10)),
            ("3/2d", (3, 172_800)),
            ("100/day", (100, 86_400)),
            (" 300/min ", (300, 60)),
        ],
    )
    def test_is_read(
        self,
        variable: str,
        name: str,
        text: str,
        rate: tuple[int, int],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setenv(variable, text)
        assert read().rate_limits[name] == Rate(*rate)


class TestDefaults:
    def test_are_those_of_the_contract(self) -> None:
        assert read().rate_limits == {
            "login_failures": (5, 300),
            "login": (20, 60),
            "register": (20, 3600),
            "mail": (3, 3600),
            "default": (300, 60),
        }

    def test_are_lifted_in_development_but_for_failed_logins(self) -> None:
        limits = read().rate_limits_of_development
        assert limits.pop("login_failures") == (5, 300)
        assert limits == dict.fromkeys(["login", "register", "mail", "default"])

    @EACH
    def test_hold_in_development_where_they_are_set(
        self, variable: str, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(variable, "7/min")
        limits = read().rate_limits_of_development
        assert limits.pop(name) == (7, 60)
        assert {other for other, rate in limits.items() if rate} <= {"login_failures"}

    def test_of_failed_logins_can_be_lifted_in_development(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("RATE_LIMIT_LOGIN_FAILURES", "")
        assert not any(read().rate_limits_of_development.values())
