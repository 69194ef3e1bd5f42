"""Users in the admin site."""

from typing import ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.utils.translation import gettext_lazy as _

from backend.users.models import User

admin.site.site_header = admin.site.site_title = _("Backend administration")


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
    list_display = ("email", "first_name", "last_name", "is_active", "is_staff", "created_at")
    list_filter = ("is_active", "is_staff", "is_superuser", "email_verified", "groups")
    search_fields = ("email", "first_name", "last_name")
    readonly_fields = ("id", "last_login", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("id", "email", "email_verified", "password")}),
        (_("Name"), {"fields": ("first_name", "last_name")}),
        (
            _("Access"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
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
