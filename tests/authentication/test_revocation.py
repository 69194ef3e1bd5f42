"""Revocation is instant, for access and refresh tokens alike, and for good."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.authentication.models import Session
from backend.testing.accounts import PASSWORD, Account
from backend.testing.client import ApiClient
from backend.users import services as users
from backend.users.models import User

pytestmark = pytest.mark.django_db


@dataclass
class Devices:
    """One person on two devices: what happens on the second ends the first."""

    first: Account
    second: Account

    @property
    def user(self) -> User:
        return User.objects.get(email=self.first.email)

    @property
    def session(self) -> Session:
        """The first device's."""
        return Session.objects.earliest("id")


@pytest.fixture
def devices(account: Account) -> Devices:
    second = Account(account.client, account.email)
    second.log_in()
    return Devices(account, second)


def log_out_by_refresh_token(devices: Devices) -> None:
    devices.first.client.post("auth/logout/", {"refresh": devices.first.refresh})


def log_out_by_bearer(devices: Devices) -> None:
    devices.first.client.post("auth/logout/", token=devices.first.access)


def log_out_everywhere(devices: Devices) -> None:
    devices.second.client.post("auth/logout/all/", token=devices.second.access)


def end_the_session(devices: Devices) -> None:
    path = f"auth/sessions/{devices.session.pk}/"
    devices.second.client.delete(path, token=devices.second.access)


def change_the_password(devices: Devices) -> None:
    body = {
        "current_password": PASSWORD,
        "new_password": "another horse battery 9",
        "new_password_confirm": "another horse battery 9",
    }
    token = devices.second.access
    assert devices.second.client.post("auth/password/change/", body, token=token).status == 204


def set_a_password(devices: Devices) -> None:
    user = devices.user
    user.set_password("another horse battery 9")
    user.save(update_fields=["password"])


def make_the_password_unusable(devices: Devices) -> None:
    user = devices.user
    user.set_password(None)
    user.save()


def disable(devices: Devices) -> None:
    user = devices.user
    user.is_active = False
    user.save()


def disable_that_field_alone(devices: Devices) -> None:
    user = devices.user
    user.is_active = False
    user.save(update_fields=["is_active"])


def disable_behind_the_models_back(devices: Devices) -> None:
    User.objects.update(is_active=False)


def disable_and_enable(devices: Devices) -> None:
    disable(devices)
    enable(devices)


def enable(devices: Devices) -> None:
    user = devices.user
    user.is_active = True
    user.save()


def delete_the_user(devices: Devices) -> None:
    devices.user.delete()


def end_all_sessions(devices: Devices) -> None:
    users.end_all_sessions(devices.user)


def reuse_a_spent_token(devices: Devices) -> None:
    spent = devices.first.refresh
    devices.first.refresh = devices.first.spend().json["refresh"]
    moment = timezone.now() - timedelta(minutes=1)
    Session.objects.filter(pk=devices.session.pk).update(last_used_at=moment)
    assert devices.first.spend(spent).code == "refresh_token_reused"


WAYS: list[Callable[[Devices], None]] = [
    log_out_by_refresh_token,
    log_out_by_bearer,
    log_out_everywhere,
    end_the_session,
    change_the_password,
    set_a_password,
    make_the_password_unusable,
    disable,
    disable_that_field_alone,
    disable_behind_the_models_back,
    disable_and_enable,
    delete_the_user,
    end_all_sessions,
    reuse_a_spent_token,
]
EACH_WAY = pytest.mark.parametrize("end", WAYS, ids=lambda end: end.__name__)


def has_ended(account: Account) -> bool:
    """Whether neither token of an account is good any more; both must say the same."""
    opened, exchanged = account.me(), account.spend()
    assert (opened.status == 401) == (exchanged.status == 401)
    return opened.status == 401 and opened.code == "session_revoked" == exchanged.code


class TestRevocation:
    @EACH_WAY
    def test_is_instant(self, devices: Devices, end: Callable[[Devices], None]) -> None:
        assert devices.first.me().status == 200
        end(devices)
        assert has_ended(devices.first)

    @EACH_WAY
    def test_does_not_ask_the_cache(self, devices: Devices, end: Callable[[Devices], None]) -> None:
        end(devices)
        cache.delete_pattern("*") if hasattr(cache, "delete_pattern") else cache.clear()
        assert has_ended(devices.first)

    @EACH_WAY
    def test_ends_earlier_tokens_of_the_session_too(
        self, devices: Devices, end: Callable[[Devices], None]
    ) -> None:
        earlier = Account(devices.first.client, devices.first.email)
        earlier.access, earlier.refresh = devices.first.access, devices.first.refresh
        pair = devices.first.spend().json
        devices.first.access, devices.first.refresh = pair["access"], pair["refresh"]
        end(devices)
        assert has_ended(earlier)
        assert has_ended(devices.first)

    @pytest.mark.parametrize(
        "end",
        [way for way in WAYS if way is not disable_behind_the_models_back],
        ids=lambda end: end.__name__,
    )
    def test_is_for_good(self, devices: Devices, end: Callable[[Devices], None]) -> None:
        stale = devices.user
        end(devices)
        if end is not delete_the_user:
            stale.first_name = "Ada"
            stale.save()
            if stale.is_active and User.objects.filter(is_active=False).exists():
                enable(devices)
            again = Account(devices.first.client, devices.first.email)
            for again.password in (PASSWORD, "another horse battery 9"):
                again.log_in()
        assert has_ended(devices.first)

    @pytest.mark.parametrize(
        "end", [log_out_by_refresh_token, log_out_by_bearer, end_the_session, reuse_a_spent_token]
    )
    def test_of_one_session_leaves_the_other(
        self, devices: Devices, end: Callable[[Devices], None]
    ) -> None:
        end(devices)
        assert devices.second.me().status == 200
        assert devices.second.spend().status == 200

    @pytest.mark.parametrize(
        "end",
        [log_out_everywhere, set_a_password, disable, disable_and_enable, end_all_sessions],
    )
    def test_of_all_leaves_none(self, devices: Devices, end: Callable[[Devices], None]) -> None:
        end(devices)
        assert has_ended(devices.second)

    def test_costs_no_further_query(
        self, devices: Devices, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        end_all_sessions(devices)
        with django_assert_num_queries(1):
            assert devices.first.me().code == "session_revoked"

    def test_removes_the_sessions_of_a_deleted_user(self, devices: Devices) -> None:
        delete_the_user(devices)
        assert not Session.objects.exists()


class TestStaleUser:
    """An admin's form loads a user, waits for a human, and saves what it loaded."""

    @pytest.fixture
    def stale(self, devices: Devices) -> User:
        return devices.user

    @pytest.mark.parametrize("fields", [None, ["first_name"], ["is_active"], ["session_epoch"]])
    def test_brings_no_ended_session_back(
        self, devices: Devices, stale: User, fields: list[str] | None
    ) -> None:
        for _ in range(3):
            end_all_sessions(devices)
        stale.first_name = "Ada"
        stale.save(update_fields=fields)
        assert has_ended(devices.first)
        assert has_ended(devices.second)

    def test_brings_none_back_by_enabling(self, devices: Devices, stale: User) -> None:
        disable(devices)
        stale.save()
        assert User.objects.get().is_active
        assert has_ended(devices.first)

    def test_ends_no_session_by_a_change_of_name(self, devices: Devices, stale: User) -> None:
        stale.last_name = "Lovelace"
        stale.save()
        assert devices.first.me().json["last_name"] == "Lovelace"

    def test_ends_sessions_that_were_opened_since_when_it_disables(
        self, client: ApiClient, devices: Devices, stale: User
    ) -> None:
        end_all_sessions(devices)
        later = Account(client, devices.first.email)
        later.log_in()
        stale.is_active = False
        stale.save()
        enable(devices)
        assert has_ended(later)
