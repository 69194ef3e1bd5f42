"""What gunicorn needs to know of the service: where its lines go, which bodies it must not read."""

import logging
from typing import Any

from django.conf import settings
from gunicorn.config import Config
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.http.message import Request


class Logger(GunicornLogger):  # type: ignore[misc]  # gunicorn has no types
    """Hands gunicorn's lines to the service's log; the service writes its own access lines."""

    def setup(self, cfg: Config) -> None:
        """Take gunicorn's handlers away; what is left propagates to the root logger."""
        super().setup(cfg)
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.error_log.setLevel(logging.INFO)
        self.access_log.handlers = []

    def access(self, *_: Any, **__: Any) -> None:
        """Say nothing: ``core.middleware`` writes the access line."""


def pre_request(_: object, request: Request) -> None:
    """Close the connection behind a body that the application will refuse unread.

    Otherwise gunicorn would read the rest of it in search of the next request.
    """
    headers = dict(request.headers)
    length = headers.get("CONTENT-LENGTH", "0")
    too_large = not length.isdigit() or int(length) > settings.MAX_BODY_BYTES
    if too_large or "TRANSFER-ENCODING" in headers:
        request.force_close()
        request._expected_100_continue = False  # noqa: SLF001  (do not invite the body first)
