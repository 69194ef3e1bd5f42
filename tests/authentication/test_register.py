"""``POST auth/register/``."""

from base64 import b64encode, urlsafe_b64decode
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from backend.authentication.models import Link, Session
from backend.tasks.models import Task
from backend.testing import accounts
from backend.testing.accounts import PASSWORD
from backend.testing.client import Answer, ApiClient
from backend.testing.mails import Mails
from backend.users.models import User

pytestmark = pytest.mark.django_db

# One person, however the address is typed.
ADDRESS = "büro@xn--bcher-kva.example"
SPELLINGS = {
    "as it is kept": ADDRESS,
    "in capitals": "BÜRO@XN--BCHER-KVA.EXAMPLE",
    "with a Unicode domain": "büro@bücher.example",
    "with a Unicode domain in capitals": "Büro@BÜCHER.Example",
    "decomposed": "bu\u0308ro@bu\u0308cher.example",
    "in full width": "ｂüｒｏ＠ｂüｃｈｅｒ．ｅｘａｍｐｌｅ",  # noqa: RUF001  (the subject)
    "with an ideographic full stop": "büro@bücher。example",
    "between blanks": "  büro@bücher.example\t",
}
TOO_LONG = "x" * 151


def register(client: ApiClient, **changes: object) -> Answer:
    """Send the form, changed."""
    form = {"email": "ada@example.com", "password": PASSWORD, "password_confirm": PASSWORD}
    body = {name: value for name, value in {**form, **changes}.items() if value is not ...}
    return client.post("auth/register/", body)


class TestRegister:
    @pytest.mark.parametrize("field", ["email", "password", "password_confirm"])
    def test_wants_every_required_field(self, client: ApiClient, field: str) -> None:
        answer = register(client, **{field: ...})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [field]

    @pytest.mark.parametrize(
        "field", ["email", "password", "password_confirm", "first_name", "last_name"]
    )
    @pytest.mark.parametrize("value", [None, 7, True, ["x"], {"x": "x"}])
    def test_refuses_what_is_no_text(self, client: ApiClient, field: str, value: object) -> None:
        answer = register(client, **{field: value})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [field]

    @pytest.mark.parametrize("field", ["is_staff", "is_superuser", "email_verified", "id", "x"])
    def test_refuses_unknown_fields(self, client: ApiClient, field: str) -> None:
        answer = register(client, **{field: True})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [field]
        assert not User.objects.exists()

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"text"', b"7"])
    def test_refuses_what_is_no_object(self, client: ApiClient, body: bytes) -> None:
        json = {"Content-Type": "application/json"}
        answer = client.call("POST", "auth/register/", body=body, headers=json)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["non_field_errors"]

    @pytest.mark.parametrize(
        "email",
        [
            "",
            " ",
            "ada",
            "ada@",
            "@example.com",
            "ada@example.com.",
            "ada@@example.com",
            "ada@exa mple.com",
            "ada lovelace@example.com",
            "ada@example..com",
            "ada@-example.com",
            "Ada <ada@example.com>",
            "ada@example.com\nbcc: eve@example.com",
            "ada@example.com,eve@example.com",
            '"ada"@example.com',
            "ada@[127.0.0.1]",
            f"ada@{'a' * 64}.example.com",
            f"ada@{'.'.join(['a' * 60] * 5)}",
            f"{'a' * 1000}@example.com",
            "ada@xn--a.example",
            "ada\u202e@example.com",
        ],
    )
    def test_refuses_what_is_no_address(self, client: ApiClient, email: str) -> None:
        answer = register(client, email=email)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["email"]

    @pytest.mark.parametrize("spelling", SPELLINGS)
    def test_refuses_a_taken_address(self, client: ApiClient, spelling: str) -> None:
        assert register(client, email=ADDRESS).status == 201
        answer = register(client, email=SPELLINGS[spelling])
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["email"]
        assert User.objects.count() == 1

    def test_refuses_the_address_of_a_disabled_account(self, client: ApiClient) -> None:
        User.objects.create_user("ada@example.com", is_active=False)
        assert [*register(client).errors] == ["email"]

    @pytest.mark.parametrize("confirmation", [PASSWORD.upper(), f"{PASSWORD} ", "x"])
    def test_blames_the_confirmation_that_differs(
        self, client: ApiClient, confirmation: str
    ) -> None:
        answer = register(client, password_confirm=confirmation)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["password_confirm"]

    @pytest.mark.parametrize(
        "password",
        [
            "",
            "7 chars",
            "e\u0301" * 7,  # fourteen characters, seven after NFKC
            "x!7q" * 64 + "x",  # 257
            "\ufdfa" * 15,  # fifteen characters, 270 after NFKC
            "x!7q" * 2_000,
        ],
    )
    def test_refuses_a_password_of_the_wrong_length(self, client: ApiClient, password: str) -> None:
        answer = register(client, password=password, password_confirm=password)
        assert (answer.status, answer.code) == (400, "validation_error")
        assert "password" in answer.errors

    @pytest.mark.parametrize(
        "password",
        ["password123", "PASSWORD123", "qwertyuiop", "ｐａｓｓｗｏｒｄ１２３"],  # noqa: RUF001  (the subject)
    )
    def test_refuses_a_common_password(self, client: ApiClient, password: str) -> None:
        answer = register(client, password=password, password_confirm=password)
        assert [*answer.errors] == ["password"]

    @pytest.mark.parametrize(
        ("field", "value", "password"),
        [
            ("email", "wolfgangamadeus@example.com", "wolfgangamadeus1"),
            ("email", "ada@constantinople.example", "constantinople!"),
            ("email", "WolfgangAmadeus@example.com", "Wolfgangamadeus"),
            ("first_name", "Bartholomew", "bartholomew7"),
            ("last_name", "Featherstonehaugh", "Featherstonehaug"),
        ],
    )
    def test_refuses_a_password_like_the_address_or_the_name(
        self, client: ApiClient, field: str, value: str, password: str
    ) -> None:
        answer = register(
            client, **{field: value, "password": password, "password_confirm": password}
        )
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == ["password"]

    @pytest.mark.parametrize("field", ["first_name", "last_name"])
    def test_refuses_a_name_over_150_characters(self, client: ApiClient, field: str) -> None:
        answer = register(client, **{field: TOO_LONG})
        assert (answer.status, answer.code) == (400, "validation_error")
        assert [*answer.errors] == [field]

    @pytest.mark.parametrize("field", ["email", "password", "first_name"])
    @pytest.mark.parametrize("escape", [rb"\u0000", rb"\ud800"])
    def test_refuses_text_that_cannot_be_stored(
        self, client: ApiClient, field: str, escape: bytes
    ) -> None:
        body = b'{"%s": "x%sx"}' % (field.encode(), escape)
        answer = client.post("auth/register/", body)
        assert (answer.status, answer.code) == (400, "invalid_json")

    def test_leaves_nothing_of_what_it_refuses(self, client: ApiClient) -> None:
        assert register(client, password_confirm="x").status == 400
        assert register(client).status == 201

    def test_answers_the_user(self, client: ApiClient) -> None:
        before = timezone.now()
        answer = register(client, first_name="Ada", last_name="Lovelace")
        assert answer.status == 201
        user: dict[str, Any] = answer.json
        assert UUID(user.pop("id")).version == 7
        for moment in (user.pop("created_at"), user.pop("updated_at")):
            assert moment.endswith("Z")
            assert before <= datetime.fromisoformat(moment) <= timezone.now()
        assert user == {
            "email": "ada@example.com",
            "email_verified": False,
            "first_name": "Ada",
            "last_name": "Lovelace",
            "is_staff": False,
        }

    def test_may_be_asked_without_names(self, client: ApiClient) -> None:
        user = register(client).json
        assert (user["first_name"], user["last_name"]) == ("", "")

    def test_takes_a_name_of_150_characters(self, client: ApiClient) -> None:
        name = "\U0001f600" * 150
        assert register(client, first_name=name, last_name=name).json["last_name"] == name

    @pytest.mark.parametrize("spelling", SPELLINGS)
    def test_keeps_the_canonical_address(self, client: ApiClient, spelling: str) -> None:
        assert register(client, email=SPELLINGS[spelling]).json["email"] == ADDRESS
        assert User.objects.get().email == ADDRESS

    @pytest.mark.parametrize(
        "email", ["ada@example.test", "ada@mail.invalid", "ada@printer.local", "ada@x.localhost"]
    )
    def test_accepts_reserved_domains(self, client: ApiClient, email: str) -> None:
        assert register(client, email=email).json["email"] == email

    @pytest.mark.parametrize(
        "password",
        [
            "x7!qvb2.",
            "x!7q" * 64,
            "\ufdfa" * 14,
            "пароль не простой",
            " 2 spaces around ",
            "🐎🔋" * 4,
        ],
    )
    def test_accepts_any_good_password(self, client: ApiClient, password: str) -> None:
        assert register(client, password=password, password_confirm=password).status == 201
        body = {"email": "ada@example.com", "password": password}
        assert client.post("auth/login/", body).status == 200

    def test_keeps_an_argon2id_hash_only(self, client: ApiClient) -> None:
        register(client)
        kept = User.objects.get().password
        assert kept.startswith("argon2$argon2id$")
        assert PASSWORD not in kept

    def test_opens_no_session(self, client: ApiClient) -> None:
        register(client)
        assert not Session.objects.exists()
        assert User.objects.get().last_login is None

    def test_lets_the_unverified_log_in(self, client: ApiClient) -> None:
        account = accounts.register(client)
        assert account.log_in().status == 200
        assert account.me().json["email_verified"] is False

    def test_costs_one_transaction(
        self, client: ApiClient, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        # A savepoint, the user, the event, the mail's link and task, the release.
        with django_assert_num_queries(6):
            register(client)

    def test_makes_ids_that_sort_by_time(self, client: ApiClient) -> None:
        ids = [register(client, email=f"n{n}@example.com").json["id"] for n in range(3)]
        assert ids == sorted(ids)
        moment = datetime.fromtimestamp((UUID(ids[-1]).int >> 80) / 1000, tz=timezone.now().tzinfo)
        assert timezone.now() - moment < timedelta(seconds=5)


class TestVerificationMail:
    def test_goes_to_the_new_address(self, client: ApiClient, mails: Mails) -> None:
        register(client, first_name="Ada")
        (letter,) = mails.all()
        assert letter.message.to == ["ada@example.com"]
        assert letter.subject == "Confirm your email address for Backend"
        assert letter.page == "https://app.example.com/verify-email"
        assert "Ada" not in letter.everything  # a name is a caller's own text

    @pytest.mark.parametrize("spelling", SPELLINGS)
    def test_goes_to_the_canonical_address(
        self, client: ApiClient, mails: Mails, spelling: str
    ) -> None:
        register(client, email=SPELLINGS[spelling])
        assert [letter.message.to for letter in mails.all()] == [[ADDRESS]]

    def test_names_its_request_and_its_task(self, client: ApiClient, mails: Mails) -> None:
        body = {"email": "ada@example.com", "password": PASSWORD, "password_confirm": PASSWORD}
        client.post("auth/register/", body, headers={"X-Request-ID": "the-request-id"})
        headers = mails.last("ada@example.com").headers
        task = Task.objects.get()
        assert headers["X-Request-ID"] == task.request_id == "the-request-id"
        assert headers["Message-ID"] == f"<{task.pk}@localhost>"
        assert headers["Auto-Submitted"] == "auto-generated"

    def test_is_not_caused_by_what_is_refused(self, client: ApiClient, mails: Mails) -> None:
        register(client)
        mails.empty()
        before = Task.objects.count(), Link.objects.count()
        for changes in (
            {},  # taken
            {"password_confirm": "x"},
            {"email": "new@example.com", "password": "x", "password_confirm": "x"},
            {"email": "new@example.com", "x": "x"},
            {"email": "new@"},
        ):
            assert register(client, **changes).status == 400
        assert (Task.objects.count(), Link.objects.count()) == before
        assert mails.all() == []

    @pytest.mark.parametrize("moment", ["while it waits", "once it is sent"])
    def test_leaves_its_token_in_no_row(self, client: ApiClient, mails: Mails, moment: str) -> None:
        register(client)
        if moment == "once it is sent":
            mails.all()
        rows = [*Task.objects.values(), *Link.objects.values()]
        token = mails.last("ada@example.com").token
        assert len(rows) == 2
        stored = " ".join(str(value) for row in rows for value in row.values())
        signature = urlsafe_b64decode(token)[16:]
        for form in (token, token[24:], signature.hex(), b64encode(signature).decode()):
            assert form not in stored
        assert client.post("auth/email/verify/", {"token": token}).status == 204
