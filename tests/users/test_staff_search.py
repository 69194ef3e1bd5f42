"""``GET users/?search=``, and the column behind it."""

import pytest
from django.db import connection
from model_bakery import baker

from backend.authentication.models import Session
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import ApiClient
from backend.testing.staff import user_of
from backend.users import queries
from backend.users.models import User, searchable
from tests.users.staff import emails_in, listing

pytestmark = pytest.mark.django_db


class TestSearch:
    """By a substring of address or name, whatever its case, and nothing but that."""

    PEOPLE = (
        ("ada@example.com", "Ada", "Lovelace"),
        ("grace@example.org", "Grace", "Hopper"),
        ("sharp@example.net", "Jürgen", "Weiß"),
        ("dotted@example.net", "İpek", "Y\u0131lmaz"),
        ("wild@example.net", "100%", "a_b\\c"),
        ("smile@example.net", "\U0001f600", "Ça va"),
    )

    @pytest.fixture(autouse=True)
    def _people(self, db: None) -> None:
        for email, first_name, last_name in self.PEOPLE:
            baker.make(User, email=email, first_name=first_name, last_name=last_name)

    @pytest.mark.parametrize(
        ("search", "found"),
        [
            # any case, any of the three
            ("ADA", ["ada"]),
            ("lOvElAcE", ["ada"]),
            ("ovela", ["ada"]),
            ("hopper", ["grace"]),
            ("EXAMPLE.ORG", ["grace"]),
            ("e@e", ["grace", "smile"]),
            ("nobody", []),
            ("ada ", []),
            # no match across fields
            ("AdaLovelace", []),
            ("Ada Lovelace", []),
            ("Ada\x1fLovelace", []),
            ("comAda", []),
            ("com\x1fAda", []),
            # case beyond ASCII
            ("JÜRGEN", ["sharp"]),
            ("WEISS", ["sharp"]),
            ("weiß", ["sharp"]),
            ("WEIẞ", ["sharp"]),
            ("İPEK", ["dotted"]),
            ("i\u0307pek", ["dotted"]),
            ("Y\u0131LMAZ", ["dotted"]),
            ("ÇA VA", ["smile"]),
            ("\U0001f600", ["smile"]),
            ("\U0001f601", []),
            # what means something to SQL
            ("%", ["wild"]),
            ("_", ["wild"]),
            ("\\", ["wild"]),
            ("A_B\\C", ["wild"]),
            ("0%", ["wild"]),
            ("%%", []),
            ("a%a", []),
            ("a_a", []),
            ("\\%", []),
            ("'", []),
            ("' OR 1=1 --", []),
            # a separator of fields is a blank
            ("\x1f", ["smile"]),
        ],
    )
    def test_finds(self, staff: Account, search: str, found: list[str]) -> None:
        emails = emails_in(listing(staff, search=search, ordering="email"))
        assert [email.partition("@")[0] for email in emails] == found

    def test_finds_everybody_by_nothing(self, staff: Account) -> None:
        assert len(emails_in(listing(staff, search=""))) == len(self.PEOPLE) + 1

    def test_takes_as_many_characters_as_an_address_has(self, staff: Account) -> None:
        assert emails_in(listing(staff, search="x" * 254)) == []

    def test_takes_bytes_that_are_no_utf8(self, staff: Account) -> None:
        answer = staff.client.get("users/?search=%ff%ed%a0%80", token=staff.access)
        assert emails_in(answer) == []

    def test_finds_nobody_by_what_is_not_told(self, staff: Account) -> None:
        user = user_of(staff)
        session = Session.objects.get()
        for text in (user.password[:20], str(user.pk), session.ip_address or "?", "True"):
            assert emails_in(listing(staff, search=text)) == []

    def test_goes_together_with_filters(self, staff: Account) -> None:
        User.objects.filter(email__startswith="grace").update(is_active=False)
        assert emails_in(listing(staff, search="ace", is_active="true")) == ["ada@example.com"]
        assert emails_in(listing(staff, search="ace", is_active="false")) == ["grace@example.org"]


class TestSearchText:
    """The column behind the search is right however a user is saved."""

    def text_of(self, user: User) -> str:
        return User.objects.values_list("search_text", flat=True).get(pk=user.pk)

    @pytest.fixture
    def ada(self) -> User:
        user: User = baker.make(
            User, email="ada@example.com", first_name="Ada", last_name="Lovelace"
        )
        return user

    def test_is_there_from_the_start(self, ada: User) -> None:
        assert self.text_of(ada) == searchable("ada@example.com", "Ada", "Lovelace")
        created = User.objects.create_user("G@example.com", first_name="Grace")
        assert self.text_of(created) == searchable("g@example.com", "Grace", "")

    def test_is_there_for_whoever_registers(self, client: ApiClient) -> None:
        account = accounts.register(client, first_name="Ada", last_name="KING")
        assert self.text_of(user_of(account)) == searchable(account.email, "Ada", "KING")

    @pytest.mark.parametrize("field", ["email", "first_name", "last_name"])
    @pytest.mark.parametrize("only_the_field", [False, True])
    def test_follows_a_change(self, ada: User, field: str, only_the_field: bool) -> None:
        setattr(ada, field, "Changed")
        ada.save(update_fields=[field] if only_the_field else None)
        assert "changed" in self.text_of(ada)
        assert self.text_of(ada) == User.objects.get().searched()

    def test_follows_update_or_create(self, ada: User) -> None:
        User.objects.update_or_create(email=ada.email, defaults={"last_name": "King"})
        assert self.text_of(ada) == searchable("ada@example.com", "Ada", "King")

    def test_follows_a_change_over_the_api(self, account: Account) -> None:
        account.client.patch("users/me/", {"first_name": "ẞ"}, token=account.access)
        assert self.text_of(user_of(account)) == searchable(account.email, "SS", "")

    def test_stays_when_something_else_changes(self, ada: User) -> None:
        before = self.text_of(ada)
        ada.first_name = "Changed"
        ada.save(update_fields=["is_active"])
        assert self.text_of(ada) == before

    def test_cannot_be_forged_by_a_separator_in_a_name(self, ada: User) -> None:
        ada.first_name = "a\x1fb"
        ada.save()
        assert self.text_of(ada).count("\x1f") == 2

    @pytest.mark.postgresql
    def test_is_searched_through_the_trigram_index(self) -> None:
        people = [User(email=f"user{number}@example.com") for number in range(1000)]
        for user in people:
            user.search_text = user.searched()
        User.objects.bulk_create(people)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
        plan = queries.listed(search="USER777@").order_by().explain()
        assert "users_user_search_text_trgm" in plan
        assert "Seq Scan" not in plan
