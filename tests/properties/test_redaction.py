"""Secrets planted wherever they come to stand never survive; what is none does."""

import json
from itertools import zip_longest
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.core.telemetry.redaction import MASK, Redactor
from tests.properties import profiles
from tests.properties.plants import (
    HARMLESS,
    NAMES,
    OF_ANY,
    OF_TOKENS,
    SECRETS,
    SEGMENTS,
    TOKENS,
    WORDS,
    Secret,
)

REDACTOR = Redactor()
SIZE = 10_000
SECONDS = 10.0  # of a processor, a hundred times what it takes; a pattern that runs away takes ages
KEPT = (
    *("ada@example.com", "'Ada'", "id = 1", "Host: example.com", "HTTP/1.1"),
    *("x=1", "b=2", "next=", '"y":"z"'),
)

# A JSON Web Token and a stored password, each with its parts that must go.
JWTS = st.lists(SEGMENTS, min_size=2, max_size=4).map(
    lambda parts: (Secret(tuple(parts), ""), ".".join(["eyJhbGciOiJIUzI1NiJ9", *parts]))
)
HASHES = st.tuples(SEGMENTS, SEGMENTS, st.sampled_from(["argon2$argon2id", "$argon2id"])).map(
    lambda h: (Secret(h[:2], ""), f"{h[2]}$v=19$m=19456,t=2,p=1${h[0]}${h[1]}")
)
TALK = (*HARMLESS[:5], "42", "true", "refreshed", "é", "/api/v1/docs/", "Ünïcode", "request")
GLUE = (*" =:'\"\n()[]&\\", ": ", ", ", "; ", '\\"', " = ")
PIECES = st.sampled_from(
    [
        *("password", "token", "refresh", "csrf.", "x_secret", "cookie", "authorization", "sid"),
        *(
            "eyJ",
            "eyJhbGciOi",
            "argon2",
            "$argon2id$",
            "bearer ",
            "basic",
            "DETAIL:",
            "://",
            "a://b:",
        ),
        *("\"'=:@&;,()[]{}\\.- \n\t\r"),
        *('\\"', "\\'", "''", "('", "=(", ": [", "\nA:", "\n\n", "\r\n", MASK, "a", "7", "é", "\0"),
    ]
)
LEAVES = st.none() | st.booleans() | st.floats() | st.integers() | st.binary(max_size=10)
ODD = st.text(st.characters(exclude_categories=()), max_size=10)
VALUES = st.recursive(
    LEAVES | ODD | st.builds(ValueError, ODD) | st.uuids() | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.frozensets(LEAVES | ODD, max_size=3)
        | st.dictionaries(ODD | st.integers() | st.binary(max_size=5), inner, max_size=3)
    ),
)

type Tree = str | int | list[Tree] | dict[str, Tree] | None


def trees() -> st.SearchStrategy[Tree]:
    """Documents with secrets under the names of such, and harmless values under others."""
    harmless: st.SearchStrategy[Tree] = st.sampled_from(WORDS) | st.integers() | st.none()
    texts: st.SearchStrategy[Tree] = SECRETS.map(lambda secret: secret.text)

    def wider(inner: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
        harmless_pairs = st.tuples(st.sampled_from(HARMLESS), inner)
        pairs = st.tuples(st.sampled_from(NAMES), texts) | harmless_pairs
        return st.lists(inner, max_size=3) | st.lists(pairs, max_size=4).map(dict)

    return st.recursive(harmless, wider, max_leaves=12)


def masked(tree: Tree) -> Tree:
    """The document as it must come out."""
    if isinstance(tree, list):
        return [masked(item) for item in tree]
    if isinstance(tree, dict):
        return {name: MASK if name in NAMES else masked(value) for name, value in tree.items()}
    return tree


class TestPlanted:
    @pytest.mark.parametrize("place", OF_ANY)
    @given(name=st.sampled_from(NAMES), secret=SECRETS)
    @profiles.examples(12)
    def test_is_gone_from(self, place: str, name: str, secret: Secret) -> None:
        self.check(OF_ANY[place](name, secret.text), secret)

    @pytest.mark.parametrize("place", OF_TOKENS)
    @given(name=st.sampled_from(NAMES), secret=TOKENS)
    @profiles.examples(12)
    def test_as_a_token_is_gone_from(self, place: str, name: str, secret: Secret) -> None:
        self.check(OF_TOKENS[place](name, secret.text), secret)

    def check(self, text: str, secret: Secret) -> None:
        assert secret.is_in(text)
        redacted = REDACTOR.text(text)
        assert not secret.is_in(redacted)
        assert MASK in redacted
        assert REDACTOR.text(redacted) == redacted
        assert all(kept in redacted for kept in KEPT if kept in text)


class TestDocuments:
    @given(tree=trees())
    @profiles.examples(50)
    def test_lose_their_secrets_and_nothing_else(self, tree: Tree) -> None:
        redacted = REDACTOR.value("data", tree)
        assert redacted == masked(tree)
        assert REDACTOR.value("data", redacted) == redacted

    @given(tree=trees(), indent=st.sampled_from([None, 2]), is_ascii=st.booleans())
    @profiles.examples(50)
    def test_written_down_lose_the_same(
        self, tree: Tree, indent: int | None, is_ascii: bool
    ) -> None:
        def written(document: Tree) -> str:
            return json.dumps(document, indent=indent, ensure_ascii=is_ascii)

        assert REDACTOR.text(written(tree)) == written(masked(tree))


class TestByItsLooks:
    @given(before=st.text(max_size=20), after=st.text(max_size=20), token=JWTS | HASHES)
    @profiles.examples(50)
    def test_is_gone_wherever_it_stands(
        self, before: str, after: str, token: tuple[Secret, str]
    ) -> None:
        secret, written = token
        redacted = REDACTOR.text(before + written + after)
        assert not secret.is_in(redacted)

    @given(
        secrets=st.lists(st.text("xyzXYZ019+/.", min_size=4, max_size=12), min_size=1, max_size=4),
        longer=st.text("xyz019", max_size=4),
        glue=st.lists(st.text("\u03b1\u03b2 -", min_size=1), min_size=6, max_size=6),
    )
    @profiles.examples(50)
    def test_configured_is_gone_and_nothing_around_it(
        self, secrets: list[str], longer: str, glue: list[str]
    ) -> None:
        secrets = [*secrets, secrets[0] + longer]
        text = "".join(map("".join, zip_longest(glue, secrets, fillvalue="")))
        assert Redactor(secrets).text(text) == MASK.join(glue[: len(secrets) + 1]) + "".join(
            glue[len(secrets) + 1 :]
        )


class TestAnything:
    @given(words=st.lists(st.tuples(st.sampled_from(TALK), st.sampled_from(GLUE)), max_size=20))
    @profiles.examples(50)
    def test_harmless_comes_through_as_it_was(self, words: list[tuple[str, str]]) -> None:
        text = "".join(word + glue for word, glue in words)
        assert REDACTOR.text(text) == text

    @given(pieces=st.lists(PIECES | st.text(max_size=5), max_size=20))
    @profiles.examples(80)
    def test_redacted_twice_is_redacted_once(self, pieces: list[str]) -> None:
        redacted = REDACTOR.text("".join(pieces))
        assert REDACTOR.text(redacted) == redacted

    @given(value=VALUES, name=st.text(max_size=10))
    @profiles.examples(50)
    def test_raises_nothing(self, value: object, name: str) -> None:
        REDACTOR.value(name, value)
        REDACTOR.text(str(value))

    @given(pieces=st.lists(PIECES, min_size=1, max_size=4))
    @profiles.examples(12)
    def test_comes_to_an_end(self, pieces: list[str]) -> None:
        unit = "".join(pieces)
        text = (unit * (SIZE // len(unit) + 1))[:SIZE]
        started = process_time()
        REDACTOR.text(text)
        assert process_time() - started < SECONDS
