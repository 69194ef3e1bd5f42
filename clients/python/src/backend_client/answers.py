"""From an answer to a model, or to the error that it is."""

from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar, cast

import httpx
from pydantic import TypeAdapter, ValidationError

from . import errors
from .base_model import Versioned
from .failures import ApiError, UnexpectedAnswer
from .operation import Arguments, Operation

T = TypeVar("T")


def read(operation: Operation[T], arguments: Arguments, response: httpx.Response) -> T:
    """The model.

    Raises:
        ApiError: the service refuses.
        UnexpectedAnswer: the document knows no such answer.
    """
    if response.status_code == HTTPStatus.NOT_MODIFIED and arguments.if_none_match is not None:
        return cast("T", arguments.if_none_match)
    if response.is_error and response.status_code not in operation.statuses:
        raise refusal(operation.id, response)
    if not response.is_success and not response.is_error:
        raise _unexpected(operation, response)
    return cast("T", _parsed(operation, response))


def refusal(operation: str, response: httpx.Response) -> ApiError:
    """The error that an answer is; one that is not the service's own has no code."""
    envelope = _envelope(response)
    code = str(envelope.get("code") or "")
    fields = envelope.get("errors")
    return errors.error_class(code, response.status_code)(
        str(envelope.get("message") or response.reason_phrase),
        status=response.status_code,
        code=code,
        errors=fields if isinstance(fields, dict) else None,
        request_id=response.headers.get("X-Request-ID", ""),
        headers=dict(response.headers),
        operation=operation,
    )


def code_of(response: httpx.Response) -> str:
    """The code of a refusal; ``""`` of anything else."""
    return str(_envelope(response).get("code") or "") if response.is_error else ""


def _parsed(operation: Operation[object], response: httpx.Response) -> Any:
    if operation.answer is None:
        return None
    try:
        value = _adapter(operation.answer).validate_json(response.content)
    except ValidationError as error:
        if response.is_error:
            raise refusal(operation.id, response) from None
        raise _unexpected(operation, response) from error
    return value.with_etag(response.headers.get("ETag")) if isinstance(value, Versioned) else value


def _envelope(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _unexpected(operation: Operation[object], response: httpx.Response) -> UnexpectedAnswer:
    kind = response.headers.get("Content-Type", "nothing")
    request_id = response.headers.get("X-Request-ID", "")
    return UnexpectedAnswer(
        f"{operation.id}: {response.status_code} with {kind}"
        f"{f' [request {request_id}]' if request_id else ''}"
    )


@cache
def _adapter(answer: Any) -> TypeAdapter[Any]:
    return TypeAdapter(answer)
