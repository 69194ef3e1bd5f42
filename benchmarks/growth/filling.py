"""A service with many users, their sessions and their history; the caller has pages of both."""

import subprocess
import sys
from collections.abc import Mapping

from benchmarks import databases
from benchmarks.processes import Running
from benchmarks.servers import ROOT

# One user in ten is logged in, everybody has been; the caller, whose id is the last, often.
_SESSIONS = """
    INSERT INTO authentication_session (id, user_id, epoch, refresh_jti, rotation_key, signing_kid,
                                        created_at, last_used_at, refresh_expires_at, expires_at,
                                        user_agent)
    SELECT gen_random_uuid(), id, 0, gen_random_uuid(), '', 'bench',
           now(), now(), now() + interval '7 days', now() + interval '30 days', ''
    FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM users_user) AS users,
         generate_series(1, CASE WHEN place = 1 THEN 50 ELSE 1 END)
    WHERE place % 10 = 1
"""
_EVENTS = """
    INSERT INTO audit_securityevent (id, type, created_at, user_id, user_agent, request_id)
    SELECT gen_random_uuid(), 'login_succeeded', now(), id, '', ''
    FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS place FROM users_user) AS users,
         generate_series(1, CASE WHEN place = 1 THEN 50 ELSE 1 END)
"""


def prepare(place: Mapping[str, str], users: int) -> None:
    """Fill the tables, and tell PostgreSQL of it, as it would find out by itself after a while."""
    databases.prepare_service(place, users)
    with databases.connect(place) as connection:
        connection.execute(_SESSIONS)
        connection.execute(_EVENTS)
        connection.execute("VACUUM ANALYZE")


def open_sessions(running: Running, number: int) -> list[str]:
    """Refresh tokens of as many new sessions, without a login, which takes a password's time."""
    command = [sys.executable, "-m", "benchmarks.growth.sessions", str(number)]
    ended = subprocess.run(  # noqa: S603  (our own command)
        command, cwd=ROOT, env=running.environment, check=True, capture_output=True, text=True
    )
    return ended.stdout.split()
