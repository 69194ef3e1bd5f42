"""The health of the whole, put together from its probes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from django.conf import settings
from django.db import Error as DatabaseError

from backend.core.server import draining
from backend.health import probes
from backend.health.probes import Check


@dataclass(frozen=True, slots=True)
class Health:
    """The health document."""

    status: Literal["healthy", "degraded", "unhealthy"]
    version: str
    timestamp: datetime
    checks: dict[str, Check]

    @property
    def http_status(self) -> int:
        """503 when the service cannot work, 200 when it can, however well."""
        return 503 if self.status == "unhealthy" else 200


def health() -> Health:
    """Look at every part. Without its database the service is unhealthy, else at worst degraded."""
    for probe in probes.EVERY.values():
        probe.begin()  # they answer at the same time
    checks = {name: probe.check() for name, probe in probes.EVERY.items()}
    if checks["database"].status == "down":
        return _document("unhealthy", checks)
    every_part_is_up = all(check.status == "up" for check in checks.values())
    return _document("healthy" if every_part_is_up else "degraded", checks)


def readiness() -> Health:
    """The same, and unhealthy as well while migrations are pending or the service drains."""
    found = health()
    if draining.is_under_way():
        return _document("unhealthy", found.checks)
    if found.status == "unhealthy":
        return found
    try:
        ready = probes.migrations_are_applied()
    except DatabaseError:
        ready = False
    return found if ready else _document("unhealthy", found.checks)


def _document(
    status: Literal["healthy", "degraded", "unhealthy"], checks: dict[str, Check]
) -> Health:
    return Health(status, settings.VERSION, datetime.now(UTC), checks)
