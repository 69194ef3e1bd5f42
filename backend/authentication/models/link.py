"""The link in a mail: one row per link, which says what it is good for and until when.

Nothing in the row could be used as a token: the token is the row's id, signed.
"""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext_lazy as _

from backend.core.ids import uuid7
from backend.users import emails
from backend.users.models import User

_SKEW = timedelta(minutes=1)  # between the clocks of two machines


class Purpose(models.TextChoices):
    """What a link does; ``settings.LINK_LIFETIMES`` says for how long."""

    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105  (a purpose)
    NOT_ME = "not_me"


class LinkQuerySet(models.QuerySet["Link"]):
    """Reads, and the one conditional write, of links."""

    def usable(self, now: datetime) -> Self:
        """Links that are neither used nor too old, nor made by a clock that was ahead."""
        return self.filter(used_at__isnull=True, expires_at__gt=now, created_at__lte=now + _SKEW)

    def spent(self, now: datetime) -> Self:
        """Links that nobody can use any more."""
        return self.filter(Q(used_at__isnull=False) | Q(expires_at__lte=now))

    def use(self, now: datetime) -> int:
        """Use links up; of any number of concurrent calls one does. Returns how many."""
        return self.usable(now).update(used_at=now)


class Link(models.Model):
    """A link that was or will be mailed to ``email``.

    Attributes:
        email: Where it is mailed to: the account's address, or the one it shall become.
        bound_to: A digest of what must not have changed meanwhile.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="links")
    purpose = models.CharField(_("purpose"), max_length=16, choices=Purpose.choices)
    email = models.CharField(_("email address"), max_length=emails.MAX_LENGTH)
    bound_to = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created at"))
    expires_at = models.DateTimeField(_("expires at"))
    used_at = models.DateTimeField(_("used at"), null=True)

    objects: ClassVar[models.Manager["Link"]] = LinkQuerySet.as_manager()

    class Meta:
        """Newest first, as ids are time-ordered."""

        ordering = ("-id",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["expires_at"], name="link_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def is_bound(self, user: User) -> bool:
        """Whether the account is as it was when the link was made. It must be up to date."""
        return user.is_active and constant_time_compare(self.bound_to, self.state_of(user))

    def state_of(self, user: User) -> str:
        """A digest of what this kind of link depends on."""
        depends_on = {
            Purpose.VERIFY_EMAIL: (user.email,),
            Purpose.CHANGE_EMAIL: (user.email, user.password),
            Purpose.RESET_PASSWORD: (user.email, user.password),
            Purpose.NOT_ME: (),  # whatever a thief has changed, the owner can still object
        }
        state = "\0".join(depends_on[Purpose(self.purpose)])
        return salted_hmac("link state", state, algorithm="sha256").hexdigest()
