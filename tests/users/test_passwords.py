"""Passwords: hashed with Argon2id, a bounded number at a time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from pytest_django import Settings

from backend.core.errors import ValidationFailed
from backend.users import passwords
from backend.users.errors import TooBusyToHash
from backend.users.models import User
from backend.users.passwords import Argon2idHasher, MaximumLengthValidator

PASSWORD = "correct horse battery 9"


@pytest.fixture
def one_slot(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> threading.BoundedSemaphore:
    """One hash at a time, and no patience."""
    settings.PASSWORD_HASH_WAIT_SECONDS = 0.01
    slots = threading.BoundedSemaphore(1)
    monkeypatch.setattr(passwords, "_slots", slots)
    return slots


class TestHashPassword:
    def test_is_argon2id_with_what_owasp_recommends(self, settings: Settings) -> None:
        settings.PASSWORD_HASHERS = ["backend.users.passwords.Argon2idHasher"]
        encoded = passwords.hash_password(PASSWORD)
        assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
        assert passwords.verify(PASSWORD, encoded) == (True, False)

    def test_salts(self) -> None:
        assert passwords.hash_password(PASSWORD) != passwords.hash_password(PASSWORD)

    def test_waits_for_a_slot_and_gives_up(self, one_slot: threading.BoundedSemaphore) -> None:
        with one_slot, pytest.raises(TooBusyToHash):
            passwords.hash_password(PASSWORD)
        assert passwords.hash_password(PASSWORD)

    def test_gives_its_slot_back_when_it_fails(
        self, one_slot: threading.BoundedSemaphore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> str:
            raise MemoryError

        monkeypatch.setattr(Argon2idHasher, "encode", fail)
        with pytest.raises(MemoryError):
            passwords.hash_password(PASSWORD)
        assert one_slot.acquire(blocking=False)

    def test_takes_memory_in_a_few_threads_whoever_asks(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        used: set[str] = set()

        def note(_: object, password: str, salt: str) -> str:
            used.add(threading.current_thread().name)
            return "argon2$" + password + salt

        monkeypatch.setattr(Argon2idHasher, "encode", note)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(passwords.hash_password, [PASSWORD] * 32))
        assert used
        assert all(name.startswith("passwords") for name in used)


class TestVerify:
    @pytest.mark.parametrize(
        "encoded", [None, "", UNUSABLE_PASSWORD_PREFIX, "!x", "plain", "md5$a$b"]
    )
    @pytest.mark.parametrize("password", ["", PASSWORD, "!", "plain"])
    def test_is_never_correct_against_nothing(self, encoded: str | None, password: str) -> None:
        assert passwords.verify(password, encoded) == (False, False)

    def test_waits_for_a_slot_and_gives_up(self, one_slot: threading.BoundedSemaphore) -> None:
        with one_slot, pytest.raises(TooBusyToHash):
            passwords.verify(PASSWORD, None)

    def test_knows_the_same_characters_composed_otherwise(self) -> None:
        encoded = passwords.hash_password("cafe\u0301 \uff11\u2460")
        assert passwords.verify("caf\u00e9 11", encoded).correct
        assert not passwords.verify("cafe 11", encoded).correct

    def test_tells_case_apart(self) -> None:
        assert not passwords.verify(PASSWORD.upper(), passwords.hash_password(PASSWORD)).correct

    def test_tells_a_stale_hash(self) -> None:
        weak = Argon2idHasher()
        weak.memory_cost, weak.time_cost = 16, 3
        encoded = weak.encode(PASSWORD, "somesaltofold")
        assert passwords.verify(PASSWORD, encoded) == (True, True)
        assert passwords.verify("wrong", encoded) == (False, False)


class TestRequireGood:
    @pytest.mark.parametrize(
        "password",
        [
            *("", "1234567", "12345678", "password", "Password1", "iloveyou", "x" * 257),
            *("ada.lovelace", "lovelace1", "AdaLovelace"),
        ],
    )
    def test_refuses_and_blames_the_field(self, password: str) -> None:
        user = User(email="ada.lovelace@example.com", first_name="Ada", last_name="Lovelace")
        with pytest.raises(ValidationFailed) as refused:
            passwords.require_good(password, field="new_password", user=user)
        assert [*refused.value.errors] == ["new_password"]

    def test_follows_the_setting_for_the_shortest(self, settings: Settings) -> None:
        minimum, *others = settings.AUTH_PASSWORD_VALIDATORS
        assert minimum["OPTIONS"] == {"min_length": 8}
        settings.AUTH_PASSWORD_VALIDATORS = [{**minimum, "OPTIONS": {"min_length": 12}}, *others]
        with pytest.raises(ValidationFailed):
            passwords.require_good("x!7qx!7qx!7", field="password", user=User())
        passwords.require_good("x!7qx!7qx!7q", field="password", user=User())

    @pytest.mark.parametrize("password", [PASSWORD, "x7!qvb2.", "x!7q" * 64, "пароль не простой"])
    def test_accepts_any_other(self, password: str) -> None:
        passwords.require_good(password, field="password", user=User(email="ada@example.com"))


class TestMaximumLength:
    def test_tells_the_admins_forms(self) -> None:
        assert "256" in MaximumLengthValidator().get_help_text()
