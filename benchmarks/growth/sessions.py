"""Opens sessions of the caller as the service does, and prints their refresh tokens."""

import sys

import django
from django.utils import timezone

from benchmarks.operations import EMAIL
from project import env

env.choose_settings()
django.setup()

from backend.authentication import sessions  # noqa: E402  (its models want the apps)
from backend.core.http.client import Client  # noqa: E402
from backend.users.models import User  # noqa: E402


def main(number: int) -> None:
    """Open so many."""
    user = User.objects.get(email=EMAIL)
    client = Client(ip_address="127.0.0.1", user_agent="")
    for _ in range(number):
        opened = sessions.open_session(user, client=client, now=timezone.now())
        sys.stdout.write(f"{opened.refresh}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
