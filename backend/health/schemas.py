"""The health documents on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from backend.core import examples
from backend.core.schemas import Output, example

# Named, so that generated code has names for them.
type CheckStatus = Annotated[
    Literal["up", "degraded", "down"], Field(description="How one part is, in a word.")
]
type HealthStatus = Annotated[
    Literal["healthy", "degraded", "unhealthy"], Field(description="How the whole is, in a word.")
]

_UP = {"status": "up", "latency_ms": 1.46}


class CheckOut(Output):
    """How one part is."""

    status: CheckStatus
    latency_ms: Annotated[float | None, Field(description="Null when nothing was measured.")]


class ChecksOut(Output):
    """How every part is."""

    database: CheckOut
    cache: CheckOut
    tasks: CheckOut


class HealthOut(Output):
    """How the whole is."""

    model_config = example(
        status="healthy",
        version="0.1.0",
        timestamp=examples.NOW,
        checks=dict.fromkeys(("database", "cache", "tasks"), _UP),
    )

    status: HealthStatus
    version: str
    timestamp: datetime
    checks: ChecksOut


class LiveOut(Output):
    """The process answers."""

    model_config = example(status="healthy")

    status: Literal["healthy"]
