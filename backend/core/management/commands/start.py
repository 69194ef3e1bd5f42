"""``just start``: the development server."""

import os
import socket
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from backend.core.management.preparation import prepare_database


class Command(BaseCommand):
    """Checks the database, offers to migrate, says where everything is, and serves with reload.

    It is the production server, not Django's: what works here works there.
    """

    help = "Start the development server."

    def handle(self, *_: Any, **__: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("This is the development server: it wants DEBUG=true.")
        host, port = str(settings.DEV_HOST), int(settings.DEV_PORT)
        _require_free(host, port)
        prepare_database(self)
        self._say_where(host, port)
        connections.close_all()
        sys.stdout.flush()
        os.execv(sys.executable, _gunicorn(host, port))  # noqa: S606  (our own interpreter)

    def _say_where(self, host: str, port: int) -> None:
        shown = f"[{host}]" if ":" in host else host
        base = f"http://{shown}:{port}"
        places = {
            "API docs": "/api/v1/docs/",
            "ReDoc": "/api/v1/redoc/",
            "Schema": "/api/v1/schema/",
            "Admin": "/admin/",
            "Health": "/api/v1/health/",
        }
        self.stdout.write("")
        for name, path in places.items():
            self.stdout.write(f"  {name:<9} {self.style.HTTP_INFO(base + path)}")
        self.stdout.write("\n  Ctrl+C stops the server; it reloads when code changes.\n\n")


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host}:{port} ({error.strerror}): set DEV_HOST or DEV_PORT."
            ) from None


def _gunicorn(host: str, port: int) -> list[str]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = ["--config", "project/gunicorn.py", "--bind", bind, "--workers", "1", "--reload"]
    return [sys.executable, "-m", "gunicorn", *options]
