"""``just keys``: new keys, and how to replace the present ones. It never prints those.

Like the preflight it needs no Django: keys are made before there is anything to configure it with.
"""

import argparse
import secrets
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from project import preflight
from project.values import KeyRing

JWT_KEY_BYTES, SECRET_KEY_BYTES = 48, 50

FIRST_KEY = """\
JWT_KEYS={new}
"""
NEXT_KEY = """\
{new}

To sign nobody out, deploy these one after the other, each everywhere before the next. In the place
of <the present JWT_KEYS> stands what is there now: {kids}.

1. Every instance learns to verify the new key.
   JWT_KEYS=<the present JWT_KEYS>,{new}

2. The new key signs. Every refresh moves a session over.
   JWT_KEYS={new},<the present JWT_KEYS>

3. Not before {days} days later (REFRESH_TOKEN_SECONDS): what the old keys signed has expired.
   JWT_KEYS={new}

A key that somebody else has goes at once: begin with the third. Everybody has to log in again.
"""
COSTS = """\
SECRET_KEY={new}

Tokens do not depend on it: nobody is signed out of the API. What ends with the old one:

- sessions of the admin site: staff log in again;
- mailed links that have not been used: people ask for new ones;
- cursors of pages: clients begin a list anew;
- answers to a refresh that were lost a moment ago: those clients have to log in.

Restart all instances together: those with different keys refuse each other's links and cursors.
"""


def main(arguments: list[str] | None = None) -> int:
    """Print what was asked for."""
    asked = _parser().parse_args(arguments)
    text = _token_key(asked.name) if asked.action == "new" else _secret_key()
    sys.stdout.write(text)
    return 0


def _token_key(name: str | None) -> str:
    environment, _ = preflight.read()
    kids = [*environment.jwt_keys]
    kid = name or _unused(f"{datetime.now(UTC):%Y-%m-%d}", kids)
    if kid in kids:
        sys.exit(f"JWT_KEYS has a {kid} already: tokens would not know which is theirs")
    return (NEXT_KEY if kids else FIRST_KEY).format(
        new=f"{kid}:{secrets.token_urlsafe(JWT_KEY_BYTES)}",
        kids=", ".join(kids),
        days=-(timedelta(seconds=-environment.refresh_token_seconds) // timedelta(days=1)),
    )


def _secret_key() -> str:
    return COSTS.format(new=secrets.token_urlsafe(SECRET_KEY_BYTES))


def _unused(kid: str, kids: Iterable[str]) -> str:
    """The name, with a letter behind it where it is taken."""
    names = [kid, *(f"{kid}{letter}" for letter in "bcdefghijklmnopqrstuvwxyz")]
    return next(name for name in names if name not in kids)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just keys", description="Make a key.")
    actions = parser.add_subparsers(dest="action", metavar="new | secret", required=True)
    new = actions.add_parser("new", help="for JWT_KEYS, and the three steps to replace a key")
    new.add_argument("--name", type=_kid, metavar="KID", help="default: the date")
    actions.add_parser("secret", help="for SECRET_KEY, and what replacing it costs")
    return parser


def _kid(text: str) -> str:
    try:
        kids = [*TypeAdapter(KeyRing).validate_python(f"{text}:key")]
    except ValidationError:
        kids = []
    if kids != [text]:
        raise argparse.ArgumentTypeError("must be 1 to 64 of A-Z a-z 0-9 . _ -")
    return text


if __name__ == "__main__":
    sys.exit(main())
