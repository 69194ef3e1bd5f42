"""The health documents on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from backend.core.schemas import Output


class CheckOut(Output):
    """How one part is."""

    status: Literal["up", "degraded", "down"]
    latency_ms: Annotated[float | None, Field(description="Null when nothing was measured.")]


class ChecksOut(Output):
    """How every part is."""

    database: CheckOut
    cache: CheckOut
    tasks: CheckOut


class HealthOut(Output):
    """How the whole is."""

    status: Literal["healthy", "degraded", "unhealthy"]
    version: str
    timestamp: datetime
    checks: ChecksOut


class LiveOut(Output):
    """The process answers."""

    status: Literal["healthy"]
