"""What operations answer on its way to bytes: by Pydantic and orjson, and nothing between them."""

from typing import Any

import orjson
from django.http import HttpRequest
from ninja.constants import NOT_SET
from ninja.operation import Operation
from ninja.renderers import BaseRenderer
from pydantic import BaseModel, ConfigDict, create_model

from backend.api.deprecation import Run


class JSONRenderer(BaseRenderer):
    """Answers as UTF-8 JSON, times in UTC with ``Z``."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:  # noqa: ARG002  (Ninja's form)
        """Serialise an answer."""
        return orjson.dumps(data, option=orjson.OPT_UTC_Z)


def by_pydantic[**P](run: Run[P]) -> Run[P]:
    """Validate the answers of an operation by Pydantic alone; a decorator for ``add_decorator``.

    Ninja's models look at each attribute in Python, for resolvers that nothing here has.
    """
    operation: Operation = getattr(run, "__self__")  # noqa: B009  (``run`` is its bound method)
    operation.response_models = {
        status: _plain(model) for status, model in operation.response_models.items()
    }
    return run


def _plain(model: Any) -> Any:
    if model is None or model is NOT_SET:
        return model
    answer = model.model_fields["response"].annotation
    config = ConfigDict(from_attributes=True)
    made: type[BaseModel] = create_model(model.__name__, __config__=config, response=(answer, ...))
    return made
