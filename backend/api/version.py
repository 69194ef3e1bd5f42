"""A version of the API: its operations behind one gate, its document, its two pages.

``create`` makes one of routers, ``mount`` gives it its addresses. docs/versions.md shows a second.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI, Router
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from backend.api import answers, documents, error_handlers, gate, openapi
from backend.authentication.bearer import bearer
from backend.core.http.json_body import StrictJSONParser


class Api(NinjaAPI):
    """Ninja, with operation ids that read well and a schema that tells everything."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """``users.me.update`` from the tag ``users`` and the function ``me_update``."""
        tag = (operation.tags or ["api"])[0]
        return f"{tag}.{operation.view_func.__name__.strip('_').replace('_', '.')}"

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The finished document."""
        return openapi.finish(super().get_openapi_schema(**options))


def create(name: str, routers: Mapping[str, Router]) -> Api:
    """Make a version of routers by prefix. It is called ``v`` and a number."""
    api = Api(
        title=f"{settings.PRODUCT_NAME} API",
        version=settings.VERSION,
        description=openapi.DESCRIPTION,
        auth=bearer,
        parser=StrictJSONParser(),
        renderer=answers.JSONRenderer(),
        openapi_url=None,  # backend.api.documents serves the document and its pages
        docs_url=None,
        openapi_extra=openapi.EXTRA,
        servers=openapi.SERVERS,
        urls_namespace=name,
    )
    error_handlers.register(api)
    api.add_decorator(answers.by_pydantic, mode="view")
    api.add_decorator(gate.guard, mode="view")  # around everything else
    for prefix, router in routers.items():
        api.add_router(prefix, router)
    return api


def mount(api: Api) -> list[URLPattern | URLResolver]:
    """The addresses of a version, and of its documents where they are wanted."""
    prefix = f"api/{api.urls_namespace}/"
    found: list[URLPattern | URLResolver] = [path(prefix, api.urls)]
    if settings.API_DOCS:
        found.append(path(prefix, documents.urls(api)))
    return found
