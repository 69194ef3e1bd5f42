"""Version 1 of the API: one router per app, private unless an operation says otherwise."""

from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.renderers import BaseRenderer

from backend.api import error_handlers, gate, openapi
from backend.authentication.bearer import bearer
from backend.authentication.router import router as auth_router
from backend.core.json_body import StrictJSONParser
from backend.health.router import router as health_router
from backend.users.router import router as users_router


class JSONRenderer(BaseRenderer):
    """Answers as UTF-8 JSON, times in UTC with ``Z``."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:  # noqa: ARG002  (Ninja's form)
        """Serialise an answer."""
        return orjson.dumps(data, option=orjson.OPT_UTC_Z)


class Api(NinjaAPI):
    """Ninja, with operation ids that read well and a schema that tells everything."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """``users.me.update`` from the tag ``users`` and the function ``me_update``."""
        tag = (operation.tags or ["api"])[0]
        return f"{tag}.{operation.view_func.__name__.strip('_').replace('_', '.')}"

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The finished document."""
        return openapi.finish(super().get_openapi_schema(**options))


api = Api(
    title=f"{settings.PRODUCT_NAME} API",
    version=settings.VERSION,
    description=openapi.DESCRIPTION,
    auth=bearer,
    parser=StrictJSONParser(),
    renderer=JSONRenderer(),
    openapi_url=None,  # backend.api.documents serves the document and its pages
    docs_url=None,
    openapi_extra=openapi.EXTRA,
    urls_namespace="v1",
)
error_handlers.register(api)
api.add_decorator(gate.guard, mode="view")
api.add_router("auth/", auth_router)
api.add_router("users/", users_router)
api.add_router("health/", health_router)
