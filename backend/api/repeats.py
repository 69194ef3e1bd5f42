"""A request with an ``Idempotency-Key`` on its way to ``backend.idempotency``."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from ninja.operation import Operation

from backend.core.errors import Unauthenticated
from backend.core.http.json_body import refuse_by_type
from backend.core.openapi import idempotency_of
from backend.idempotency.answers import Attempt, once
from backend.idempotency.keys import key_of


def are_answered_by(operation: Operation) -> bool:
    """Whether an operation answers a repeated request as it answered the first."""
    return idempotency_of(operation.methods, operation.openapi_extra or {}) == "stored"


def answered_once(
    operation: Operation,
    request: HttpRequest,
    caller: tuple[str, str],
    act: Callable[[], HttpResponseBase],
) -> HttpResponseBase:
    """Answer a request with a key; whoever may not ask is refused before anything is kept."""
    try:
        _authenticate(operation, request)
        if request.body and _takes_a_body(operation):
            refuse_by_type(request)  # before the key is judged
        attempt = Attempt.of(key_of(request), caller=caller, request=_asked(request))
        return once(attempt, act)
    except Exception as error:  # noqa: BLE001  (Ninja's handlers know what to make of any)
        return operation.api.on_exception(request, error)


def _authenticate(operation: Operation, request: HttpRequest) -> None:
    """Do what Ninja is about to do; the bearer check remembers what it has found.

    Raises:
        Unauthenticated: nobody, or not who they have to be.
    """
    for callback in operation.auth_callbacks:
        if found := callback(request):
            request.auth = found  # type: ignore[attr-defined]  # where Ninja itself puts it
            return
    if operation.auth_callbacks:
        raise Unauthenticated


def _takes_a_body(operation: Operation) -> bool:
    return any(model.__ninja_param_source__ == "body" for model in operation.models)


def _asked(request: HttpRequest) -> tuple[bytes, ...]:
    return (request.method or "").encode(), request.get_full_path().encode(), request.body
