"""What no generator makes of a document: what it cannot say, and what nobody would send."""

import re
from random import Random
from typing import Any

from schemathesis import Case

from backend.core.examples import PASSWORD

# Valid and not, of this caller's and of nobody's, so that some meet what is there.
HEADERS = {
    "Idempotency-Key": ["fuzz-1", "fuzz-2", "fuzz-3", "", "a" * 128, "a" * 129, "é", "a b", ","],
    "If-Match": ['"1"', '"2"', '"1.staff"', 'W/"1"', "*", "", '"', '"1", "2"', "é", "9" * 19],
    "If-None-Match": ['"1"', '"2"', '"1.staff"', 'W/"1"', "*", "", '"', '"1",, "2"', "é"],
}
# UTF-8 cannot hold half of a surrogate pair, nor PostgreSQL a NUL.
UNSTORABLE = ("\0", "\ud800", "\udfff", "\udc00\ud83d", "a\0b", "\u202e\ud800\uffff😀")
# Of how many requests something is changed.
HEADER_SHARE, TEXT_SHARE, PASSWORD_SHARE, KEY_SHARE = 0.2, 0.1, 0.3, 0.8


def disturb(case: Case[Any], random: Random) -> Case[Any]:
    """Mend some requests, spoil others, and add headers.

    In place: of a new body schemathesis would ask whether it is valid, with a tool that knows no
    surrogates.
    """
    body = case.body if isinstance(case.body, dict) else {}
    if case.meta and case.meta.generation.mode.is_positive:
        _mend(body, random)
    if random.random() < TEXT_SHARE:
        body.update({name: random.choice(UNSTORABLE) for name in _texts(body)})
    for name, values in HEADERS.items():
        if random.random() < HEADER_SHARE:
            case.headers.setdefault(name, random.choice(values))
    if random.random() < KEY_SHARE:
        renew_key(case, random)
    return case


def renew_key(case: Case[Any], random: Random) -> None:
    """Replace a valid key: generators repeat themselves, and a key is taken once used."""
    key = str(case.headers.get("Idempotency-Key", ""))
    if re.fullmatch("[A-Za-z0-9._-]{1,128}", key):
        case.headers["Idempotency-Key"] = f"fuzz-{random.getrandbits(64):x}"


def is_unstorable(body: object) -> bool:
    """Whether a body holds text that cannot be stored."""
    return isinstance(body, dict) and any(body[name] in UNSTORABLE for name in _texts(body))


def _mend(body: dict[str, Any], random: Random) -> None:
    """Say what a schema cannot: which password it is, and that it is repeated."""
    for name in {"password", "current_password"} & {*_texts(body)}:
        if random.random() < PASSWORD_SHARE:
            body[name] = PASSWORD
    for name in _texts(body):
        if name.endswith("_confirm"):
            body[name] = body.get(name.removesuffix("_confirm"), body[name])


def _texts(body: dict[str, Any]) -> list[str]:
    return [name for name, value in body.items() if isinstance(value, str)]
