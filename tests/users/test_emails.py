"""``emails.canonical``: one identity, whatever its case or Unicode form."""

import unicodedata
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from backend.users.emails import MAX_LENGTH, canonical
from backend.users.errors import EmailInvalid

BRISKLY = settings(deadline=None, max_examples=150, derandomize=True, database=None)
FORMS: list[Callable[[str], str]] = [
    *(lambda text, form=form: unicodedata.normalize(form, text) for form in ("NFC", "NFD")),
    *(lambda text, form=form: unicodedata.normalize(form, text) for form in ("NFKC", "NFKD")),
    str.casefold,
    str.lower,
    str.upper,
    str.title,
    str.swapcase,
    lambda text: f"\t {text}\u3000\n",
]
# Upper case is I, which is the capital of another letter: no folding can know which was meant.
UNFOLDABLE = "\N{LATIN SMALL LETTER DOTLESS I}"

letters = st.characters(categories=("L", "M", "N"), exclude_characters=UNFOLDABLE)
words = st.text(letters, min_size=1, max_size=12)
locals_ = st.lists(words, min_size=1, max_size=3).map("+".join)
domains = st.lists(words, min_size=2, max_size=3).map(".".join)
addresses = st.builds(lambda local, domain: f"{local}@{domain}", locals_, domains)
tame = st.builds(
    lambda local, domain: f"{local}@{domain}.example",
    st.text("aäßIiſKKÅåΣσςﬁŉǰΐﬀＡａ①ñéÉ09", min_size=1, max_size=10),  # noqa: RUF001  (the subject)
    st.text("aäßIiKKÅåΣσﬁＡａñéÉ09", min_size=1, max_size=10),  # noqa: RUF001  (the subject)
)


def spelt(address: str) -> str:
    """The canonical form; what is no address is no example."""
    try:
        return canonical(address)
    except EmailInvalid:
        assume(False)
        raise


class TestCanonical:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "@",
            "a",
            "a@",
            "@b",
            "a b@c",
            "a@b c",
            "a@b@c.d",
            "a@b..c",
            '"a b"@c.d',
            "a@[1.2.3.4]",
        ],
    )
    def test_refuses_what_is_no_address(self, text: str) -> None:
        with pytest.raises(EmailInvalid) as refused:
            canonical(text)
        assert [*refused.value.errors] == ["email"]

    @given(st.text(max_size=60))
    @BRISKLY
    def test_refuses_or_answers_any_text(self, text: str) -> None:
        with suppress(EmailInvalid):
            assert "@" in canonical(text)

    def test_refuses_what_is_too_long_for_the_column(self) -> None:
        label = "a" * 60
        longest = f"{'x' * 10}@{label}.{label}.{label}.{'a' * (MAX_LENGTH - 194)}"
        assert len(longest) == MAX_LENGTH
        assert canonical(longest) == longest
        with pytest.raises(EmailInvalid):
            canonical(f"x{longest}")

    @given(tame | addresses)
    @BRISKLY
    def test_fits_the_column(self, address: str) -> None:
        assert len(spelt(address).encode()) <= MAX_LENGTH

    @pytest.mark.parametrize(
        ("address", "form"),
        [
            ("ada@example.com", "ada@example.com"),
            ("Ada@Example.COM", "ada@example.com"),
            ("  ada@example.com\n", "ada@example.com"),
            ("ada+tag@example.com", "ada+tag@example.com"),
            ("a.d.a@example.com", "a.d.a@example.com"),
            ("ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com"),  # noqa: RUF001  (the subject)
            ("STRASSE@straße.example", "strasse@strasse.example"),
            ("straße@STRASSE.example", "strasse@strasse.example"),
            ("ﬁnn@example.com", "finn@example.com"),
            ("Σίσυφος@example.com", "σίσυφοσ@example.com"),
            ("ada@BÜCHER.example", "ada@xn--bcher-kva.example"),
            ("ada@bu\u0308cher.example", "ada@xn--bcher-kva.example"),
            ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
            ("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah"),
            ("ada@example。com", "ada@example.com"),
            ("ada@example.test", "ada@example.test"),
            ("ada@printer.local", "ada@printer.local"),
            ("ada@mail.invalid", "ada@mail.invalid"),
        ],
    )
    def test_is_what_the_contract_says(self, address: str, form: str) -> None:
        assert canonical(address) == form

    @given(tame | addresses)
    @example("İ@example.com")
    @example("ŉ@example.com")
    @example("\u0345a@example.com")
    @BRISKLY
    def test_is_its_own_canonical_form(self, address: str) -> None:
        form = spelt(address)
        assert canonical(form) == form

    @given(tame | addresses, st.sampled_from(FORMS))
    @BRISKLY
    def test_is_the_same_for_every_spelling(
        self, address: str, respell: Callable[[str], str]
    ) -> None:
        assert spelt(address) == spelt(respell(address))

    @given(tame | addresses)
    @BRISKLY
    def test_has_an_ascii_domain_in_lower_case(self, address: str) -> None:
        domain = spelt(address).rpartition("@")[2]
        assert domain.isascii()
        assert domain == domain.lower()
