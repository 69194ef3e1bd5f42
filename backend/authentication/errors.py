"""Why a caller, a token or a session is refused."""

from backend.core.errors import (
    BadRequest,
    Conflict,
    ErrorCode,
    Unauthenticated,
    ValidationFailed,
)


class InvalidCredentials(Unauthenticated):
    """Unknown, wrong or inactive: the answer does not tell which."""

    code = ErrorCode.INVALID_CREDENTIALS
    message = "The email address or the password is wrong"


class TokenInvalid(Unauthenticated):
    """Not a token of ours, or not of the kind that is asked for."""

    code = ErrorCode.TOKEN_INVALID
    message = "The token is invalid"


class TokenExpired(Unauthenticated):
    """A good token, too late."""

    code = ErrorCode.TOKEN_EXPIRED
    message = "The token has expired"


class SessionRevoked(Unauthenticated):
    """The session behind the token has ended, or its user may not sign in."""

    code = ErrorCode.SESSION_REVOKED
    message = "The session has ended"


class RefreshTokenRotated(Unauthenticated):
    """Another tab of the same client was faster; the session lives on."""

    code = ErrorCode.REFRESH_TOKEN_ROTATED
    message = "The refresh token was exchanged a moment ago"


class RefreshTokenReused(Unauthenticated):
    """A spent token came back: somebody has a copy. The session has been ended."""

    code = ErrorCode.REFRESH_TOKEN_REUSED
    message = "The refresh token was used before; the session has been ended"


class LinkInvalid(BadRequest):
    """The token of a mailed link is forged, used, too old, or overtaken by a change."""

    code = ErrorCode.TOKEN_INVALID
    message = "The link is invalid, was used before or is too old"


class AddressTaken(Conflict):
    """Somebody else has registered the address since the link to it was asked for."""

    message = "The address belongs to another account by now"


class PasswordsDiffer(ValidationFailed):
    """The confirmation is not the password."""

    def __init__(self, field: str) -> None:
        super().__init__(errors={field: ["The two passwords are not the same."]})
