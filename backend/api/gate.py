"""What is decided after routing and before anybody asks the database who is calling.

Bodies are judged by their headers, callers by their rate; a permission that an operation declares
becomes part of its bearer check. A caller is the user of a token that is signed and fresh, or else
an address: both are known without a query.
"""

from collections.abc import Callable
from typing import Concatenate

from django.http import HttpRequest, HttpResponseBase
from ninja.operation import Operation

from backend.authentication.bearer import BearerAuth, bearer
from backend.core import errors, throttling
from backend.core.client import Client
from backend.core.errors import DomainError, PermissionDenied
from backend.core.json_body import refuse_by_headers
from backend.core.openapi import PERMISSION, RATE_LIMIT

type Run[**P] = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

ACCOUNTS = "/api/v1/auth/"


def guard[**P](run: Run[P]) -> Run[P]:
    """Put the gate before an operation; a decorator for ``NinjaAPI.add_decorator(…, "view")``."""
    operation: Operation = getattr(run, "__self__")  # noqa: B009  (``run`` is its bound method)
    declared = operation.openapi_extra or {}
    limit: str | None = declared.get(RATE_LIMIT, "default")
    if permission := declared.get(PERMISSION):
        required = permission["otherwise"] == PermissionDenied.status
        operation.auth_callbacks = [BearerAuth(permission["name"], required=required)]

    def gated(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        with throttling.observed() as spent:
            try:
                refuse_by_headers(request)
                _count(request, limit)
            except DomainError as error:
                return errors.envelope(error)
            response = run(request, *args, **kwargs)
            for name, value in throttling.headers(spent).items():
                response.setdefault(name, value)
            return response

    return gated


def _count(request: HttpRequest, limit: str | None) -> None:
    if limit is None:
        return
    user = bearer.claimed_user(request) if limit == "default" else None
    caller = ("user", str(user)) if user else ("address", Client.of(request).ip_address or "")
    protects_accounts = request.path_info.startswith(ACCOUNTS)
    throttling.hit(limit, *caller, protects_accounts=protects_accounts)
