"""What may go wrong, apart from the service's own codes, which are in ``errors``."""

from collections.abc import Mapping
from functools import partial
from typing import Any


class ClientError(Exception):
    """Everything that this client raises about a call."""


class ConnectionFailed(ClientError):
    """No answer came. ``__cause__`` is what httpx says; the call may have been carried out."""


class UnexpectedAnswer(ClientError):
    """An answer that the document does not know, from something that is not this service."""


class ApiError(ClientError):
    """The service refuses. There is a subclass for every code; newer codes are plain ``ApiError``.

    Attributes:
        status: The HTTP status.
        code: What is the case, for programs; ``""`` if it was not the service that answered.
        message: What is the case, for people.
        errors: Messages by field name, dotted for nested ones; often empty.
        request_id: The ``X-Request-ID``, which the service's log lines carry too.
        headers: The answer's headers; names are in lower case.
        operation: The operation that was called.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str,
        errors: Mapping[str, list[str]] | None = None,
        request_id: str = "",
        headers: Mapping[str, str] | None = None,
        operation: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.errors = dict(errors or {})
        self.request_id = request_id
        self.headers = dict(headers or {})
        self.operation = operation

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait before another try, if the service says so."""
        return seconds(self.headers.get("retry-after"))

    def __str__(self) -> str:
        fields = "; ".join(f"{name}: {' '.join(said)}" for name, said in self.errors.items())
        return (
            f"{self.operation}: {self.status} {self.code}: {self.message}"
            f"{f' ({fields})' if fields else ''}"
            f"{f' [request {self.request_id}]' if self.request_id else ''}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by keyword: errors travel between processes."""
        return partial(type(self), **self.__dict__), ()


class LoginRequired(ApiError):
    """There is no session, or no longer. The kept tokens are of no use: log in again."""


def seconds(retry_after: str | None) -> float | None:
    """The seconds of a ``Retry-After``; None where there are none, or a date."""
    if retry_after is None or not retry_after.strip().isdecimal():
        return None
    return float(retry_after)
