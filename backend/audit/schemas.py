"""The shape of security events on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AliasPath, Field

from backend.audit.models import Event
from backend.core import examples
from backend.core.schemas import IpAddress, Output, UserAgent, example

type SecurityEventType = Event  # named, so that generated code does not call it Event


class SecurityEventOut(Output):
    """Something that happened to an account."""

    model_config = example(
        id=examples.EVENT_ID,
        type=Event.LOGIN_SUCCEEDED,
        created_at=examples.LOGGED_IN,
        ip_address=examples.IP_ADDRESS,
        user_agent=examples.USER_AGENT,
        session_id=examples.SESSION_ID,
        request_id=examples.REQUEST_ID,
    )

    id: UUID
    type: SecurityEventType
    created_at: datetime
    ip_address: Annotated[
        IpAddress | None,
        Field(
            validation_alias=AliasPath("origin", "ip_address"),
            description="Where it came from; null where somebody else did it, or nobody knows.",
        ),
    ]
    user_agent: Annotated[UserAgent, Field(validation_alias=AliasPath("origin", "user_agent"))]
    session_id: Annotated[UUID | None, Field(description="The session it happened in or to.")]
    request_id: Annotated[
        str,
        Field(
            description="The `X-Request-ID` of what caused it; empty where no request did.",
            json_schema_extra={"maxLength": 128},
        ),
    ]
