"""The user."""

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backend.core.ids import uuid7
from backend.users import emails, passwords
from backend.users.errors import EmailInvalid


class UserQuerySet(models.QuerySet["User"]):
    """Reads of users."""

    def existing(self) -> Self:
        """Users, without the anonymous rows of those who have left."""
        return self.filter(deleted_at__isnull=True)

    def matching(
        self, *, search: str = "", is_active: bool | None = None, is_staff: bool | None = None
    ) -> Self:
        """Users of these rights whose address or name contains ``search``, in whatever case."""
        rows = self.existing()
        if search:
            rows = rows.filter(search_text__contains=searchable(search))
        if is_active is not None:
            rows = rows.filter(is_active=is_active)
        if is_staff is not None:
            rows = rows.filter(is_staff=is_staff)
        return rows


def searchable(*texts: str) -> str:
    """Texts in the form in which they are searched; no match reaches from one into the next."""
    return _SEPARATOR.join(text.casefold().replace(_SEPARATOR, " ") for text in texts)


# Where the addresses of those who have left end; nothing can be mailed there (RFC 2606).
DELETED_DOMAIN = "@deleted.invalid"
_SEPARATOR = "\x1f"  # ASCII's unit separator


class UserManager(BaseUserManager["User"]):
    """Creates users, and finds them by any spelling of their address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; without a password nobody can log in.

        Raises:
            EmailInvalid: the address is none.
            IntegrityError: the address is taken.
        """
        user = self.model(email=emails.canonical(email), **fields)
        if password is None:
            user.set_unusable_password()
        else:
            user.set_password(password)
        user.save(using=self._db, force_insert=True)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user who may do everything."""
        return self.create_user(
            email, password, **{"is_staff": True, "is_superuser": True, **fields}
        )

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a user by address, as Django's login forms and commands do."""
        try:
            return self.get(email=emails.canonical(username or ""))
        except EmailInvalid as error:
            raise self.model.DoesNotExist from error


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account. The email address is the identity; there is no user name.

    Attributes:
        search_text: Address and names, case-folded; PostgreSQL has a trigram index on it.
        session_epoch: Copied into each session at login. Raising it ends all sessions at once.
        version: Raised by every change but a login, in the statement that makes it.
        updated_at: When it was raised last.
        deleted_at: When the person left; a constraint keeps the row anonymous from then on.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # Not an EmailField: Django's validator refuses addresses that the API takes.
    email = models.CharField(
        _("email address"),
        max_length=emails.MAX_LENGTH,
        unique=True,
        validators=[emails.validate],
        error_messages={"unique": _("An account with this email address exists already.")},
    )
    email_verified = models.BooleanField(_("email verified"), default=False)
    first_name = models.CharField(_("first name"), max_length=150, blank=True)
    last_name = models.CharField(_("last name"), max_length=150, blank=True)
    is_staff = models.BooleanField(
        _("staff"), default=False, help_text=_("May sign in to the admin site.")
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Disabling ends every session at once.")
    )
    search_text = models.TextField(default="", editable=False)
    session_epoch = models.PositiveIntegerField(default=0, editable=False)
    version = models.IntegerField(db_default=1, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    deleted_at = models.DateTimeField(null=True, editable=False)

    _ends_sessions = False

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        """Newest first, as ids are time-ordered."""

        ordering = ("-id",)
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(deleted_at__isnull=True)
                | Q(
                    email__endswith=DELETED_DOMAIN,
                    first_name="",
                    last_name="",
                    is_active=False,
                    is_staff=False,
                    is_superuser=False,
                ),
                name="user_deleted_is_anonymous",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """First and last name, as far as given."""
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        """The first name."""
        return self.first_name

    def clean(self) -> None:
        """Bring the address of the admin's forms into its canonical form."""
        try:
            self.email = emails.canonical(self.email)
        except EmailInvalid as error:
            raise ValidationError(dict(error.errors)) from None

    def set_password(self, raw_password: str | None) -> None:
        """Set a password; saving it ends every session."""
        if raw_password is None:
            self.set_unusable_password()
        else:
            self.password = passwords.hash_password(raw_password)
        self._password = raw_password
        self._ends_sessions = True

    def set_hashed_password(self, encoded: str) -> None:
        """Set a password that has been hashed before the transaction; saving ends every session."""
        self.password = encoded
        self._ends_sessions = True

    def check_password(self, raw_password: str | None) -> bool:
        """Check a password, as Django's login forms do."""
        return passwords.verify(raw_password or "", self.password).correct

    def searched(self) -> str:
        """What ``search_text`` has to be; whoever does not save rows one by one writes it."""
        return searchable(self.email, self.first_name, self.last_name)

    def get_session_auth_hash(self) -> str:
        """What the admin site's sessions are bound to: they end with all the others."""
        return f"{super().get_session_auth_hash()}{self.session_epoch}"

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Save; a new password, and being disabled, end every session in the same statement.

        Epoch and version are never written back from memory: a save that read the epoch before
        somebody else raised it would bring ended sessions to life. Neither is it that somebody has
        not left.
        """
        self.search_text = self.searched()
        if not self._state.adding:
            fields = set(self._saved_fields() if update_fields is None else update_fields)
            fields -= {"session_epoch", "version"}
            if fields - {"last_login"}:
                self.version = F("version") + 1
                fields.add("version")
            if self.deleted_at is None:
                fields.discard("deleted_at")
            if self._ends_sessions or ("is_active" in fields and not self.is_active):
                self.session_epoch = F("session_epoch") + 1
                fields.add("session_epoch")
            if fields & {"email", "first_name", "last_name"}:
                fields.add("search_text")
            update_fields = fields
        super().save(update_fields=update_fields, **options)
        self._ends_sessions = False

    @classmethod
    def _saved_fields(cls) -> set[str]:
        concrete = {field.name for field in cls._meta.concrete_fields}
        return concrete - {"id"}
