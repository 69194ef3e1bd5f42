"""Users and groups in the admin site.

Staff with Django's permissions look after users. What gives power (staff and superuser flags,
groups, permissions, and every superuser's account) is for superusers to change.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from backend.audit import events as audit
from backend.audit.events import Event
from backend.core.http.client import Client
from backend.core.limits import throttling
from backend.core.limits.throttling import Throttled
from backend.users import emails, services
from backend.users.errors import EmailInvalid
from backend.users.models import User, searchable

POWERS = ("is_staff", "is_superuser", "groups", "user_permissions")


class LoginForm(AdminAuthenticationForm):
    """The admin's login; its failures count together with the API's."""

    def clean(self) -> dict[str, Any]:
        """Check the credentials, within the limit of failed logins."""
        try:
            account = emails.canonical(self.cleaned_data.get("username") or "")
        except EmailInvalid:
            account = ""
        address = Client.of(self.request).ip_address if self.request else None
        try:
            with throttling.attempt("login_failures", account, address or ""):
                return self._checked()
        except Throttled as error:
            raise forms.ValidationError(error.message, code=error.code) from None

    def _checked(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except forms.ValidationError:
            audit.record(Event.LOGIN_FAILED, user_id=None)
            raise
        user = self.get_user()
        if user is not None:
            audit.record(Event.LOGIN_SUCCEEDED, user_id=user.pk)
        return cleaned


admin.site.login_form = LoginForm
admin.site.site_header = admin.site.site_title = _("Backend administration")
admin.site.index_title = _("Accounts and access")


class UserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]  # generic in the stubs only
    """Asks for an address instead of a user name."""

    class Meta:
        """The field that is the identity."""

        model = User
        fields = ("email",)
        field_classes: ClassVar[dict[str, type]] = {}


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Search, edit, set a password, disable. Disabling ends every session at once."""

    add_form = UserCreationForm
    ordering = ("-id",)
    show_full_result_count = False  # it would count every row
    list_display = ("email", "name", "is_active", "is_staff", "email_verified", "created_at")
    list_filter = ("is_active", "is_staff", "is_superuser", "email_verified", "groups")
    search_fields = ("search_text",)
    search_help_text = _("A part of the email address or the name")
    readonly_fields = ("id", "last_login", "created_at", "updated_at")
    actions = ("disable", "enable", "end_sessions")
    fieldsets = (
        (None, {"fields": ("id", "email", "email_verified", "password")}),
        (_("Name"), {"fields": ("first_name", "last_name")}),
        (_("Access"), {"fields": ("is_active", *POWERS)}),
        (_("Times"), {"fields": ("last_login", "created_at", "updated_at")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "usable_password", "password1", "password2"),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Those who have left are nobody's business any more."""
        return super().get_queryset(request).filter(deleted_at__isnull=True)

    @admin.display(description=_("name"))
    def name(self, user: User) -> str:
        """Both names in one column."""
        return user.get_full_name()

    def get_readonly_fields(
        self,
        request: HttpRequest,
        obj: User | None = None,  # noqa: ARG002  (Django's form)
    ) -> tuple[str, ...]:
        """Powers are shown to everybody and changed by superusers."""
        fields = (*self.readonly_fields,)
        return fields if _is_superuser(request) else (*fields, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser's account is changed by superusers."""
        return _may_touch(request, obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """A superuser's account is deleted by superusers."""
        return _may_touch(request, obj) and super().has_delete_permission(request, obj)

    def get_deleted_objects(
        self, objs: Sequence[Any] | QuerySet[Any, Any], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """What belongs to a user goes with them, though nobody may delete it by itself."""
        found, counts, needed, kept = super().get_deleted_objects(objs, request)
        return found, counts, needed & {str(self.opts.verbose_name)}, kept

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[User], search_term: str
    ) -> tuple[QuerySet[User], bool]:
        """Search in the case-folded column, in its form."""
        rows, duplicates = super().get_search_results(request, queryset, searchable(search_term))
        return rows, duplicates

    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> LogEntry:
        """Every change here is a security event."""
        audit.record(Event.USER_CREATED, user_id=obj.pk, actor_id=request.user.pk)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> LogEntry:
        """Every change here is a security event: forms, passwords and actions."""
        audit.record(Event.USER_CHANGED, user_id=obj.pk, actor_id=request.user.pk)
        return super().log_change(request, obj, message)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Forget the person; what other apps keep goes on belonging to an anonymous row."""
        with transaction.atomic():
            services.delete(
                obj.pk, event=Event.USER_DELETED, now=timezone.now(), actor_id=request.user.pk
            )

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Forget the selected persons."""
        for user in queryset:
            self.delete_model(request, user)

    def user_change_password(
        self, request: HttpRequest, *arguments: Any, **options: Any
    ) -> HttpResponse:
        """Set a password; Django itself would commit it before its event is noted."""
        with transaction.atomic():
            return super().user_change_password(request, *arguments, **options)

    @admin.action(description=_("Disable, ending every session"), permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Lock users out, this moment."""
        for user in self._changeable(request, queryset):
            user.is_active = False
            with transaction.atomic():
                user.save(update_fields=["is_active", "updated_at"])
                self.log_change(request, user, "Disabled")

    @admin.action(description=_("Enable"), permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Let users in again; ended sessions stay ended."""
        for user in self._changeable(request, queryset):
            user.is_active = True
            with transaction.atomic():
                user.save(update_fields=["is_active", "updated_at"])
                self.log_change(request, user, "Enabled")

    @admin.action(description=_("End every session"), permissions=["change"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Sign users out everywhere, this moment."""
        for user in self._changeable(request, queryset):
            with transaction.atomic():
                services.end_all_sessions(user, actor_id=request.user.pk)
                self.log_change(request, user, "Ended every session")

    def _changeable(self, request: HttpRequest, rows: QuerySet[User]) -> list[User]:
        """Those of the selected that this person may change; says how many."""
        users = [user for user in rows if self.has_change_permission(request, user)]
        text = ngettext("%d user changed.", "%d users changed.", len(users)) % len(users)
        self.message_user(request, text, messages.SUCCESS if users else messages.WARNING)
        return users


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """Groups give permissions, so they are for superusers alone."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return _is_superuser(request)

    def has_view_permission(
        self,
        request: HttpRequest,
        obj: Group | None = None,  # noqa: ARG002  (Django's form)
    ) -> bool:
        """Superusers only."""
        return _is_superuser(request)

    has_change_permission = has_delete_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return _is_superuser(request)


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    return user is None or not user.is_superuser or _is_superuser(request)
