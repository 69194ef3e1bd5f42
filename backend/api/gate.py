"""What is decided after routing and before anybody asks who is calling."""

from collections.abc import Callable
from typing import Concatenate

from django.http import HttpRequest, HttpResponseBase

from backend.core import errors
from backend.core.errors import DomainError
from backend.core.json_body import refuse_by_headers

type Run[**P] = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def refuse_bodies[**P](run: Run[P]) -> Run[P]:
    """Refuse bodies that will not be read, before the caller's token costs a query."""

    def gated(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            refuse_by_headers(request)
        except DomainError as error:
            return errors.envelope(error)
        return run(request, *args, **kwargs)

    return gated
