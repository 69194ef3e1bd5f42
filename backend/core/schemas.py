"""The bases of every shape that crosses the wire, and the types they share."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from backend.core.context import GIVEN_NAME
from backend.core.errors import ErrorCode
from backend.core.http.client import USER_AGENT_LENGTH


class Input(BaseModel):
    """A body: unknown fields are refused, nothing is coerced out of another type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Output(BaseModel):
    """An answer, read from attributes."""

    model_config = ConfigDict(from_attributes=True)


def example(**values: Any) -> ConfigDict:
    """What one of these looks like, for the document; a model's ``model_config``."""
    return ConfigDict(json_schema_extra={"examples": [values]})


def documented(**keywords: Any) -> Any:
    """Keywords of JSON Schema that describe what is answered, and check nothing."""
    return Field(json_schema_extra=keywords)


def omittable(**constraints: Any) -> Any:
    """A field that may be left out and, when given, is never null.

    Read it through ``model_dump(exclude_unset=True)``: a field left out is not there.
    """

    def without_default(schema: dict[str, Any]) -> None:
        schema.pop("default", None)

    return Field(default=None, json_schema_extra=without_default, **constraints)


NAME_LENGTH = 150

# Looser than the limits of docs/authentication.md, which hold after normalisation.
EmailInput = Annotated[str, Field(max_length=1000, json_schema_extra={"format": "email"})]
PasswordInput = Annotated[
    str, Field(min_length=1, max_length=4096, json_schema_extra={"format": "password"})
]
PersonName = Annotated[str, Field(max_length=NAME_LENGTH)]

# Of answers, which are not checked again.
RequestId = Annotated[str, documented(pattern=f"^{GIVEN_NAME}$")]
IpAddress = Annotated[str, documented(maxLength=45)]
UserAgent = Annotated[str, documented(maxLength=USER_AGENT_LENGTH)]
KnownName = Annotated[str, documented(maxLength=NAME_LENGTH)]


class ErrorOut(BaseModel):
    """The one body of every refusal. Branch on `code`; show `message` and `errors` to people."""

    error: Annotated[bool, Field(description="Always true.", json_schema_extra={"const": True})]
    status_code: Annotated[int, Field(description="The HTTP status again.", ge=400, le=599)]
    code: Annotated[ErrorCode, Field(description="What is the case, for programs.")]
    message: Annotated[str, Field(description="What is the case, for people.")]
    request_id: Annotated[RequestId, Field(description="The `X-Request-ID` of this answer.")]
    timestamp: Annotated[
        str, Field(description="When, in UTC.", json_schema_extra={"format": "date-time"})
    ]
    errors: Annotated[
        dict[str, list[str]],
        Field(description="Messages by field name, dotted for nested ones; often empty."),
    ]
