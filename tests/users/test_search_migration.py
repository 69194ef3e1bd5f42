"""The migration that makes users searchable."""

from importlib import import_module

import pytest
from django.apps import apps
from model_bakery import baker

from backend.users.models import User, UserQuerySet

migration = import_module("backend.users.migrations.0002_search")


@pytest.mark.django_db
class TestFill:
    @pytest.mark.parametrize(("name", "searched"), [("Éva", "éVA"), ("Straße", "STRASSE")])
    def test_folds_as_the_search_does(self, name: str, searched: str) -> None:
        user = baker.make(User, email="eva@example.com", first_name=name)
        User.objects.update(search_text="")
        migration.fill(apps, None)
        assert list(UserQuerySet(User).matching(search=searched)) == [user]

    def test_reaches_everybody(self) -> None:
        baker.make(User, first_name="Ann", _quantity=3)
        User.objects.update(search_text="")
        migration.fill(apps, None)
        assert UserQuerySet(User).matching(search="ann").count() == 3
