"""The user: who may be created, found, and what saving one does to their sessions."""

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from model_bakery import baker

from backend.testing.accounts import PASSWORD
from backend.users import services
from backend.users.errors import EmailInvalid, EmailTaken
from backend.users.models import User

pytestmark = pytest.mark.django_db


def epoch_of(user: User) -> int:
    """The epoch in the database."""
    return User.objects.values_list("session_epoch", flat=True).get(pk=user.pk)


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("Ada@Example.com", PASSWORD)


class TestCreateUser:
    @pytest.mark.parametrize("email", ["", "ada", "ada@"])
    def test_refuses_what_is_no_address(self, email: str) -> None:
        with pytest.raises(EmailInvalid):
            User.objects.create_user(email, PASSWORD)

    def test_refuses_a_taken_address(self, ada: User) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user("ADA@example.com")

    def test_keeps_the_canonical_address(self, ada: User) -> None:
        assert ada.email == "ada@example.com"
        assert ada.check_password(PASSWORD)
        assert not ada.is_staff

    def test_lets_nobody_in_without_a_password(self) -> None:
        user = User.objects.create_user("ada@example.com")
        assert not user.has_usable_password()
        assert not user.check_password("")

    def test_can_create_a_superuser(self) -> None:
        user = User.objects.create_superuser("ada@example.com", PASSWORD)
        assert user.is_staff
        assert user.is_superuser


class TestServicesAddUser:
    def test_says_that_an_address_is_taken(self, ada: User) -> None:
        again = services.new_user(email="ＡＤＡ@example.com", password=PASSWORD)  # noqa: RUF001  (the subject)
        with pytest.raises(EmailTaken), transaction.atomic():
            services.add_user(again)
        assert User.objects.count() == 1


class TestNaturalKey:
    @pytest.mark.parametrize("email", ["nobody@example.com", "ada", "", None])
    def test_finds_nobody_by_anything_else(self, ada: User, email: str | None) -> None:
        with pytest.raises(User.DoesNotExist):
            User.objects.get_by_natural_key(email)

    @pytest.mark.parametrize("email", ["ada@example.com", "ADA@EXAMPLE.COM"])
    def test_finds_by_any_spelling(self, ada: User, email: str) -> None:
        assert User.objects.get_by_natural_key(email) == ada
        assert authenticate(username=email, password=PASSWORD) == ada


class TestClean:
    def test_refuses_what_is_no_address(self) -> None:
        with pytest.raises(ValidationError) as refused:
            User(email="ada").clean()
        assert [*refused.value.message_dict] == ["email"]

    def test_brings_the_address_into_its_form(self) -> None:
        user = User(email="ADA@example.com")
        user.clean()
        assert user.email == "ada@example.com"


class TestNames:
    @pytest.mark.parametrize(
        ("first", "last", "full"),
        [("Ada", "Lovelace", "Ada Lovelace"), ("Ada", "", "Ada"), ("", "L", "L"), ("", "", "")],
    )
    def test_are_joined_as_far_as_given(self, first: str, last: str, full: str) -> None:
        user = baker.prepare(User, first_name=first, last_name=last)
        assert (user.get_full_name(), user.get_short_name()) == (full, first)


class TestSave:
    def test_ends_no_session_when_it_creates(self, ada: User) -> None:
        assert epoch_of(ada) == ada.session_epoch == 0

    @pytest.mark.parametrize("fields", [None, ["first_name"]])
    def test_ends_no_session_otherwise(self, ada: User, fields: list[str] | None) -> None:
        ada.first_name = "Ada"
        ada.save(update_fields=fields)
        assert epoch_of(ada) == 0

    @pytest.mark.parametrize("fields", [None, ["password"]])
    def test_ends_all_with_a_new_password(self, ada: User, fields: list[str] | None) -> None:
        ada.set_password("another horse battery 9")
        ada.save(update_fields=fields)
        assert epoch_of(ada) == ada.session_epoch == 1

    def test_ends_them_once_per_password(self, ada: User) -> None:
        ada.set_password("another horse battery 9")
        ada.save()
        ada.save()
        assert epoch_of(ada) == 1

    @pytest.mark.parametrize("fields", [None, ["is_active"]])
    def test_ends_all_when_it_disables(self, ada: User, fields: list[str] | None) -> None:
        ada.is_active = False
        ada.save(update_fields=fields)
        assert epoch_of(ada) == 1

    def test_counts_on_what_the_database_says(self, ada: User) -> None:
        stale = User.objects.get()
        for _ in range(3):
            services.end_all_sessions(ada)
        stale.set_password("another horse battery 9")
        stale.save()
        assert epoch_of(ada) == stale.session_epoch == 4

    @pytest.mark.parametrize("fields", [None, ["first_name"], ["session_epoch"]])
    def test_never_writes_an_epoch_back(self, ada: User, fields: list[str] | None) -> None:
        stale = User.objects.get()
        services.end_all_sessions(ada)
        stale.save(update_fields=fields)
        assert epoch_of(ada) == 1

    def test_writes_all_the_rest(self, ada: User) -> None:
        ada.email, ada.email_verified, ada.is_staff = "grace@example.com", True, True
        ada.save()
        kept = User.objects.get()
        assert (kept.email, kept.email_verified, kept.is_staff) == ("grace@example.com", True, True)
