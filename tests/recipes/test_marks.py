import os
from pathlib import Path

import pytest

from tests import marks

TYPES = {"unit", "integration", "e2e", "acceptance"}


@pytest.fixture
def service() -> None:
    """Stands for the running server of the same name."""


@pytest.fixture
def types(request: pytest.FixtureRequest) -> set[str]:
    """What the test that asks has been marked with."""
    return {mark.name for mark in request.node.iter_markers()} & TYPES


class TestType:
    def test_is_unit_without_anything(self, types: set[str]) -> None:
        assert types == {"unit"}

    def test_is_integration_with_a_database(self, db: None, types: set[str]) -> None:
        assert types == {"integration"}

    @pytest.mark.django_db
    def test_is_integration_with_the_mark_of_one(self, types: set[str]) -> None:
        assert types == {"integration"}

    def test_is_e2e_with_a_server(self, service: None, types: set[str]) -> None:
        assert types == {"e2e"}

    def test_is_acceptance_among_the_journeys(
        self, service: None, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(marks, "JOURNEYS", Path(__file__).parent)
        assert marks.type_of(request.node) == "acceptance"


class TestPostgresql:
    @pytest.mark.postgresql
    def test_is_there_for_those_that_need_it(self) -> None:
        assert os.environ["DB_HOST"]
        assert os.environ["REDIS_URL"]
