"""The session: one row per login, updated in place by every refresh.

It holds identifiers and times. Nothing in it could be used as a token: without the key an
identifier signs nothing.
"""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import models
from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from backend.core.compiled import Statement, columns
from backend.core.http.client import USER_AGENT_LENGTH, Client
from backend.core.ids import uuid7
from backend.users.models import User


class SessionQuerySet(models.QuerySet["Session"]):
    """Reads and the two conditional writes of sessions."""

    def live(self, now: datetime) -> Self:
        """Sessions that still answer."""
        return self.filter(
            revoked_at__isnull=True,
            expires_at__gt=now,
            refresh_expires_at__gt=now,
            epoch=F("user__session_epoch"),
            user__is_active=True,
        )

    def ended(self, now: datetime) -> Self:
        """Sessions that will never answer again."""
        return self.filter(
            Q(revoked_at__isnull=False)
            | Q(expires_at__lte=now)
            | Q(refresh_expires_at__lte=now - settings.ACCESS_TOKEN_LIFETIME)
            | ~Q(epoch=F("user__session_epoch"))
        )

    def mark_current(self, session: "Session") -> Self:
        """Tell the caller's own session from the others by ``current``."""
        own = ExpressionWrapper(Q(pk=session.pk), output_field=BooleanField())
        return self.annotate(current=own)

    def with_permission(self, permission: str) -> Self:
        """Tell by ``is_permitted`` what ``User.has_perm`` would, without its queries."""
        app, _, codename = permission.partition(".")
        granted = Permission.objects.filter(
            Q(user=OuterRef("user_id")) | Q(group__user=OuterRef("user_id")),
            content_type__app_label=app,
            codename=codename,
        )
        return self.annotate(is_permitted=Q(user__is_superuser=True) | Exists(granted))

    def revoke(self, now: datetime) -> int:
        """End sessions; those that have ended keep their time. Returns how many it ended."""
        return self.filter(revoked_at__isnull=True).update(revoked_at=now)

    def rotate(
        self,
        session_id: UUID,
        *,
        user_id: UUID,
        spent: UUID,
        successor: UUID,
        now: datetime,
        refresh_expires_at: datetime,
        rotation_key: str,
        signing_kid: str,
        client: Client,
    ) -> "Session | None":
        """Exchange one refresh token for the next, in one conditional statement.

        Of any number of concurrent calls with the same ``spent`` exactly one gets the session; the
        others, and whoever comes too late or to an ended session, get None.
        """
        return _ROTATION.first(
            id=session_id,
            user=user_id,
            previous_jti=spent,
            refresh_jti=successor,
            last_used_at=now,
            refresh_expires_at=refresh_expires_at,
            rotation_key=rotation_key,
            signing_kid=signing_kid,
            ip_address=client.ip_address,
            user_agent=client.user_agent,
        )


class Session(models.Model):
    """A login on one device, until it is ended.

    Attributes:
        epoch: The user's ``session_epoch`` at login; the session is dead once they differ.
        refresh_jti: The one refresh token that can be exchanged.
        previous_jti: Its immediate parent, spent at ``last_used_at``.
        rotation_key: A digest of the ``Idempotency-Key`` the parent was spent with, or ``""``.
        signing_kid: The key that signed the refresh token, so that it can be signed again.
        expires_at: The end of the session, however often it is refreshed.
        refresh_expires_at: The end of the refresh token, never past the session's.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sessions")
    epoch = models.PositiveIntegerField()
    refresh_jti = models.UUIDField()
    previous_jti = models.UUIDField(null=True)
    rotation_key = models.CharField(max_length=64, blank=True, default="")
    signing_kid = models.CharField(max_length=64)
    created_at = models.DateTimeField(_("created at"))
    last_used_at = models.DateTimeField(_("last used at"))
    refresh_expires_at = models.DateTimeField(_("expires at"))
    expires_at = models.DateTimeField(_("ends at"))
    revoked_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ip_address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("user agent"), max_length=USER_AGENT_LENGTH, blank=True)

    is_permitted: bool  # annotated by ``with_permission``

    objects: ClassVar[models.Manager["Session"]] = SessionQuerySet.as_manager()

    class Meta:
        """Newest first, as ids are time-ordered."""

        ordering = ("-id",)
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["user", "-id"], condition=Q(revoked_at__isnull=True), name="session_live"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def is_live(self, now: datetime) -> bool:
        """Whether the session still answers. Its user must have been loaded with it."""
        user: User = self.user
        return (
            self.revoked_at is None
            and self.expires_at > now
            and self.epoch == user.session_epoch
            and user.is_active
        )


_ROTATION = Statement(
    Session,
    f"""
    UPDATE "authentication_session"
       SET "previous_jti" = "refresh_jti",
           "refresh_jti" = %(refresh_jti)s,
           "last_used_at" = %(last_used_at)s,
           "refresh_expires_at" = CASE
               WHEN "expires_at" < %(refresh_expires_at)s THEN "expires_at"
               ELSE %(refresh_expires_at)s END,
           "rotation_key" = %(rotation_key)s,
           "signing_kid" = %(signing_kid)s,
           "ip_address" = %(ip_address)s,
           "user_agent" = %(user_agent)s
      FROM "users_user"
     WHERE "authentication_session"."id" = %(id)s
       AND "authentication_session"."user_id" = %(user)s
       AND "authentication_session"."refresh_jti" = %(previous_jti)s
       AND "authentication_session"."revoked_at" IS NULL
       AND "authentication_session"."expires_at" > %(last_used_at)s
       AND "users_user"."id" = "authentication_session"."user_id"
       AND "users_user"."session_epoch" = "authentication_session"."epoch"
       AND "users_user"."is_active"
    RETURNING {columns(Session)}
""",  # noqa: S608  (column names of the model; every value is a parameter)
)
