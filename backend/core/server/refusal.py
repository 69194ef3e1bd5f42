"""The answer to what never became a request: the envelope, and not a word of the caller's."""

from http import HTTPStatus

from backend.core import errors
from backend.core.context import accept_request_id, request_id
from backend.core.errors import BadRequest, DomainError, LengthRequired, ServerError
from backend.core.telemetry.log import logger


class Malformed(BadRequest):
    """It is not HTTP/1.1."""

    message = "The request is malformed"


class TargetTooLong(BadRequest):
    """Its address is longer than any of ours."""

    status = 414
    message = "The address is too long"


class HeadTooLong(BadRequest):
    """Its headers are too many or too long."""

    status = 431
    message = "The headers are too long"


class NeverArrived(BadRequest):
    """The client has fallen silent, or takes for ever."""

    message = "The request did not arrive in time"


# By the status that gunicorn has for what its parser refuses.
_KINDS: dict[int, type[DomainError]] = {
    414: TargetTooLong,
    431: HeadTooLong,
    500: ServerError,
    501: LengthRequired,  # a transfer coding that nobody knows
}


def by_status(status: int) -> DomainError:
    """What gunicorn refuses with a status of its own."""
    return _KINDS.get(status, Malformed)()


def refuse(error: DomainError, *, client: object) -> bytes:
    """Note a refusal, and write it as bytes; the connection ends with it."""
    token = request_id.set(accept_request_id(None))
    try:
        logger.bind(status=error.status, client=client).info("request refused unread")
        response = errors.envelope(error)
        headers = {
            **response.headers,
            "X-Request-ID": request_id.get(),
            "X-Content-Type-Options": "nosniff",
            "Connection": "close",
        }
    finally:
        request_id.reset(token)
    head = [f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}"]
    head += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + response.content


class Judged:
    """Stands for a socket, and keeps of gunicorn's error page its status alone."""

    status = 400

    def gettimeout(self) -> float:
        """No change of mode is needed."""
        return 0.0

    def sendall(self, page: bytes) -> None:
        """Read the status line."""
        self.status = int(page.split(maxsplit=2)[1])
