"""``just profile PATH``: where a request spends its time."""

import cProfile
import pstats
import time
from argparse import ArgumentParser
from io import StringIO
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.test import Client as DjangoClient
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.authentication import sessions
from backend.core.http.client import Client
from backend.core.telemetry import log
from backend.users.models import User


class Command(BaseCommand):
    """Sends a request in process, warmed up, and prints its SQL and its slowest functions."""

    help = "Profile a request. It is really made: a POST changes what a POST changes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", help="for example /api/v1/users/me/")
        parser.add_argument("--as", dest="email", metavar="EMAIL", help="log this user in first")
        parser.add_argument("--method", default="GET")
        parser.add_argument("--body", default="", metavar="JSON")
        parser.add_argument("--times", type=int, default=20, help="how often (default: 20)")
        parser.add_argument("--top", type=int, default=15, help="functions to show (default: 15)")

    def handle(
        self,
        *_: Any,
        path: str,
        email: str | None,
        method: str,
        body: str,
        times: int,
        top: int,
        **__: Any,
    ) -> None:
        if not settings.DEBUG:
            raise CommandError("Profiling is for development: only with DEBUG=true.")
        log.configure({**settings.LOGGING, "level": "WARNING"})  # a line costs time, too
        headers = {"Authorization": f"Bearer {_token(email)}"} if email else {}
        client = DjangoClient(headers=headers, raise_request_exception=False)

        def send() -> int:
            host = {"SERVER_NAME": "localhost"}
            return client.generic(method, path, body, "application/json", **host).status_code  # type: ignore[arg-type]  # extra keywords are the WSGI environment

        status = send()
        with CaptureQueriesContext(connection) as captured:
            send()
        queries = captured.captured_queries  # now: the next request clears the log behind it
        started = time.perf_counter()
        profile = cProfile.Profile()
        for _number in range(times):
            profile.runcall(send)
        milliseconds = (time.perf_counter() - started) * 1000 / times
        self.stdout.write(f"{method} {path} answers {status}; {milliseconds:.2f} ms, profiled")
        for query in queries:
            self.stdout.write(f"  SQL {query['time']} s  {query['sql'][:150]}")
        report = StringIO()
        pstats.Stats(profile, stream=report).sort_stats("cumulative").print_stats(top)
        self.stdout.write(report.getvalue())


def _token(email: str) -> str:
    user = User.objects.filter(email=email).first()
    if user is None:
        raise CommandError(f"There is no user {email}; see `just seed`.")
    client = Client(ip_address="127.0.0.1", user_agent="just profile")
    return sessions.open_session(user, client=client, now=timezone.now()).access
