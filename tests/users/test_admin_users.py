"""Users in the admin site: list, add, change."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from model_bakery import baker
from pytest_django import DjangoAssertNumQueries

from backend.testing.accounts import PASSWORD, Account
from backend.testing.browser import browser
from backend.testing.client import ApiClient
from backend.testing.staff import user_of
from backend.users.models import User
from tests.users.browser import LIST, POWERS, form_of, page_of, shown

pytestmark = pytest.mark.django_db


class TestList:
    def test_is_not_for_staff_without_permission(self) -> None:
        staff = User.objects.create_user("staff@example.com", PASSWORD, is_staff=True)
        assert browser(staff).get(LIST).status_code == 403

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("LOVELACE", {"ada@example.com"}),
            ("WEISS", {"sharp@example.com"}),
            ("%", {"sharp@example.com"}),
            ("_", set()),
            ("nobody", set()),
            ("ada@", {"ada@example.com"}),
        ],
    )
    def test_searches_like_the_api(self, boss: User, query: str, found: set[str]) -> None:
        baker.make(User, email="ada@example.com", first_name="Ada", last_name="Lovelace")
        baker.make(User, email="sharp@example.com", first_name="100%", last_name="Weiß")
        assert shown(browser(boss), q=query) == found

    def test_survives_a_search_for_nul(self, boss: User) -> None:
        assert browser(boss).get(LIST, {"q": "a\0b"}).status_code < 500

    @pytest.mark.parametrize("flag", ["is_active", "is_staff", "is_superuser", "email_verified"])
    @pytest.mark.parametrize("value", [True, False])
    def test_filters(self, boss: User, flag: str, value: bool) -> None:
        for state in (True, False):
            fields: dict[str, Any] = {"email": f"{state}@example.com".lower(), flag: state}
            baker.make(User, None, **fields)
        found = shown(browser(boss), **{f"{flag}__exact": str(int(value))})
        assert f"{value}@example.com".lower() in found
        assert f"{not value}@example.com".lower() not in found

    def test_filters_by_group(self, boss: User, clerk: User) -> None:
        group: Group = baker.make(Group)
        clerk.groups.add(group)
        assert shown(browser(boss), groups__id__exact=str(group.pk)) == {clerk.email}

    def test_costs_the_same_however_many_there_are(
        self, boss: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = browser(boss)
        baker.make(User, _quantity=50)
        with django_assert_max_num_queries(8):
            client.get(LIST)


class TestAdd:
    def test_is_not_for_staff_without_permission(self, clerk: User) -> None:
        clerk.user_permissions.remove(Permission.objects.get(codename="add_user"))
        assert browser(clerk).get(f"{LIST}add/").status_code == 403

    def form(self, **changes: str) -> dict[str, str]:
        passwords = {"password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
        return {"email": "new@example.com", **passwords, **changes}

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("email", "no address"),
            ("email", "BOSS@example.com"),
            ("email", ""),
            ("password2", "something else 9"),
        ],
    )
    def test_refuses_a_bad_form(self, boss: User, field: str, value: str) -> None:
        answer = browser(boss).post(f"{LIST}add/", self.form(**{field: value}))
        assert answer.status_code == 200
        assert field in answer.context["adminform"].form.errors
        assert User.objects.count() == 1

    def test_holds_passwords_against_the_policy(self, boss: User) -> None:
        form = self.form(password1="password", password2="password")
        assert browser(boss).post(f"{LIST}add/", form).status_code == 200
        assert User.objects.count() == 1

    def test_makes_a_user_with_the_canonical_address(self, clerk: User, client: ApiClient) -> None:
        form = self.form(email="New@BÜCHER.example")
        assert browser(clerk).post(f"{LIST}add/", form).status_code == 302
        account = Account(client, "new@xn--bcher-kva.example")
        user = user_of(account)
        assert user.search_text.startswith("new@xn--bcher-kva.example")
        assert account.log_in().status == 200

    def test_makes_a_user_without_a_password(self, boss: User) -> None:
        form = self.form(usable_password="false")
        browser(boss).post(f"{LIST}add/", form)
        assert not User.objects.get(email="new@example.com").has_usable_password()

    def test_gives_no_powers_by_forged_fields(self, clerk: User) -> None:
        group: Group = baker.make(Group)
        forged = {"is_staff": "on", "is_superuser": "on", "groups": str(group.pk)}
        assert browser(clerk).post(f"{LIST}add/", self.form(**forged)).status_code == 302
        user = User.objects.get(email="new@example.com")
        assert (user.is_staff, user.is_superuser) == (False, False)
        assert not user.groups.exists()


class TestChange:
    def test_is_not_for_staff_without_permission(self, clerk: User, ada: User) -> None:
        clerk.user_permissions.remove(Permission.objects.get(codename="change_user"))
        answer = browser(clerk).post(page_of(ada), form_of(ada, first_name="Eve"))
        assert answer.status_code == 403
        assert not User.objects.filter(first_name="Eve").exists()

    @pytest.mark.parametrize(
        "change", [{"first_name": "Eve"}, {"is_active": ...}, {"email": "e@e.e"}]
    )
    def test_of_a_superuser_is_not_for_staff(
        self, clerk: User, boss: User, change: dict[str, object]
    ) -> None:
        before = User.objects.values().get(pk=boss.pk)
        answer = browser(clerk).post(page_of(boss), form_of(boss, **change))
        assert answer.status_code == 403
        assert User.objects.values().get(pk=boss.pk) == before

    def test_shows_a_superuser_to_staff_without_a_way_to_save(
        self, clerk: User, boss: User
    ) -> None:
        answer = browser(clerk).get(page_of(boss))
        assert answer.status_code == 200
        assert b'name="_save"' not in answer.content

    def test_of_powers_is_not_offered_to_staff(self, clerk: User, ada: User) -> None:
        content = browser(clerk).get(page_of(ada)).content.decode()
        for name in POWERS:
            assert f'name="{name}"' not in content
        assert 'name="first_name"' in content

    def test_of_powers_is_ignored_when_staff_forge_the_fields(self, clerk: User, ada: User) -> None:
        group: Group = baker.make(Group)
        permission = Permission.objects.get(codename="change_user")
        forged = {"is_staff": "on", "is_superuser": "on", "groups": [str(group.pk)]}
        forged["user_permissions"] = [str(permission.pk)]
        for user in (ada, clerk):
            had = {*user.user_permissions.all()}
            was_staff = user.is_staff
            form = form_of(user, first_name="Eve", **forged)
            assert browser(clerk).post(page_of(user), form).status_code == 302
            user.refresh_from_db()
            assert user.first_name == "Eve"
            assert (user.is_staff, user.is_superuser) == (was_staff, False)
            assert not user.groups.exists()
            assert {*user.user_permissions.all()} == had

    def test_takes_no_power_away_by_leaving_it_out(self, clerk: User) -> None:
        other = User.objects.create_user("other@example.com", is_staff=True)
        other.groups.add(baker.make(Group))
        answer = browser(clerk).post(page_of(other), form_of(other, is_staff=...))
        assert answer.status_code == 302
        other.refresh_from_db()
        assert other.is_staff
        assert other.groups.count() == 1

    @pytest.mark.parametrize(
        "field", ["id", "last_login", "created_at", "session_epoch", "password"]
    )
    def test_of_what_is_only_shown_is_ignored(self, boss: User, ada: User, field: str) -> None:
        before = User.objects.values(field).get(pk=ada.pk)
        browser(boss).post(page_of(ada), form_of(ada, **{field: "1"}))
        assert User.objects.values(field).get(pk=ada.pk) == before

    @pytest.mark.parametrize("email", ["no address", "", "BOSS@example.com", "a@b@c"])
    def test_refuses_a_bad_address(self, boss: User, ada: User, email: str) -> None:
        answer = browser(boss).post(page_of(ada), form_of(ada, email=email))
        assert answer.status_code == 200
        assert "email" in answer.context["adminform"].form.errors

    def test_keeps_the_canonical_address_and_the_search_in_step(
        self, boss: User, ada: User
    ) -> None:
        form = form_of(ada, email=" Ada@BÜCHER.example ", last_name="Weiß")
        browser(boss).post(page_of(ada), form)
        ada.refresh_from_db()
        assert ada.email == "ada@xn--bcher-kva.example"
        assert ada.search_text == ada.searched()

    def test_of_powers_is_for_superusers(self, boss: User, ada: User) -> None:
        group: Group = baker.make(Group)
        form = form_of(ada, is_staff="on", groups=[str(group.pk)])
        assert browser(boss).post(page_of(ada), form).status_code == 302
        ada.refresh_from_db()
        assert ada.is_staff
        assert ada.groups.get() == group

    def test_of_a_name_ends_no_session(self, boss: User, ada: User, account: Account) -> None:
        browser(boss).post(page_of(ada), form_of(ada, first_name="Ada"))
        assert account.me().json["first_name"] == "Ada"
