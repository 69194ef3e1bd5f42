"""The OpenAPI document and the two pages that show it, all served from here, offline."""

from collections.abc import Callable
from functools import cache

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET
from ninja import NinjaAPI

type View = Callable[[HttpRequest], HttpResponse]


def urls(api: NinjaAPI) -> tuple[list[URLPattern], str, str]:
    """The addresses of a version's documents, each in a namespace named after it."""
    patterns = [
        path("schema/", require_GET(_schema(api)), name="schema"),
        path("docs/", require_GET(_page(api, "swagger")), name="swagger"),
        path("redoc/", require_GET(_page(api, "redoc")), name="redoc"),
    ]
    return patterns, "documents", f"{api.urls_namespace}-documents"


@cache
def document(api: NinjaAPI) -> bytes:
    """The OpenAPI 3.1 document; it does not change while the process lives."""
    return orjson.dumps(api.get_openapi_schema())


def _schema(api: NinjaAPI) -> View:
    def schema(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (a view's form)
        return HttpResponse(document(api), content_type="application/json; charset=utf-8")

    return schema


def _page(api: NinjaAPI, name: str) -> View:
    """Swagger UI: read, and try. ReDoc: read."""

    def page(request: HttpRequest) -> HttpResponse:
        return render(request, f"api/{name}.html", {"title": api.title})

    return page
