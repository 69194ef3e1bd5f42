"""The record of security events: rows that are added and never changed."""

from enum import StrEnum
from typing import ClassVar, Self
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.utils.translation import gettext_lazy as _

from backend.core.http.client import NOBODY, USER_AGENT_LENGTH, Client
from backend.core.ids import uuid7


class Event(StrEnum):
    """What can happen to an account."""

    REGISTERED = "registered"
    LOGIN_SUCCEEDED = "login_succeeded"
    LOGIN_FAILED = "login_failed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  (the name of an event)
    PASSWORD_REFUSED = "password_refused"  # noqa: S105
    PASSWORD_RESET_REQUESTED = "password_reset_requested"  # noqa: S105
    PASSWORD_RESET = "password_reset"  # noqa: S105
    EMAIL_VERIFIED = "email_verified"
    EMAIL_CHANGE_REQUESTED = "email_change_requested"
    EMAIL_CHANGED = "email_changed"
    NOT_ME = "not_me"  # the owner's word on what a mail told them
    SESSION_ENDED = "session_ended"
    ALL_SESSIONS_ENDED = "all_sessions_ended"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105
    USER_CHANGED = "user_changed"
    USER_CREATED = "user_created"
    USER_DELETED = "user_deleted"
    ACCOUNT_DELETED = "account_deleted"

    @property
    def label(self) -> str:
        """What people read."""
        return self.value.replace("_", " ").capitalize()


def named(user_id: UUID) -> Q:
    """Where somebody is named: what happened to them, and what they did to others."""
    return Q(user_id=user_id) | Q(actor_id=user_id)


class SecurityEventQuerySet(models.QuerySet["SecurityEvent"]):
    """Reads of security events."""

    def of(self, user_id: UUID) -> Self:
        """What happened to this account."""
        return self.filter(user_id=user_id)

    def with_names(self) -> Self:
        """Tell the addresses of who is named by ``user_name`` and ``actor_name``."""
        users = get_user_model().objects
        names = {
            f"{role}_name": Subquery(users.filter(pk=OuterRef(f"{role}_id")).values("email"))
            for role in ("user", "actor")
        }
        return self.annotate(**names)


class SecurityEvent(models.Model):
    """Something that happened to an account. It holds ids, so that it outlives what they name.

    On PostgreSQL a trigger refuses every change; see ``backend.audit.purposes``.

    Attributes:
        user_id: The account; null where there is none, as in a guess.
        actor_id: Who did it, where that is somebody else.
        session_id: The session it happened in or to.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    type = models.CharField(
        _("type"), max_length=40, choices=[(event.value, event.label) for event in Event]
    )
    created_at = models.DateTimeField(_("created at"))
    user_id = models.UUIDField(_("user"), null=True)
    actor_id = models.UUIDField(_("actor"), null=True)
    session_id = models.UUIDField(_("session"), null=True)
    ip_address = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("user agent"), max_length=USER_AGENT_LENGTH, blank=True)
    request_id = models.CharField(_("request"), max_length=128, blank=True)

    user_name: str | None  # annotated by ``with_names``, and so is the other
    actor_name: str | None

    objects: ClassVar[models.Manager["SecurityEvent"]] = SecurityEventQuerySet.as_manager()

    class Meta:
        """Newest first, as ids are time-ordered."""

        ordering = ("-id",)
        default_permissions = ("view",)
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["user_id", "-id"], name="security_event_of_user"),
            models.Index(
                fields=["actor_id"], condition=Q(actor_id__isnull=False), name="security_event_by"
            ),
            models.Index(fields=["created_at"], name="security_event_by_age"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def origin(self) -> Client:
        """Where it came from, as far as the account's owner may know: not where staff sit."""
        if self.actor_id not in {None, self.user_id}:
            return NOBODY
        return Client(ip_address=self.ip_address, user_agent=self.user_agent)
