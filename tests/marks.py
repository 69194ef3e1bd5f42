"""A pytest plugin: what a test touches is its type, so that nobody can say it wrong."""

import os
from pathlib import Path

import pytest

JOURNEYS = Path(__file__).parent / "journeys"
DATABASE_FIXTURES = {"db", "transactional_db", "django_db_setup", "live_server"}


@pytest.hookimpl(tryfirst=True)  # before pytest's own, which selects by mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its type; skip what needs PostgreSQL when there is none."""
    embedded = not os.environ.get("DB_HOST")
    for item in items:
        item.add_marker(type_of(item))
        if embedded and item.get_closest_marker("postgresql"):
            item.add_marker(pytest.mark.skip(reason="needs PostgreSQL and Redis"))


def type_of(item: pytest.Item) -> str:
    """What the test touches, the widest first."""
    fixtures = {*getattr(item, "fixturenames", ())}
    if item.path.is_relative_to(JOURNEYS):
        return "acceptance"
    if "service" in fixtures:
        return "e2e"
    if fixtures & DATABASE_FIXTURES or item.get_closest_marker("django_db"):
        return "integration"
    return "unit"
