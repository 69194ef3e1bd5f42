"""Sessions in the admin site: looked at, and ended."""

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backend.authentication import sessions
from backend.authentication.models import Session, SessionQuerySet


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Where everybody is signed in. Nothing can be edited; ending one works this moment."""

    show_full_result_count = False  # it would count every row
    ordering = ("-id",)
    list_display = ("user", "is_live", "ip_address", "user_agent", "last_used_at", "created_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__search_text", "ip_address")
    actions = ("end",)
    fields = (
        "id",
        "user",
        "is_live",
        "ip_address",
        "user_agent",
        "created_at",
        "last_used_at",
        "refresh_expires_at",
        "expires_at",
        "revoked_at",
    )
    readonly_fields = fields

    @admin.display(description=_("live"), boolean=True)
    def is_live(self, session: Session) -> bool:
        """Whether it still answers."""
        return session.is_live(timezone.now())

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  (Django's form)
        """A session is opened by a login."""
        return False

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002  (Django's form)
        obj: Session | None = None,  # noqa: ARG002
    ) -> bool:
        """Nothing can be edited."""
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,  # noqa: ARG002  (Django's form)
        obj: Session | None = None,  # noqa: ARG002
    ) -> bool:
        """Ended sessions are purged by the service itself."""
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        """Whoever may change users may end their sessions."""
        return request.user.has_perm("users.change_user")

    @admin.action(description=_("End, this moment"), permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Session]) -> None:
        """End the selected sessions; those of superusers only for a superuser."""
        rows = SessionQuerySet(Session).filter(pk__in=queryset.values("pk"))
        if not getattr(request.user, "is_superuser", False):
            rows = rows.exclude(user__is_superuser=True)
        ended = 0
        for session in rows.filter(epoch=F("user__session_epoch")):
            ended += sessions.end_somebodys(session, actor_id=request.user.pk, now=timezone.now())
        text = ngettext("%d session ended.", "%d sessions ended.", ended) % ended
        self.message_user(request, text, messages.SUCCESS if ended else messages.WARNING)
