"""Mailed links: issued with what causes them, redeemed once.

A token is the id of a row and its signature, so that a mail can be written (again) from the row.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.crypto import salted_hmac

from backend.authentication.errors import LinkInvalid
from backend.authentication.models import Link, LinkQuerySet, Purpose
from backend.users.models import User

_ID_BYTES = 16


def issue(purpose: Purpose, user: User, *, now: datetime, email: str | None = None) -> Link:
    """Make a link for a user, to be mailed to ``email`` or else to the account's address."""
    link = Link(
        user=user,
        purpose=purpose,
        email=email or user.email,
        created_at=now,
        expires_at=now + settings.LINK_LIFETIMES[purpose],
    )
    link.bound_to = link.state_of(user)
    link.save(force_insert=True)
    return link


def token(link: Link) -> str:
    """What the mail carries. The same link gives the same token."""
    return urlsafe_b64encode(link.pk.bytes + _signature(link)).decode()


def read(encoded: str, *purposes: Purpose, now: datetime) -> Link:
    """The usable link of a token, with its user, for one of these purposes.

    Raises:
        LinkInvalid: forged, used, too old, for something else, or overtaken by a change.
    """
    try:
        link_id = UUID(bytes=urlsafe_b64decode(encoded.encode("ascii"))[:_ID_BYTES])
    except ValueError:
        raise LinkInvalid from None
    rows = _links().usable(now).select_related("user")
    link = rows.filter(pk=link_id, purpose__in=purposes).first()
    # The text, not its bytes: the decoder would take many spellings for the same.
    if link is None or not hmac.compare_digest(encoded, token(link)):
        raise LinkInvalid
    if not link.is_bound(link.user):
        raise LinkInvalid
    return link


def redeem(link: Link, *, now: datetime) -> User:
    """Use a link up. Its user comes back locked until the transaction ends, and up to date.

    Raises:
        LinkInvalid: somebody else was faster, or the account has changed meanwhile.
    """
    # The user first, as whoever deletes an account does: or each would wait for the other.
    user = User.objects.select_for_update().filter(pk=link.user_id).first()
    if user is None or not link.is_bound(user) or not _links().filter(pk=link.pk).use(now):
        raise LinkInvalid
    return user


def void_since(link: Link, *, now: datetime) -> None:
    """Use up whatever was mailed about an account after this link, to whomever."""
    _links().filter(user=link.user_id, pk__gt=link.pk).use(now)


def _signature(link: Link) -> bytes:
    text = f"{link.purpose}:{link.pk}:{link.user_id}:{link.email}"
    return salted_hmac("link", text, algorithm="sha256").digest()


def _links() -> LinkQuerySet:
    return LinkQuerySet(Link)
