"""One account, however its address is spelt: what is accepted, and that it stays one."""

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from typing import Literal

import idna
import pytest
from django.utils import timezone
from hypothesis import assume, given
from hypothesis import strategies as st

from backend.authentication import services
from backend.core.http.client import NOBODY
from backend.testing.accounts import PASSWORD
from backend.users.emails import MAX_LENGTH, canonical
from backend.users.errors import EmailInvalid, EmailTaken
from backend.users.models import User
from tests.properties import profiles
from tests.properties.profiles import rolled_back

# Its capital is I, which is the capital of another letter, too: no folding tells which was meant.
DOTLESS = "\N{LATIN SMALL LETTER DOTLESS I}"
LETTERS = st.characters(categories=("L", "M", "N"), exclude_characters=DOTLESS)
# Letters that fold into several, into one another, or differently by where they stand.
ODD = st.sampled_from("aIi09-ßẞİſKÅåΣσςﬁŉǰΐﬀＡａ①ñéÉᾳᾼⅧ㎏가\u0301\u0307\u0345")  # noqa: RUF001  (the subject)
WORDS = st.text(ODD | LETTERS, min_size=1, max_size=8)


def is_folded_alike(text: str) -> bool:
    """Whether it is all the same which normal form is folded.

    It is not where a mark follows U+0345, which folding turns into a letter.
    """
    forms = {unicodedata.normalize(form, text).casefold() for form in ("NFD", "NFKC")}
    return len({unicodedata.normalize("NFKC", form) for form in forms}) == 1


ADDRESSES = st.builds(
    "{}@{}.{}".format,
    st.lists(WORDS, min_size=1, max_size=3).map("+".join),
    WORDS,
    st.sampled_from(["example", "com", "test"]) | WORDS,
).filter(is_folded_alike)
LONG = st.builds(
    lambda letter, times, label, labels: f"{letter * times}@{'.'.join([label] * labels)}.example",
    st.sampled_from("a\u00e9\u10d0\U00010330"),
    st.integers(1, 64),
    st.sampled_from(["b" * 11, "b" * 31, "b" * 63, "\u00fc" * 20, "\u00fc"]),
    st.integers(1, 8) | st.integers(20, 30),
)
PIECES = st.sampled_from(
    [
        *'@@@.-"\\()[]<>,;: \t\n\0\N{FULLWIDTH COMMERCIAL AT}\N{IDEOGRAPHIC FULL STOP}',
        *("xn--", "XN--0", "xn--80ak6aa92e", "1.2.3.4", "[IPv6:::1]", "a" * 63, "ß" * 40),
        *("\u00ad", "\u200b", "\u200d", "\u202e", "\ud800", "\udfff", "\uffff"),
    ]
)
ANYTHING = st.lists(PIECES | ODD | st.characters(exclude_categories=()), max_size=12).map("".join)

CASES: list[Callable[[str], str]] = [str.upper, str.lower, str.casefold, str.title, str.swapcase]
WIDE = 0xFEE0  # from a letter of ASCII to the one of full width
FORMS = ("NFC", "NFD", "NFKC", "NFKD")
DOTS = ".\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH FULL STOP}\N{HALFWIDTH IDEOGRAPHIC FULL STOP}"


def accepted(address: str) -> str:
    """The canonical form; what is no address is no example."""
    try:
        return canonical(address)
    except EmailInvalid:
        assume(False)
        raise


@dataclass(frozen=True)
class Spelling:
    """How other keyboards, programs and habits write an address."""

    cases: list[Callable[[str], str]]  # of one letter after the other
    form: Literal["NFC", "NFD", "NFKC", "NFKD"]
    is_wide: bool
    dot: str
    before: str
    after: str

    def of(self, address: str) -> str:
        text = unicodedata.normalize("NFD", address)  # where Unicode defines what case is
        if len(self.cases) == 1:
            text = self.cases[0](text)
        text = "".join(case(letter) for case, letter in zip(cycle(self.cases), text, strict=False))
        text = unicodedata.normalize(self.form, text)
        local, _, domain = text.rpartition("@")
        text = f"{local}@{self.dot.join(domain.split('.'))}"
        if self.is_wide:
            text = "".join(chr(ord(c) + WIDE) if "!" <= c <= "~" else c for c in text)
        return self.before + text + self.after


SPELLINGS = st.builds(
    Spelling,
    st.lists(st.sampled_from(CASES), min_size=1, max_size=3),
    st.sampled_from(FORMS),
    st.booleans(),
    st.sampled_from(DOTS),
    st.sampled_from(["", " ", "\t\u3000"]),
    st.sampled_from(["", "\r\n"]),
)


def in_unicode(address: str) -> str:
    """The address with its domain as people read it."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{idna.decode(domain)}"


class TestCanonical:
    @given(text=ANYTHING)
    @profiles.examples(80)
    def test_refuses_or_answers_anything(self, text: str) -> None:
        with suppress(EmailInvalid):
            self.check(canonical(text))

    @given(address=ADDRESSES)
    @profiles.examples(50)
    def test_is_its_own_form_and_in_form(self, address: str) -> None:
        self.check(accepted(address))

    @given(address=LONG)
    @profiles.examples(60)
    def test_fits_its_column(self, address: str) -> None:
        with suppress(EmailInvalid):
            self.check(canonical(address))

    def check(self, form: str) -> None:
        assert canonical(form) == form
        local, _, domain = form.rpartition("@")
        assert local
        assert domain.isascii()
        assert domain == domain.lower()
        assert len(form.encode()) <= MAX_LENGTH
        assert unicodedata.is_normalized("NFKC", form)
        assert not any(c.isspace() or unicodedata.category(c) in {"Cc", "Cs"} for c in form)

    @given(address=ADDRESSES, spelling=SPELLINGS)
    @profiles.examples(80)
    def test_is_the_same_for_every_spelling(self, address: str, spelling: Spelling) -> None:
        form = accepted(address)
        assert canonical(spelling.of(address)) == form
        assert canonical(in_unicode(form)) == form
        assert canonical(spelling.of(in_unicode(form))) == form


@pytest.mark.django_db
class TestAccounts:
    @given(address=ADDRESSES, spellings=st.tuples(SPELLINGS, SPELLINGS, SPELLINGS))
    @profiles.examples(10)
    def test_are_one_for_every_spelling(
        self, address: str, spellings: tuple[Spelling, Spelling, Spelling]
    ) -> None:
        form = accepted(address)
        first, second, third = (spelling.of(address) for spelling in spellings)
        with rolled_back():
            user = register(first)
            assert user.email == form
            with pytest.raises(EmailTaken):
                register(second)
            now = timezone.now()
            pair = services.login(email=third, password=PASSWORD, client=NOBODY, now=now)
            assert user.sessions.get().pk == pair.session_id
            assert User.objects.get_by_natural_key(second) == user


def register(address: str) -> User:
    return services.register(
        email=address, password=PASSWORD, password_confirm=PASSWORD, first_name="", last_name=""
    )
