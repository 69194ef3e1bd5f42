from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.migrations.executor import MigrationExecutor
from pytest_django import DjangoAssertNumQueries

from backend.core import migrations
from backend.health import probes
from backend.health.probes import Check
from backend.testing.client import ApiClient
from tests.service import Service
from tests.waiting import until

type Found = Callable[..., None]

UP, DOWN, DEGRADED = Check("up", 1.25), Check("down"), Check("degraded", 80.0)
POLITE = {"status", "version", "timestamp", "checks"}


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Found:
    """Decide what the probes find; all is up unless said otherwise."""

    def decide(*, migrated: bool | Exception = True, **checks: Check) -> None:
        for name, probe in probes.EVERY.items():
            check = checks.get(name, UP)
            monkeypatch.setattr(probe, "begin", lambda check=check: check)

        def migrations_are_applied() -> bool:
            if isinstance(migrated, Exception):
                raise migrated
            return migrated

        monkeypatch.setattr(probes, "migrations_are_applied", migrations_are_applied)

    decide()
    return decide


class TestHealth:
    def test_is_the_contracts_document(self, client: ApiClient, found: Found) -> None:
        answer = client.get("health/")
        assert answer.status == 200
        document = answer.json
        timestamp = document.pop("timestamp")
        assert document == {
            "status": "healthy",
            "version": settings.VERSION,
            "checks": {
                name: {"status": "up", "latency_ms": 1.25}
                for name in ("database", "cache", "tasks")
            },
        }
        assert timestamp.endswith("Z")
        age = datetime.now(UTC) - datetime.fromisoformat(timestamp)
        assert timedelta(0) <= age < timedelta(minutes=1)

    @pytest.mark.parametrize(
        ("checks", "expected"),
        [
            ({}, (200, "healthy")),
            ({"cache": DOWN}, (200, "degraded")),
            ({"tasks": DOWN}, (200, "degraded")),
            ({"tasks": DEGRADED}, (200, "degraded")),
            ({"cache": DOWN, "tasks": DOWN}, (200, "degraded")),
            ({"database": DOWN}, (503, "unhealthy")),
            ({"database": DOWN, "cache": DOWN, "tasks": DOWN}, (503, "unhealthy")),
        ],
    )
    @pytest.mark.parametrize("path", ["health/", "health/ready/"])
    def test_is_the_sum_of_its_checks(
        self,
        client: ApiClient,
        found: Found,
        path: str,
        checks: dict[str, Check],
        expected: tuple[int, str],
    ) -> None:
        found(**checks)
        answer = client.get(path)
        assert (answer.status, answer.json["status"]) == expected
        assert answer.json.keys() == POLITE
        for name, check in checks.items():
            assert answer.json["checks"][name] == {
                "status": check.status,
                "latency_ms": check.latency_ms,
            }

    def test_does_not_care_for_migrations(self, client: ApiClient, found: Found) -> None:
        found(migrated=False)
        assert client.get("health/").json["status"] == "healthy"

    def test_of_a_running_service_with_a_worker_is_healthy(self, service: Service) -> None:
        client = service.client()

        def is_healthy(path: str) -> bool:
            answer = client.get(path)
            parts = {check["status"] for check in answer.json["checks"].values()}
            return (answer.status, answer.json["status"], parts) == (200, "healthy", {"up"})

        with service.beside("worker"):  # a canary or two takes it a moment
            until(lambda: is_healthy("health/"))
            until(lambda: is_healthy("health/ready/"))

    def test_asks_every_part_at_the_same_time(
        self, client: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        together = Barrier(len(probes.EVERY), timeout=5)
        monkeypatch.setattr(probes, "LIMIT_SECONDS", 30.0)

        def ask() -> str:
            together.wait()
            return "up"

        for probe in probes.EVERY.values():
            monkeypatch.setattr(probe, "_ask", ask)
        assert client.get("health/").json["status"] == "healthy"

    def test_names_nobody_and_nothing(self, client: ApiClient, found: Found) -> None:
        found(database=DOWN, cache=DOWN, tasks=DOWN)
        database = settings.DATABASES["default"]
        names = [str(database[key]) for key in ("NAME", "USER", "HOST") if database.get(key)]
        body = client.get("health/").body.decode()
        assert names
        assert not any(name in body for name in [*names, "redis", "127.0.0.1", str(Path.cwd())])


class TestReady:
    def test_is_503_while_migrations_are_pending(self, client: ApiClient, found: Found) -> None:
        found(migrated=False)
        answer = client.get("health/ready/")
        assert (answer.status, answer.json["status"]) == (503, "unhealthy")
        assert answer.json["checks"]["database"]["status"] == "up"

    def test_is_503_when_they_cannot_be_asked_for(self, client: ApiClient, found: Found) -> None:
        found(migrated=OperationalError("hunter2"))
        answer = client.get("health/ready/")
        assert (answer.status, answer.json["status"]) == (503, "unhealthy")
        assert b"hunter2" not in answer.body


class TestLive:
    def test_is_200_whatever_is_away(self, client: ApiClient, found: Found) -> None:
        found(database=DOWN, cache=DOWN, tasks=DOWN, migrated=False)
        answer = client.get("health/live/")
        assert (answer.status, answer.json) == (200, {"status": "healthy"})

    def test_touches_nothing(
        self,
        client: ApiClient,
        db: None,
        django_assert_num_queries: DjangoAssertNumQueries,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        asked: list[str] = []
        for name, probe in probes.EVERY.items():
            monkeypatch.setattr(probe, "begin", lambda name=name: asked.append(name))
        with django_assert_num_queries(0):
            assert client.get("health/live/").status == 200
        assert asked == []


class TestEveryDocument:
    @pytest.mark.parametrize("path", ["health/", "health/live/", "health/ready/"])
    def test_is_public(self, client: ApiClient, found: Found, path: str) -> None:
        for token in (None, "", "bad"):
            assert client.get(path, token=token).status == 200


@pytest.mark.django_db
class TestMigrations:
    @pytest.fixture(autouse=True)
    def _nobody_knows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(probes, "_migrated", type(probes._migrated)())

    def test_are_applied(self) -> None:
        assert migrations.pending() == []
        assert probes.migrations_are_applied()

    def test_are_named_while_pending(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def plan(executor: MigrationExecutor, targets: Any) -> Any:
            graph = executor.loader.graph
            return [(graph.nodes[graph.leaf_nodes("users")[0]], False)]

        monkeypatch.setattr(MigrationExecutor, "migration_plan", plan)
        (name,) = migrations.pending()
        assert name.startswith("users.0")
        assert not probes.migrations_are_applied()

    def test_are_not_asked_for_again_once_applied(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        assert probes.migrations_are_applied()
        with django_assert_num_queries(0):
            assert probes.migrations_are_applied()
