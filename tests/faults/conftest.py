"""The table of `./just faults`, the mark of what only runs there, servers to be treated badly."""

from collections.abc import Iterator

import pytest

from tests.faults import broken_postgresql, broken_redis
from tests.faults.broken_postgresql import PostgreSQL
from tests.faults.broken_redis import Redis
from tests.faults.crowd import Crowd
from tests.figures import held, pytest_collection_modifyitems, pytest_configure
from tests.service import Service

__all__ = ["held", "pytest_collection_modifyitems", "pytest_configure"]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgreSQL]:
    """One for the tests of a module; each leaves it well again."""
    with broken_postgresql.running() as started:
        yield started


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    """One for the tests of a module; each leaves it well again."""
    with broken_redis.running() as started:
        yield started


@pytest.fixture(scope="module")
def crowd(service: Service) -> Crowd:
    """Twenty people of the module's service."""
    return Crowd(service.url, 20)
