"""The OpenAPI document and the two pages that show it, all served from here, offline."""

from functools import cache

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from backend.api.v1 import api

app_name = "documents"


@cache
def document() -> bytes:
    """The document; it does not change while the process lives."""
    return orjson.dumps(api.get_openapi_schema())


@require_GET
def schema(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  (a view's form)
    """The OpenAPI 3.1 document."""
    return HttpResponse(document(), content_type="application/json; charset=utf-8")


@require_GET
def swagger(request: HttpRequest) -> HttpResponse:
    """Swagger UI: read, and try."""
    return render(request, "api/swagger.html", {"title": api.title})


@require_GET
def redoc(request: HttpRequest) -> HttpResponse:
    """ReDoc: read."""
    return render(request, "api/redoc.html", {"title": api.title})


urlpatterns = [
    path("schema/", schema, name="schema"),
    path("docs/", swagger, name="swagger"),
    path("redoc/", redoc, name="redoc"),
]
