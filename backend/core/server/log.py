"""Where gunicorn's lines go."""

import logging
import re
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger as GunicornLogger

_QUOTATION = re.compile(r"^(Invalid request from ip=\S+: [^:'\"]*).*", re.DOTALL)


class Logger(GunicornLogger):  # type: ignore[misc]  # gunicorn has no types
    """Hands gunicorn's lines to the service's log; the service writes its own access lines."""

    def setup(self, cfg: Config) -> None:
        """Take gunicorn's handlers away; what is left propagates to the root logger."""
        super().setup(cfg)
        self.error_log.handlers = []
        self.error_log.propagate = True
        self.error_log.setLevel(logging.INFO)
        self.access_log.handlers = []

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Quote nothing of a malformed request: there a secret can stand anywhere."""
        super().warning(_QUOTATION.sub(r"\1", msg), *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Leave out a request's address, whose query may hold a token."""
        if msg.startswith("Error handling request"):
            msg, args = "Error handling request", ()
        super().exception(msg, *args, **kwargs)

    def access(self, *_: Any, **__: Any) -> None:
        """Say nothing: ``core.middleware`` writes the access line."""
