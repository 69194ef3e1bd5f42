"""Errors of ours, told to Sentry where ``SENTRY_DSN`` names one: every traceback, nobody's data.

What the log calls an error and has a traceback is reported, and so is a task that was given up. An
outage is neither: metrics tell of it. No integration of the library looks at requests, so an event
holds code and the words of exceptions; those go through the log's redactor.
"""

import re
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

import sentry_sdk
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.transport import Transport

from backend.core.context import request_id
from backend.core.http import middleware
from backend.core.telemetry import log
from backend.core.telemetry.redaction import Redactor

if TYPE_CHECKING:
    from loguru import Message
    from sentry_sdk.types import Breadcrumb, Event, Hint

type GetResponse = Callable[[HttpRequest], HttpResponseBase]

PARKED = "task parked"
_ADDRESS = re.compile(r"[^\s<>()'\"=]+@[^\s<>()'\"]+")

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


class RequestMiddleware:
    """Remembers which request is under way: who was asked for is known only later."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        token = _request.set(request)
        try:
            return self.get_response(request)
        finally:
            _request.reset(token)


class _Anonymiser(Redactor):
    def text(self, text: str) -> str:
        return _ADDRESS.sub("[address]", super().text(text))


def start(transport: Transport | None = None) -> None:
    """Report from now on; what is configured decides where to."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=settings.VERSION,
        environment=settings.SENTRY_ENVIRONMENT,
        # Personal data (``send_default_pii``) is off unless asked for; to say so is deprecated.
        include_local_variables=False,
        max_request_body_size="never",
        default_integrations=False,  # of logs, arguments and requests we say ourselves what leaves
        auto_enabling_integrations=False,
        integrations=[
            AtexitIntegration(callback=lambda *_: None),  # sends what is left, and says nothing
            DedupeIntegration(),
            ExcepthookIntegration(),
        ],
        before_send=_clean,
        before_breadcrumb=_clean_breadcrumb,
        transport=transport,
    )
    log.also_errors(report)


def report(message: "Message") -> None:
    """Report a line of the log, if it tells of a bug or of a task that was given up."""
    line = message.record
    is_parked = line["message"] == PARKED
    error = line["exception"].value if line["exception"] else None
    if error is None and is_parked:
        error = sys.exc_info()[1]  # the log has its words alone
    fields = {name: line["extra"].get(name) for name in ("task", "task_id", "reason")}
    if error is not None:
        sentry_sdk.capture_exception(error, extras=fields if is_parked else {})
    elif is_parked:
        sentry_sdk.capture_message(f"{PARKED}: {fields['task']}", level="error", extras=fields)


def _clean(event: "Event", _: "Hint") -> "Event":
    """What may leave: code, redacted words, the request's and the user's ids."""
    request = _request.get()
    event.pop("request", None)
    cleaned = cast("dict[str, Any]", _anonymiser().value("", event))
    user_id = middleware.user_id_of(request) if request else None
    cleaned["user"] = {"id": user_id} if user_id else {}
    cleaned["tags"] = {"request_id": request_id.get()} if request_id.get() else {}
    if request:
        cleaned["transaction"] = middleware.route_of(request)
    return cast("Event", cleaned)


def _clean_breadcrumb(breadcrumb: "Breadcrumb", _: "Hint") -> "Breadcrumb":
    return cast("Breadcrumb", _anonymiser().value("", breadcrumb))


def _anonymiser() -> Redactor:
    return _Anonymiser(settings.LOGGING["secrets"])
