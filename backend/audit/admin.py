"""Security events in the admin site: looked at, and nothing else."""

from contextlib import suppress
from ipaddress import ip_address
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backend.audit.models import SecurityEvent, SecurityEventQuerySet, named


@admin.register(SecurityEvent)
class SecurityEventAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """What happened to whom, the newest first. The record itself has ids; names are looked up."""

    show_full_result_count = False  # it would count every row
    ordering = ("-id",)
    list_display = ("created_at", "type", "user", "actor", "ip_address")
    list_filter = ("type", "created_at")
    search_fields = ("request_id",)  # what makes the box appear; see get_search_results
    search_help_text = _(
        "An email address, a client address, or the id of a user, a session or a request, in full"
    )
    fields = (
        "id",
        "created_at",
        "type",
        "user",
        "actor",
        "session_id",
        "ip_address",
        "user_agent",
        "request_id",
    )
    readonly_fields = fields

    @admin.display(description=_("user"))
    def user(self, event: SecurityEvent) -> str | UUID | None:
        """Whom it happened to: by name, as long as there is somebody."""
        return event.user_name or event.user_id

    @admin.display(description=_("actor"))
    def actor(self, event: SecurityEvent) -> str | UUID | None:
        """Who did it, where that is somebody else."""
        return event.actor_name or event.actor_id

    def get_queryset(self, request: HttpRequest) -> QuerySet[SecurityEvent]:  # noqa: ARG002  (Django's form)
        """The names come with the page, in its one query."""
        return SecurityEventQuerySet(SecurityEvent).with_names().order_by(*self.ordering)

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  (Django's form)
        queryset: QuerySet[SecurityEvent],
        search_term: str,
    ) -> tuple[QuerySet[SecurityEvent], bool]:
        """Find by what a person has at hand; parts of it would be searched in every row."""
        term = search_term.strip()
        return (queryset.filter(_search(term)) if term else queryset), False

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  (Django's form)
        """The service alone adds to the record."""
        return False

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002  (Django's form)
        obj: SecurityEvent | None = None,  # noqa: ARG002
    ) -> bool:
        """Nothing in it changes."""
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,  # noqa: ARG002  (Django's form)
        obj: SecurityEvent | None = None,  # noqa: ARG002
    ) -> bool:
        """Old events are purged by the service itself."""
        return False


def _search(term: str) -> Q:
    if "@" in term:
        try:
            return named(get_user_model().objects.get_by_natural_key(term).pk)
        except ObjectDoesNotExist:
            return Q(pk__in=())
    found = Q(request_id=term)
    with suppress(ValueError):
        found |= Q(ip_address=str(ip_address(term)))
    with suppress(ValueError):
        found |= named(UUID(term)) | Q(session_id=UUID(term))
    return found
