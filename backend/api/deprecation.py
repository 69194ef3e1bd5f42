"""What an operation that is on its way out tells its callers, and what is told of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Concatenate
from urllib.parse import quote

from django.http import HttpRequest, HttpResponseBase
from django.utils.http import http_date
from ninja.operation import Operation

from backend.core.http.client import Client
from backend.core.http.middleware import user_id_of
from backend.core.openapi import DEPRECATION
from backend.core.telemetry.log import logger

type Run[**P] = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def announced[**P](operation: Operation, run: Run[P]) -> Run[P]:
    """Say goodbye in every answer of a deprecated operation; leave any other as it is."""
    declared: dict[str, Any] | None = (operation.openapi_extra or {}).get(DEPRECATION)
    if declared is None:
        return run
    name = operation.operation_id or operation.api.get_openapi_operation_id(operation)

    def announcing(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        response = run(request, *args, **kwargs)
        for header, value in _headers(declared, kwargs).items():
            response[header] = value
        _note(name, request)
        return response

    return announcing


def _headers(declared: dict[str, Any], parameters: dict[str, Any]) -> dict[str, str]:
    """RFC 9745, RFC 8594 and RFC 5829; the successor has the parameters of the path."""
    headers = {
        "Deprecation": f"@{_midnight(declared['since'])}",
        "Sunset": http_date(_midnight(declared["sunset"])),
    }
    if replacement := declared["replacement"]:
        quoted = {name: quote(str(value), safe="") for name, value in parameters.items()}
        headers["Link"] = f'<{replacement.format(**quoted)}>; rel="successor-version"'
    return headers


def _midnight(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def _note(name: str, request: HttpRequest) -> None:
    """Whoever still calls it has to be found before it goes."""
    client = Client.of(request)
    logger.bind(
        operation=name,
        user_id=user_id_of(request),
        client=client.ip_address,
        user_agent=client.user_agent,
    ).warning("deprecated operation called")
