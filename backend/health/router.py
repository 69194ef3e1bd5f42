"""Probes for people, load balancers and orchestrators. They are public and name nothing."""

from django.http import HttpRequest
from ninja import Router
from ninja.responses import Status

from backend.core.openapi import limited
from backend.health import services
from backend.health.schemas import HealthOut, LiveOut
from backend.health.services import Health

router = Router(tags=["health"], auth=None)


@router.get("", response={200: HealthOut, 503: HealthOut})
@limited(None)
def read(request: HttpRequest) -> Status[Health]:  # noqa: ARG001  (Ninja's form)
    """How every part of the service is; 503 when the database is away."""
    found = services.health()
    return Status(found.http_status, found)


@router.get("live/", response=LiveOut)
@limited(None)
def live(request: HttpRequest) -> dict[str, str]:  # noqa: ARG001  (Ninja's form)
    """The process answers. Nothing else is touched."""
    return {"status": "healthy"}


@router.get("ready/", response={200: HealthOut, 503: HealthOut})
@limited(None)
def ready(request: HttpRequest) -> Status[Health]:  # noqa: ARG001  (Ninja's form)
    """Whether to send requests here: database there, migrations applied, not about to stop."""
    found = services.readiness()
    return Status(found.http_status, found)
