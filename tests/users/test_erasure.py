"""Nobody is forgotten by half: every model that knows a user says how it forgets them."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import models
from django.test.utils import isolate_apps
from django.utils import timezone

from backend.authentication.models import Link, Session
from backend.users import erasure
from backend.users.erasure import erase, erases, uncovered
from backend.users.models import DELETED_DOMAIN, User


class TestEveryModel:
    def test_that_knows_a_user_says_how_it_forgets_them(self) -> None:
        forgotten = uncovered(apps.get_models(include_auto_created=True))
        names = sorted(model._meta.label for model in forgotten)
        assert not names, (
            f"{names} know a user and no app forgets them: "
            "declare it in the app's module `erasures` with @erases(...), see docs/accounts.md"
        )

    def test_that_is_declared_is_looked_for_in_every_app(self) -> None:
        assert {Session, Link, User.groups.through} <= erasure._covered


def model(
    base: type[models.Model] = models.Model, *, abstract: bool = False, **fields: Any
) -> type[models.Model]:
    """A model that exists in this test alone."""
    meta = type("Meta", (), {"app_label": "users", "abstract": abstract})
    made: type[models.Model] = type(
        "Abstract" if abstract else "Note",
        (base,),
        {"__module__": __name__, "Meta": meta, **fields},
    )
    return made


def key(**options: Any) -> models.ForeignKey[User, User]:
    return models.ForeignKey(User, models.CASCADE, related_name="+", **options)


# What a model can know a user by.
KEYS: dict[str, Callable[[], dict[str, Any]]] = {
    "a foreign key": lambda: {"author": key()},
    "a foreign key that may be null": lambda: {"author": key(null=True)},
    "a foreign key of another name": lambda: {"anything": key(db_column="x")},
    "a one-to-one": lambda: {"of": models.OneToOneField(User, models.CASCADE, related_name="+")},
    "an id kept by hand": lambda: {"user_id": models.UUIDField()},
    "an actor's id kept by hand": lambda: {"actor_id": models.UUIDField(null=True)},
}


class TestUncovered:
    @pytest.fixture(autouse=True)
    def _alone(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        """Models and declarations of a test are gone with it."""
        monkeypatch.setattr(erasure, "_covered", {*erasure._covered})
        monkeypatch.setattr(erasure, "_erasers", [*erasure._erasers])
        with isolate_apps("backend.users"):
            yield

    @pytest.mark.parametrize("fields", KEYS.values(), ids=KEYS)
    def test_finds(self, fields: Callable[[], dict[str, Any]]) -> None:
        note = model(**fields())
        assert uncovered([note]) == [note]

    @pytest.mark.parametrize("fields", KEYS.values(), ids=KEYS)
    def test_finds_what_is_inherited(self, fields: Callable[[], dict[str, Any]]) -> None:
        note = model(model(abstract=True, **fields()))
        assert uncovered([note]) == [note]

    def test_finds_the_table_of_a_many_to_many(self) -> None:
        club = model(members=models.ManyToManyField(User, related_name="+"))
        table = club._meta.get_field("members").remote_field.through  # type: ignore[union-attr]  # of a many-to-many
        assert uncovered([club, table]) == [table]

    def test_leaves_out_what_knows_nobody(self) -> None:
        group = models.ForeignKey(Group, models.CASCADE, related_name="+")
        note = model(text=models.TextField(), number=models.UUIDField(), group=group)
        assert uncovered([note]) == []

    @pytest.mark.parametrize("fields", KEYS.values(), ids=KEYS)
    def test_leaves_out_what_is_declared(self, fields: Callable[[], dict[str, Any]]) -> None:
        note = model(**fields())

        @erases(note)
        def forget(user: User) -> None:
            """Nothing to do in a test."""

        assert uncovered([note]) == []

    def test_leaves_out_the_user_s_own_row(self) -> None:
        assert uncovered([User]) == []


@pytest.mark.django_db
class TestErase:
    def test_asks_every_app_and_then_makes_the_row_anonymous(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = User.objects.create_user("ada@example.com", first_name="Ada")
        asked: list[tuple[str, str]] = []
        monkeypatch.setattr(erasure, "_erasers", [])
        monkeypatch.setattr(erasure, "_covered", {*erasure._covered})
        for name in ("below", "above"):

            @erases()
            def forget(user: User, name: str = name) -> None:
                asked.append((name, user.email))

        erase(user, now=timezone.now())
        # Whoever stands above knows those below, and all of them still see who it is.
        assert asked == [("above", "ada@example.com"), ("below", "ada@example.com")]
        row = User.objects.get()
        assert row.email.endswith(DELETED_DOMAIN)
        assert row.first_name == ""

    def test_takes_all_back_if_one_app_fails(self, monkeypatch: pytest.MonkeyPatch) -> None:
        user = User.objects.create_user("ada@example.com")

        def fail(_: User) -> None:
            raise RuntimeError("not today")

        monkeypatch.setattr(erasure, "_erasers", [fail])
        with pytest.raises(RuntimeError):
            erase(user, now=timezone.now())
        assert User.objects.get().email == "ada@example.com"

    def test_gives_everybody_another_name(self) -> None:
        users = [User.objects.create_user(f"{uuid4().hex}@example.com") for _ in range(3)]
        for user in users:
            erase(user, now=timezone.now())
        assert User.objects.values("email").distinct().count() == 3
