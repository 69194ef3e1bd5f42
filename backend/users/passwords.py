"""Passwords: what a good one is, and Argon2id, a bounded number at a time."""

import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from argon2.exceptions import Argon2Error
from django.conf import settings
from django.contrib.auth import hashers, password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from backend.core.errors import ValidationFailed
from backend.core.server import turns
from backend.core.telemetry import metrics
from backend.users.errors import TooBusyToHash

if TYPE_CHECKING:
    from backend.users.models import User

MAX_LENGTH = 256
_slots = threading.BoundedSemaphore(settings.PASSWORD_HASHES_AT_ONCE)
_threads = ThreadPoolExecutor(settings.PASSWORD_HASHES_AT_ONCE, thread_name_prefix="passwords")


class Argon2idHasher(hashers.Argon2PasswordHasher):
    """Argon2id with the parameters OWASP recommends: 19 MiB, two passes, one lane.

    A stored hash with other parameters is renewed at its owner's next login.
    """

    memory_cost = 19_456  # KiB
    time_cost = 2
    parallelism = 1


class MaximumLengthValidator:
    """Refuses passwords over 256 characters: hashing must not become a way to burn our time."""

    def validate(self, password: str, user: object = None) -> None:  # noqa: ARG002  (Django's form)
        """Refuse a password that is too long."""
        if len(password) > MAX_LENGTH:
            raise ValidationError(
                _("This password is too long. It must contain at most %(max_length)d characters."),
                code="password_too_long",
                params={"max_length": MAX_LENGTH},
            )

    def get_help_text(self) -> str:
        """What the admin's forms tell."""
        return _("Your password can contain at most %(max_length)d characters.") % {
            "max_length": MAX_LENGTH
        }


class Verdict(NamedTuple):
    """The outcome of checking a password."""

    correct: bool
    stale: bool  # correct, and its hash should be renewed


def normalise(password: str) -> str:
    """NFKC: the same characters, however a keyboard composed them."""
    return unicodedata.normalize("NFKC", password)


def require_good(password: str, *, field: str, user: "User") -> None:
    """Hold a new password against the policy.

    Raises:
        ValidationFailed: it is too short, too long, common, or like the user's own data.
    """
    try:
        password_validation.validate_password(normalise(password), user)
    except ValidationError as error:
        raise ValidationFailed(errors={field: list(error.messages)}) from None


def hash_password(password: str) -> str:
    """The encoded hash of a password.

    Raises:
        TooBusyToHash: no slot came free in time.
    """
    return _in_turn(lambda: hashers.make_password(normalise(password)))


def verify(password: str, encoded: str | None) -> Verdict:
    """Check a password. Takes the same time where there is nothing to check it against.

    Raises:
        TooBusyToHash: no slot came free in time.
    """
    claimed = encoded or hashers.UNUSABLE_PASSWORD_PREFIX
    try:
        correct, stale = _in_turn(lambda: hashers.verify_password(normalise(password), claimed))
    except (ValueError, Argon2Error):  # a damaged hash matches nothing
        return Verdict(correct=False, stale=False)
    return Verdict(correct, correct and stale)


def _in_turn[Result](hash_it: Callable[[], Result]) -> Result:
    """Run something that hashes, a few at a time, while others compute.

    It runs in threads of its own: each that has once hashed keeps the memory it took.
    """
    with turns.stepped_aside():
        return _when_free(hash_it)


def _when_free[Result](hash_it: Callable[[], Result]) -> Result:
    with metrics.password_hashes.one_more("waiting"):
        if not _slots.acquire(timeout=settings.PASSWORD_HASH_WAIT_SECONDS):
            raise TooBusyToHash
    try:
        with metrics.password_hashes.one_more("under way"):
            return _threads.submit(hash_it).result()
    finally:
        _slots.release()
