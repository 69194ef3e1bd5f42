"""What of a person stands in the rows of the way in."""

from backend.authentication.models import Link, Session
from backend.users.erasure import erases
from backend.users.models import User


@erases(Session, Link)
def erase(user: User) -> None:
    """Remove where somebody was signed in, and the addresses that links were mailed to."""
    Session.objects.filter(user=user).delete()
    Link.objects.filter(user=user).delete()
