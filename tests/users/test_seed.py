"""``just seed``: the command ``seed``."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from backend.core import migrations
from backend.core.management import preparation
from backend.testing.accounts import Account
from backend.testing.client import ApiClient
from backend.users import passwords
from backend.users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _development(settings: Settings) -> None:
    settings.DEBUG = True


class Terminal(StringIO):
    """Standard input of somebody who can be asked."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What somebody at a terminal answers, one after the other."""
    answers: list[str] = []
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", lambda _: answers.pop(0))
    yield answers
    assert answers == []


@pytest.fixture
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("y\n"))


def seed(*options: str) -> str:
    """What the command says."""
    out = StringIO()
    call_command("seed", *options, stdout=out)
    return out.getvalue()


class TestSeed:
    @pytest.mark.parametrize("options", [(), ("--admin",), ("--clear", "--yes")])
    def test_is_for_development_only(self, settings: Settings, options: tuple[str, ...]) -> None:
        User.objects.create_user("ada@example.com")
        settings.DEBUG = False
        with pytest.raises(CommandError, match="DEBUG"):
            seed(*options)
        assert User.objects.get().email == "ada@example.com"

    @pytest.mark.parametrize("amount", ["-1", "x", "1.5", ""])
    def test_refuses_what_is_no_number(self, amount: str) -> None:
        with pytest.raises(CommandError, match="--users"):
            seed(f"--users={amount}")
        assert not User.objects.exists()

    def test_adds_ten_unless_told(self) -> None:
        assert "10 users added" in seed()
        emails = {*User.objects.values_list("email", flat=True)}
        assert emails == {f"testuser{number}@example.com" for number in range(1, 11)}

    @pytest.mark.parametrize("amount", [0, 1, 501])
    def test_adds_as_many_as_told(self, amount: int) -> None:
        assert f"{amount} users added" in seed(f"--users={amount}")
        assert User.objects.count() == amount

    def test_adds_nothing_the_second_time(self) -> None:
        seed("--users=3", "--admin")
        before = [*User.objects.order_by("id").values()]
        said = seed("--users=3", "--admin")
        assert "0 users added, 3 were there already" in said
        assert "admin@example.com was there already" in said
        assert [*User.objects.order_by("id").values()] == before

    def test_adds_what_is_missing(self) -> None:
        seed("--users=3")
        User.objects.filter(email="testuser2@example.com").delete()
        assert "3 users added, 2 were there already" in seed("--users=5")

    def test_adds_users_who_can_log_in(self, client: ApiClient) -> None:
        seed("--users=2")
        account = Account(client, "testuser2@example.com", "password123")
        assert account.log_in().status == 200
        me = account.me().json
        assert me["email_verified"] is True
        assert (me["is_staff"], me["first_name"]) == (False, "Test")

    def test_adds_users_who_can_be_found(self) -> None:
        seed("--users=2")
        assert all(user.search_text == user.searched() for user in User.objects.all())

    def test_adds_thousands_with_one_hash(self, monkeypatch: pytest.MonkeyPatch) -> None:
        hashed: list[str] = []
        make = passwords.hash_password

        def counting(password: str) -> str:
            hashed.append(password)
            return make(password)

        monkeypatch.setattr(passwords, "hash_password", counting)
        said = seed("--users=2000")
        assert hashed == ["password123"]
        assert User.objects.count() == 2000
        assert "\r" not in said  # nobody looks: no bar

    def test_shows_how_far_it_is_to_somebody_who_looks(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.stdout", Terminal())
        said = seed("--users=1000")
        assert "500/1000" in said
        assert "1000/1000\n" in said

    def test_adds_no_admin_unless_told(self) -> None:
        seed("--users=1")
        assert not User.objects.filter(is_superuser=True).exists()

    def test_adds_an_admin_who_can_log_in(self, client: ApiClient) -> None:
        assert "admin@example.com added" in seed("--users=0", "--admin")
        admin = User.objects.get()
        assert (admin.is_staff, admin.is_superuser, admin.is_active) == (True, True, True)
        assert Account(client, "admin@example.com", "admin123").log_in().status == 200
        assert client.django.login(username="admin@example.com", password="admin123")  # type: ignore[attr-defined]  # in process

    def test_checks_the_database_first(self) -> None:
        assert "answers in" in seed("--users=0")

    def test_migrates_unasked_where_nobody_can_be_asked(
        self, no_terminal: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        called: list[tuple[object, ...]] = []
        monkeypatch.setattr(migrations, "pending", lambda: ["users.0002_search"])
        monkeypatch.setattr(preparation, "call_command", lambda *name, **_: called.append(name))
        assert "1 migrations are pending" in seed("--users=0")
        assert called == [("check_database",), ("migrate",)]

    @pytest.mark.parametrize(("answer", "migrates"), [("", True), ("y", True), ("n", False)])
    def test_offers_to_migrate(
        self, say: list[str], monkeypatch: pytest.MonkeyPatch, answer: str, migrates: bool
    ) -> None:
        called: list[tuple[object, ...]] = []
        monkeypatch.setattr(migrations, "pending", lambda: ["users.0002_search"])
        monkeypatch.setattr(preparation, "call_command", lambda *name, **_: called.append(name))
        say.append(answer)
        seed("--users=0")
        assert (("migrate",) in called) == migrates


class TestClear:
    @pytest.fixture(autouse=True)
    def _ada(self, db: None) -> None:
        User.objects.create_superuser("ada@example.com")

    def test_without_a_terminal_is_a_no(self, no_terminal: None) -> None:
        with pytest.raises(CommandError, match="Nothing was removed"):
            seed("--clear")
        assert User.objects.get().email == "ada@example.com"

    @pytest.mark.parametrize("answer", ["", "n", "no", "NO", "maybe"])
    def test_takes_nothing_but_yes_for_a_yes(self, say: list[str], answer: str) -> None:
        say.append(answer)
        with pytest.raises(CommandError, match="Nothing was removed"):
            seed("--clear")
        assert User.objects.get().email == "ada@example.com"

    @pytest.mark.parametrize("answer", ["y", "yes", "YES "])
    def test_removes_all_users_after_a_yes(self, say: list[str], answer: str) -> None:
        say.append(answer)
        seed("--clear", "--users=2")
        assert not User.objects.filter(email="ada@example.com").exists()
        assert User.objects.count() == 2

    def test_does_not_ask_when_told_so(self, no_terminal: None) -> None:
        seed("--clear", "--yes", "--users=0")
        assert not User.objects.exists()

    def test_ends_the_sessions_of_those_it_removes(
        self, no_terminal: None, account: Account
    ) -> None:
        seed("--clear", "--yes", "--users=0")
        assert account.me().code == "session_revoked"

    def test_is_not_meant_by_yes_alone(self, no_terminal: None) -> None:
        seed("--yes", "--users=1")
        assert User.objects.count() == 2
