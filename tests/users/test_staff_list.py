"""``GET users/``."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.db import connection
from django.utils import timezone
from model_bakery import baker
from pytest_django import DjangoAssertNumQueries

from backend.authentication.models import Session
from backend.testing import accounts
from backend.testing.accounts import Account
from backend.testing.client import Answer, ApiClient
from backend.testing.staff import CHANGE, VIEW, permit, promote, user_of
from backend.users import services
from backend.users.models import User, searchable

pytestmark = pytest.mark.django_db

PLAIN_FIELDS = {
    *("id", "email", "email_verified", "first_name", "last_name"),
    *("is_staff", "created_at", "updated_at"),
}
STAFF_FIELDS = {*PLAIN_FIELDS, "is_active", "is_superuser", "last_login"}
ORDERINGS = {
    "created_at": "id",
    "-created_at": "-id",
    "email": "email",
    "-email": "-email",
}
EACH_ORDERING = pytest.mark.parametrize("ordering", ORDERINGS)


@pytest.fixture
def staff(client: ApiClient) -> Account:
    """Staff who may view users, and whose own row no search of the tests finds."""
    return permit(accounts.signed_in(client, email="me@staff.invalid"), VIEW)


def listing(caller: Account, **parameters: object) -> Answer:
    """Ask for a page."""
    return caller.client.get(f"users/?{urlencode(parameters)}", token=caller.access)


def emails_in(answer: Answer) -> list[str]:
    """Whom a page shows, in its order."""
    assert answer.status == 200, answer
    return [user["email"] for user in answer.json["results"]]


def walk(caller: Account, start: Answer, direction: str) -> Iterator[Answer]:
    """The page and all those behind it, as its links lead."""
    page = start
    for _ in range(50):
        assert page.status == 200, page
        yield page
        address = page.json[direction]
        if address is None:
            return
        page = caller.client.get(address, token=caller.access)
    pytest.fail("the links never end")


class TestList:
    def test_refuses_the_anonymous(self, client: ApiClient) -> None:
        answer = client.get("users/")
        assert (answer.status, answer.code) == (401, "not_authenticated")

    def test_refuses_the_anonymous_before_it_looks_at_the_query(self, client: ApiClient) -> None:
        assert client.get("users/?page_size=0&cursor=x").status == 401

    def test_refuses_a_user_without_the_permission(self, account: Account) -> None:
        answer = listing(account)
        assert (answer.status, answer.code) == (403, "permission_denied")

    def test_refuses_them_before_it_looks_at_the_query(self, account: Account) -> None:
        assert listing(account, page_size=0, cursor="x", search="\0").status == 403

    @pytest.mark.parametrize("permissions", [(), (CHANGE,), ("users.add_user",)])
    def test_refuses_staff_with_other_permissions(
        self, account: Account, permissions: tuple[str, ...]
    ) -> None:
        permit(account, *permissions)
        assert listing(account).code == "permission_denied"

    def test_refuses_whoever_has_lost_the_permission(self, staff: Account) -> None:
        assert listing(staff).status == 200
        user_of(staff).user_permissions.clear()
        assert listing(staff).status == 403

    def test_refuses_staff_who_are_disabled(self, staff: Account) -> None:
        User.objects.filter(email=staff.email).update(is_active=False)
        assert listing(staff).code == "session_revoked"

    def test_refuses_whoever_has_the_permission_of_another_model_of_that_name(
        self, account: Account
    ) -> None:
        permit(account, "authentication.view_session")
        assert listing(account).status == 403

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("page_size", "0"),
            ("page_size", "101"),
            ("page_size", "x"),
            ("is_active", "maybe"),
            ("is_active", ""),
            ("is_staff", "2"),
            ("ordering", "first_name"),
            ("ordering", "-"),
            ("ordering", "password"),
            ("ordering", ""),
            ("search", "a\0b"),
            ("search", "\0"),
            ("search", "x" * 255),
        ],
    )
    def test_refuses_a_query_that_makes_no_sense(
        self, staff: Account, name: str, value: str
    ) -> None:
        answer = listing(staff, **{name: value})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [name]

    def test_ignores_unknown_parameters(self, staff: Account) -> None:
        assert emails_in(listing(staff, is_superuser="x", q="nobody")) == [staff.email]

    @pytest.mark.parametrize("through_a_group", [False, True])
    def test_answers_whoever_has_the_permission(
        self, account: Account, through_a_group: bool
    ) -> None:
        permit(account, VIEW, through_a_group=through_a_group)
        assert emails_in(listing(account)) == [account.email]

    def test_answers_whoever_has_it_twice(self, account: Account) -> None:
        permit(permit(account, VIEW), VIEW, through_a_group=True)
        assert emails_in(listing(account)) == [account.email]

    def test_asks_for_the_permission_and_not_for_the_flag(self, account: Account) -> None:
        permit(account, VIEW)
        User.objects.update(is_staff=False)
        assert listing(account).status == 200

    def test_answers_a_superuser(self, account: Account) -> None:
        assert emails_in(listing(promote(account))) == [account.email]

    def test_shows_what_staff_see(self, staff: Account) -> None:
        user: User = baker.make(
            User,
            email="ada@example.com",
            first_name="Ada",
            last_name="Lovelace",
            is_active=False,
            is_superuser=True,
            is_staff=True,
            email_verified=True,
            last_login=timezone.now(),
        )
        (found,) = listing(staff, search="ada").json["results"]
        times = {name: found.pop(name) for name in ("created_at", "updated_at", "last_login")}
        for name, value in times.items():
            assert value.endswith("Z")
            assert datetime.fromisoformat(value) == getattr(user, name)
        assert found == {
            "id": str(user.pk),
            "email": "ada@example.com",
            "email_verified": True,
            "first_name": "Ada",
            "last_name": "Lovelace",
            "is_active": False,
            "is_staff": True,
            "is_superuser": True,
        }

    def test_says_null_of_whoever_never_logged_in(self, staff: Account) -> None:
        baker.make(User, email="ada@example.com", last_login=None)
        (found,) = listing(staff, search="ada").json["results"]
        assert found.keys() == STAFF_FIELDS
        assert found["last_login"] is None

    def test_is_not_to_be_kept_by_caches(self, staff: Account) -> None:
        assert listing(staff).headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("amount", [1, 30])
    def test_costs_two_queries_however_many_there_are(
        self, staff: Account, amount: int, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        baker.make(User, _quantity=amount)
        query = {"search": "a", "is_active": "true", "is_staff": "false", "ordering": "email"}
        with django_assert_num_queries(2) as captured:  # bearer with permission; the page
            assert listing(staff, **query).status == 200
        assert not [query for query in captured if "COUNT(" in query["sql"].upper()]

    def test_costs_one_query_to_refuse(
        self, account: Account, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):
            assert listing(account).status == 403


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
        plan = services.list_users(search="USER777@").order_by().explain()
        assert "users_user_search_text_trgm" in plan
        assert "Seq Scan" not in plan


class TestFilters:
    @pytest.fixture(autouse=True)
    def _people(self, db: None) -> None:
        for is_active in (True, False):
            for is_staff in (True, False):
                email = f"{is_active}.{is_staff}@example.com".lower()
                baker.make(User, email=email, is_active=is_active, is_staff=is_staff)

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            ({}, ["false.false", "false.true", "true.false", "true.true"]),
            ({"is_active": "true"}, ["true.false", "true.true"]),
            ({"is_active": "false"}, ["false.false", "false.true"]),
            ({"is_staff": "true"}, ["false.true", "true.true"]),
            ({"is_staff": "false"}, ["false.false", "true.false"]),
            ({"is_staff": "false", "is_active": "false"}, ["false.false"]),
            ({"is_staff": "true", "is_active": "true"}, ["true.true"]),
        ],
    )
    def test_show_those_of_these_rights(
        self, staff: Account, filters: dict[str, str], found: list[str]
    ) -> None:
        emails = emails_in(listing(staff, search="example.com", ordering="email", **filters))
        assert [email.partition("@")[0] for email in emails] == found


class TestOrdering:
    AMOUNT = 7  # with the caller eight: pages of 1, 3 and 8 end in every way

    @pytest.fixture(autouse=True)
    def _people(self, staff: Account) -> None:
        for number in range(self.AMOUNT):  # their addresses in another order than their ids
            baker.make(User, email=f"{number * 3 % self.AMOUNT}@example.com")

    def test_is_newest_first_unless_told(self, staff: Account) -> None:
        assert emails_in(listing(staff)) == emails_in(listing(staff, ordering="-created_at"))

    @EACH_ORDERING
    def test_sorts(self, staff: Account, ordering: str) -> None:
        people = listing(staff, ordering=ordering).json["results"]
        values = [person[ordering.removeprefix("-")] for person in people]
        assert values == sorted(values, reverse=ordering.startswith("-"))
        assert len({*values}) == self.AMOUNT + 1

    @EACH_ORDERING
    @pytest.mark.parametrize("page_size", [1, 3, 8, 100])
    def test_shows_everybody_once_forwards_and_back(
        self, staff: Account, ordering: str, page_size: int
    ) -> None:
        everybody = [*User.objects.order_by(ORDERINGS[ordering]).values_list("email", flat=True)]
        first = listing(staff, ordering=ordering, page_size=page_size)
        there = [*walk(staff, first, "next")]
        assert [email for page in there for email in emails_in(page)] == everybody
        assert first.json["previous"] is None
        back = [*walk(staff, there[-1], "previous")]
        assert [emails_in(page) for page in reversed(back)] == [emails_in(page) for page in there]
        assert all(len(emails_in(page)) == page_size for page in there[:-1])

    @EACH_ORDERING
    def test_keeps_search_filters_and_order_in_its_links(
        self, staff: Account, ordering: str
    ) -> None:
        query = {"search": "@EXAMPLE", "is_staff": "false", "ordering": ordering, "page_size": "2"}
        for page in walk(staff, listing(staff, **query), "next"):
            assert not {staff.email} & {*emails_in(page)}
            for address in filter(None, (page.json["next"], page.json["previous"])):
                sent = {name: value for name, (value,) in parse_qs(urlsplit(address).query).items()}
                assert {name: sent[name] for name in query} == query

    @EACH_ORDERING
    def test_goes_on_where_it_was_when_people_come_and_go(
        self, staff: Account, ordering: str
    ) -> None:
        first = listing(staff, ordering=ordering, page_size=4)
        seen = emails_in(first)
        assert seen[-1] != staff.email
        User.objects.filter(email=seen[-1]).delete()  # the row that the cursor names
        second = staff.client.get(first.json["next"], token=staff.access)
        rest = [email for page in walk(staff, second, "next") for email in emails_in(page)]
        assert len(rest) == self.AMOUNT + 1 - 4
        assert not {*rest} & {*seen}

    @pytest.mark.parametrize(("one", "other"), [*pairwise([*ORDERINGS, *ORDERINGS][:5])])
    def test_refuses_the_cursor_of_another(self, staff: Account, one: str, other: str) -> None:
        address = listing(staff, ordering=one, page_size=1).json["next"]
        (cursor,) = parse_qs(urlsplit(address).query)["cursor"]
        answer = listing(staff, ordering=other, cursor=cursor)
        assert (answer.status, answer.code) == (400, "bad_request")
        assert listing(staff, ordering=one, cursor=cursor).status == 200

    def test_refuses_the_cursor_of_another_list(self, staff: Account) -> None:
        staff.log_in()
        address = staff.client.get("auth/sessions/?page_size=1", token=staff.access).json["next"]
        (cursor,) = parse_qs(urlsplit(address).query)["cursor"]
        assert listing(staff, cursor=cursor).code == "bad_request"

    @pytest.mark.parametrize("cursor", ["x", "AAAA", "\U0001f600", "%00", "a" * 1000])
    def test_refuses_a_damaged_cursor(self, staff: Account, cursor: str) -> None:
        answer = listing(staff, cursor=cursor)
        assert (answer.status, answer.code) == (400, "bad_request")
        assert answer.errors == {}

    def test_tells_nothing_in_its_cursors_that_the_page_does_not(self, staff: Account) -> None:
        page: dict[str, Any] = listing(staff, ordering="email", page_size=1).json
        assert urlsplit(page["next"]).path == "/api/v1/users/"
        assert page["next"].startswith("http://testserver/")
