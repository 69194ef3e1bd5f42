"""The shape of security events on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AliasPath, Field

from backend.audit.models import Event
from backend.core.schemas import Output


class SecurityEventOut(Output):
    """Something that happened to an account."""

    id: UUID
    type: Event
    created_at: datetime
    ip_address: Annotated[
        str | None,
        Field(
            validation_alias=AliasPath("origin", "ip_address"),
            description="Where it came from; null where somebody else did it, or nobody knows.",
        ),
    ]
    user_agent: Annotated[str, Field(validation_alias=AliasPath("origin", "user_agent"))]
    session_id: Annotated[UUID | None, Field(description="The session it happened in or to.")]
    request_id: Annotated[str, Field(description="The `X-Request-ID` of what caused it.")]
