"""What can be the case with a user."""

from backend.core.errors import (
    ErrorCode,
    FieldErrors,
    ServiceUnavailable,
    Unauthenticated,
    ValidationFailed,
)


class EmailTaken(ValidationFailed):
    """The address belongs to an account already."""

    errors: FieldErrors = {"email": ["An account with this email address exists already."]}


class EmailInvalid(ValidationFailed):
    """The text is not an email address."""

    errors: FieldErrors = {"email": ["Enter a valid email address."]}


class CurrentPasswordWrong(ValidationFailed):
    """The caller does not know their own password; ``field`` is where they gave it."""

    def __init__(self, field: str) -> None:
        super().__init__(errors={field: ["The current password is wrong."]})


class AccountGone(Unauthenticated):
    """The caller's account was deleted while the request was under way."""

    code = ErrorCode.SESSION_REVOKED
    message = "The account is gone"


class SessionsEnded(Unauthenticated):
    """The caller's sessions were ended, or their password changed, while it was under way."""

    code = ErrorCode.SESSION_REVOKED
    message = "The session has ended"


class TooBusyToHash(ServiceUnavailable):
    """More passwords are waiting to be checked than the cores can take on in time."""

    message = "Too many sign-ins at once, try again in a moment"
