"""`python -m tests.fuzz`, which is `./just fuzz`: requests generated against a service."""

import argparse
import os
import secrets
import signal
import sys
from collections.abc import Sequence

import django

from tests.services import decide, exports, remove_keys


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(
        prog="just fuzz",
        description="Send generated requests to a service of their own, as nobody, as a user and "
        "as a superuser, and hold each answer against the OpenAPI document.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--cases", type=int, default=10_000, metavar="N", help="at least so many; 10000 by default")
    add("--seed", type=int, metavar="S", help="that of an earlier run, to repeat it")
    return parser.parse_args(arguments)


def main(options: argparse.Namespace) -> int:
    """Run under the settings for tests, on the servers that the tests would use."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # in order, so that servers stop
    seed = secrets.randbelow(10**6) if options.seed is None else options.seed
    choice = decide(os.environ)
    os.environ |= exports(choice, keep_database=False)
    os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings.testing"
    sys.stdout.write(f"seed {seed}; services: {choice}\n")
    django.setup()
    from tests.fuzz import campaign  # noqa: PLC0415  (its modules want the settings)

    try:
        return campaign.fuzz(options.cases, seed)
    finally:
        if choice.found:
            urls = (os.environ["REDIS_URL"], os.environ["TASKS_REDIS_URL"])
            remove_keys(urls, os.environ["TEST_KEY_PREFIX"])


if __name__ == "__main__":
    sys.exit(main(parse(sys.argv[1:])))
