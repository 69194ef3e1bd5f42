"""What is decided after routing and before anybody asks the database who is calling.

Bodies are judged by their headers, callers by their rate; a permission that an operation declares
becomes part of its bearer check. A caller is the user of a token that is signed and fresh, or else
an address: both are known without a query. A request with an ``Idempotency-Key`` is answered once.
"""

import re
from functools import partial

from django.http import HttpRequest, HttpResponseBase
from ninja.operation import Operation

from backend.api import deprecation, repeats
from backend.api.deprecation import Run
from backend.authentication.bearer import BearerAuth, bearer
from backend.core import errors, etags
from backend.core.errors import DomainError, PermissionDenied
from backend.core.http.client import Client
from backend.core.http.json_body import refuse_by_headers
from backend.core.limits import throttling
from backend.core.openapi import ETAG, PERMISSION, RATE_LIMIT
from backend.idempotency.keys import has_key

ACCOUNTS = re.compile(r"/api/v\d+/auth/")  # of any version


def guard[**P](run: Run[P]) -> Run[P]:
    """Put the gate before an operation; a decorator for ``NinjaAPI.add_decorator(…, "view")``."""
    operation: Operation = getattr(run, "__self__")  # noqa: B009  (``run`` is its bound method)
    declared = operation.openapi_extra or {}
    limit: str | None = declared.get(RATE_LIMIT, "default")
    if permission := declared.get(PERMISSION):
        required = permission["otherwise"] == PermissionDenied.status
        operation.auth_callbacks = [BearerAuth(permission["name"], required=required)]
    keeps_answers = repeats.are_answered_by(operation)
    is_versioned = ETAG in declared

    def gated(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        with throttling.observed() as spent:
            try:
                refuse_by_headers(request)
                _count(request, limit)
            except DomainError as error:
                return errors.envelope(error)
            if keeps_answers and has_key(request):
                act = partial(run, request, *args, **kwargs)
                response = repeats.answered_once(operation, request, caller_of(request), act)
            else:
                response = run(request, *args, **kwargs)
            if is_versioned:
                response = etags.fresh(request, response)
            for name, value in throttling.headers(spent).items():
                response.setdefault(name, value)
            return response

    return deprecation.announced(operation, gated)


def _count(request: HttpRequest, limit: str | None) -> None:
    if limit is None:
        return
    caller = caller_of(request) if limit == "default" else _address(request)
    protects_accounts = ACCOUNTS.match(request.path_info) is not None
    throttling.hit(limit, *caller, protects_accounts=protects_accounts)


def caller_of(request: HttpRequest) -> tuple[str, str]:
    """``user`` and their id, or ``address`` and which."""
    user = bearer.claimed_user(request)
    return ("user", str(user)) if user else _address(request)


def _address(request: HttpRequest) -> tuple[str, str]:
    return "address", Client.of(request).ip_address or ""
