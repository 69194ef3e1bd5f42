"""The tokens of mailed links: made of a row, read back into it, used up once."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings as configured
from django.utils import timezone
from pytest_django import Settings

from backend.authentication import links
from backend.authentication.errors import LinkInvalid
from backend.authentication.models import Link, LinkQuerySet, Purpose
from backend.core.ids import uuid7
from backend.testing.accounts import Account
from backend.testing.staff import user_of
from backend.users.models import User

pytestmark = pytest.mark.django_db

NOW = timezone.now()
EACH = pytest.mark.parametrize("purpose", Purpose)


type Forge = Callable[[Link], str]


def flipped(position: int) -> Forge:
    """The token with one bit of one byte turned over."""

    def forge(link: Link) -> str:
        raw = bytearray(urlsafe_b64decode(links.token(link)))
        raw[position] ^= 1
        return urlsafe_b64encode(raw).decode()

    return forge


def of_another_link(link: Link) -> str:
    """The id of another link with this one's signature."""
    other = links.issue(Purpose(link.purpose), link.user, now=NOW)
    return links.token(other)[:24] + links.token(link)[24:]


def signed_for(purpose: Purpose) -> Forge:
    """The id with the signature of another purpose."""

    def forge(link: Link) -> str:
        own = links.token(link)[:24]
        link.purpose = purpose
        return own + links.token(link)[24:]

    return forge


# Tokens that a caller could make of a good one of ``RESET_PASSWORD``, or of nothing.
FORGERIES: dict[str, Forge] = {
    "empty": lambda _: "",
    "a word": lambda _: "token",
    "no base64": lambda _: "!" * 64,
    "nothing but padding": lambda _: "=" * 64,
    "the id": lambda link: str(link.pk),
    "the id, encoded": lambda link: urlsafe_b64encode(link.pk.bytes).decode(),
    "the id and an empty signature": lambda link: links.token(link)[:24],
    "the id and zeros": lambda link: urlsafe_b64encode(link.pk.bytes + bytes(32)).decode(),
    "the signature": lambda link: links.token(link)[22:],
    "of another link": of_another_link,
    "of no link": lambda _: urlsafe_b64encode(uuid7().bytes + bytes(32)).decode(),
    "signed for another purpose": signed_for(Purpose.NOT_ME),
    "another bit in the id": flipped(15),
    "another bit where the signature begins": flipped(16),
    "another bit at the end": flipped(-1),
    "truncated by one": lambda link: links.token(link)[:-1],
    "truncated by four": lambda link: links.token(link)[:-4],
    "in capitals": lambda link: links.token(link).upper(),
    "backwards": lambda link: links.token(link)[::-1],
    "doubled": lambda link: links.token(link) * 2,
    "huge": lambda link: links.token(link) + "A" * 4_032,
    "not ASCII": lambda link: links.token(link) + "ü",
    "not ASCII at all": lambda _: "ключ" * 16,
    "a digest of the row": lambda link: link.bound_to,
    "a JWT": lambda _: "eyJhbGciOiJub25lIn0.e30.",
}


def other_spellings(token: str) -> list[str]:
    """What a lenient decoder would take for the same bytes."""
    return [
        token.replace("-", "+").replace("_", "/"),
        f"{token}=",
        f"{token}====",
        f" {token}",
        f"{token}\n",
        f"{token[:32]}!{token[32:]}",
        f"{token[:32]}\t{token[32:]}",
    ]


@pytest.fixture
def user(account: Account) -> User:
    return user_of(account)


def issue(user: User, purpose: Purpose = Purpose.RESET_PASSWORD, now: datetime = NOW) -> Link:
    return links.issue(purpose, user, now=now)


def is_read(token: str, *purposes: Purpose, now: datetime = NOW) -> bool:
    """Whether the token opens its link."""
    try:
        links.read(token, *(purposes or (Purpose.RESET_PASSWORD,)), now=now)
    except LinkInvalid:
        return False
    return True


class TestToken:
    def test_is_short_and_needs_no_escaping(self, user: User) -> None:
        token = links.token(issue(user))
        assert len(token) == 64
        assert token.isascii()
        assert token.replace("-", "").replace("_", "").isalnum()

    def test_is_the_same_each_time(self, user: User) -> None:
        link = issue(user)
        again = Link.objects.get(pk=link.pk)
        assert links.token(again) == links.token(link)

    def test_is_another_for_every_link(self, user: User) -> None:
        tokens = {links.token(issue(user, purpose)) for purpose in Purpose for _ in range(3)}
        assert len(tokens) == 3 * len(Purpose)

    def test_hangs_on_the_key(self, user: User, settings: Settings) -> None:
        link = issue(user)
        token = links.token(link)
        settings.SECRET_KEY = configured.SECRET_KEY[::-1]
        assert links.token(link) != token
        assert not is_read(token)

    @pytest.mark.parametrize(
        "change",
        [
            lambda link: setattr(link, "purpose", Purpose.NOT_ME),
            lambda link: setattr(link, "email", "eve@example.com"),
            lambda link: setattr(link, "user_id", uuid7()),
            lambda link: setattr(link, "pk", uuid7()),
        ],
        ids=["purpose", "email", "user", "id"],
    )
    def test_signs_what_the_row_says(self, user: User, change: Callable[[Link], None]) -> None:
        link = issue(user)
        signature = links.token(link)[24:]
        change(link)
        assert links.token(link)[24:] != signature

    @EACH
    def test_stands_in_no_column(self, user: User, purpose: Purpose) -> None:
        link = issue(user, purpose)
        raw = urlsafe_b64decode(links.token(link))
        stored = " ".join(str(value) for value in Link.objects.values().get(pk=link.pk).values())
        for form in (links.token(link), raw[16:].hex(), urlsafe_b64encode(raw[16:]).decode()):
            assert form not in stored


class TestRead:
    @pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
    def test_refuses_a_forgery(self, user: User, forge: Forge) -> None:
        link = issue(user)
        assert is_read(links.token(link))
        assert not is_read(forge(link))

    def test_refuses_another_spelling_of_the_same_bytes(self, user: User) -> None:
        link = issue(user)
        while not {"-", "_"} & {*links.token(link)}:  # that the alphabets write differently
            link = issue(user)
        for spelling in other_spellings(links.token(link)):
            assert not is_read(spelling), spelling

    @EACH
    def test_refuses_every_other_purpose(self, user: User, purpose: Purpose) -> None:
        token = links.token(issue(user, purpose))
        assert is_read(token, *Purpose)
        assert not is_read(token, *(other for other in Purpose if other != purpose))

    @pytest.mark.parametrize("field", ["purpose", "email"])
    def test_refuses_a_row_that_was_changed(self, user: User, field: str) -> None:
        link = issue(user)
        Link.objects.filter(pk=link.pk).update(**{field: "verify_email"})
        assert not is_read(links.token(link), *Purpose)

    def test_refuses_a_row_that_was_given_to_somebody_else(self, user: User) -> None:
        link = issue(user)
        Link.objects.update(user=User.objects.create_user("eve@example.com"))
        assert not is_read(links.token(link))

    @EACH
    def test_refuses_from_its_last_moment_on(self, user: User, purpose: Purpose) -> None:
        token = links.token(issue(user, purpose))
        lifetime = configured.LINK_LIFETIMES[purpose]
        assert is_read(token, purpose, now=NOW + lifetime - timedelta(seconds=1))
        assert not is_read(token, purpose, now=NOW + lifetime)

    @EACH
    def test_refuses_a_used_one(self, user: User, purpose: Purpose) -> None:
        link = issue(user, purpose)
        links.redeem(link, now=NOW)
        assert not is_read(links.token(link), purpose)

    def test_gives_the_link_with_its_user(self, user: User) -> None:
        link = issue(user)
        found = links.read(links.token(link), Purpose.RESET_PASSWORD, now=NOW)
        assert (found, found.user) == (link, user)


def new_password(user: User) -> None:
    user.set_password("another horse battery 9")


def no_password(user: User) -> None:
    user.set_password(None)


def new_address(user: User) -> None:
    user.email = "new@example.com"


def new_name(user: User) -> None:
    user.first_name = "Ada"


def disable(user: User) -> None:
    user.is_active = False


# What kills links of which purpose.
DEPENDS = {Purpose.CHANGE_EMAIL, Purpose.RESET_PASSWORD}
DEADLY: dict[str, tuple[Callable[[User], None], set[Purpose]]] = {
    "a new password": (new_password, DEPENDS),
    "no password": (no_password, DEPENDS),
    "a new address": (new_address, {*DEPENDS, Purpose.VERIFY_EMAIL}),
    "a new name": (new_name, set()),
    "being disabled": (disable, {*Purpose}),
}


class TestChange:
    """What an account goes through, and which links survive it."""

    @EACH
    @pytest.mark.parametrize(("change", "deadly_for"), DEADLY.values(), ids=DEADLY)
    def test_kills_the_links_that_depend_on_it(
        self,
        user: User,
        purpose: Purpose,
        change: Callable[[User], None],
        deadly_for: set[Purpose],
    ) -> None:
        token = links.token(issue(user, purpose))
        change(user)
        user.save()
        assert is_read(token, purpose) is (purpose not in deadly_for)

    @EACH
    @pytest.mark.parametrize(("change", "deadly_for"), DEADLY.values(), ids=DEADLY)
    def test_counts_if_it_comes_between_reading_and_using(
        self,
        user: User,
        purpose: Purpose,
        change: Callable[[User], None],
        deadly_for: set[Purpose],
    ) -> None:
        link = links.read(links.token(issue(user, purpose)), purpose, now=NOW)
        change(user)
        user.save()
        if purpose in deadly_for:
            with pytest.raises(LinkInvalid):
                links.redeem(link, now=NOW)
        else:
            assert links.redeem(link, now=NOW) == user

    @EACH
    def test_back_to_what_it_was_revives_only_what_hangs_on_the_address(
        self, user: User, purpose: Purpose
    ) -> None:
        before, token = user.email, links.token(issue(user, purpose))
        user.email = "new@example.com"
        user.set_password("another horse battery 9")
        user.save()
        user.email = before
        user.set_password("correct horse battery 9")  # the same again has another hash
        user.save()
        assert is_read(token, purpose) is (purpose not in DEPENDS)


class TestRedeem:
    def test_works_once(self, user: User) -> None:
        link = links.read(links.token(issue(user)), Purpose.RESET_PASSWORD, now=NOW)
        again = links.read(links.token(link), Purpose.RESET_PASSWORD, now=NOW)
        assert links.redeem(link, now=NOW) == user
        with pytest.raises(LinkInvalid):
            links.redeem(again, now=NOW)

    def test_refuses_what_has_expired_meanwhile(self, user: User) -> None:
        link = issue(user)
        with pytest.raises(LinkInvalid):
            links.redeem(link, now=link.expires_at)

    def test_gives_the_user_as_they_are_by_now(self, user: User) -> None:
        link = links.read(links.token(issue(user)), Purpose.RESET_PASSWORD, now=NOW)
        User.objects.update(first_name="Ada")
        assert links.redeem(link, now=NOW).first_name == "Ada"

    def test_leaves_the_other_links_alone(self, user: User) -> None:
        first, second = issue(user), issue(user)
        links.redeem(first, now=NOW)
        assert is_read(links.token(second))


class TestRow:
    def test_keeps_a_digest_of_what_it_depends_on(self, user: User) -> None:
        link = issue(user)
        assert len(link.bound_to) == 64
        assert user.email not in link.bound_to
        assert user.password not in link.bound_to

    def test_says_where_it_is_mailed_to(self, user: User) -> None:
        assert issue(user).email == user.email
        link = links.issue(Purpose.CHANGE_EMAIL, user, now=NOW, email="new@example.com")
        assert Link.objects.get(pk=link.pk).email == "new@example.com"

    def test_is_spent_once_it_is_used_or_too_old(self, user: User) -> None:
        Link.objects.all().delete()  # the registration's
        fresh, used, old = issue(user), issue(user), issue(user, now=NOW - timedelta(hours=1))
        links.redeem(used, now=NOW)
        assert {*LinkQuerySet(Link).spent(NOW)} == {used, old}
        assert {*LinkQuerySet(Link).usable(NOW)} == {fresh}
