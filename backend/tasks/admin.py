"""Tasks in the admin site: looked at, tried again, dropped."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backend.tasks.models import State, Task, tasks


@admin.register(Task)
class TaskAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """The outbox. Nothing can be edited; what is stuck can be tried again or dropped."""

    show_full_result_count = False  # it would count every row
    ordering = ("-id",)
    list_display = ("name", "state", "attempts", "queue", "created_at", "due_at", "error")
    list_filter = ("state", "queue", "name", "created_at")
    search_fields = ("=id", "=request_id", "name")
    search_help_text = _("A task's id, a request's id, or a part of the name")
    actions = ("retry", "drop")
    fields = readonly_fields = (
        "id",
        "name",
        "queue",
        "arguments",
        "request_id",
        "state",
        "attempts",
        "created_at",
        "due_at",
        "finished_at",
        "error",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002  (Django's form)
        """A task is recorded by what causes it."""
        return False

    def has_delete_permission(
        self,
        request: HttpRequest,  # noqa: ARG002  (Django's form)
        obj: Task | None = None,  # noqa: ARG002
    ) -> bool:
        """Done ones are purged by the service itself; the others can be dropped."""
        return False

    def has_change_permission(
        self,
        request: HttpRequest,  # noqa: ARG002  (Django's form)
        obj: Task | None = None,  # noqa: ARG002
    ) -> bool:
        """Nothing can be edited."""
        return False

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Whoever may change tasks may retry and drop them."""
        return request.user.has_perm("tasks.change_task")

    @admin.action(description=_("Try again, now"), permissions=["decide"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Try the selected tasks, with all their attempts before them."""
        count = tasks().filter(pk__in=queryset.values("pk")).retry()
        text = ngettext("%d task will be tried.", "%d tasks will be tried.", count) % count
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)

    @admin.action(description=_("Drop"), permissions=["decide"])
    def drop(self, request: HttpRequest, queryset: QuerySet[Task]) -> None:
        """Remove the selected tasks, unless they are running or done."""
        stuck = tasks().filter(
            pk__in=queryset.values("pk"), state__in=[State.PARKED, State.WAITING]
        )
        count, _by_model = stuck.delete()
        text = ngettext("%d task dropped.", "%d tasks dropped.", count) % count
        self.message_user(request, text, messages.SUCCESS if count else messages.WARNING)
