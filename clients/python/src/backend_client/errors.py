# Generated from the service's OpenAPI document. Do not edit; run `./just clients`.
"""What the service refuses with: one class for every code."""

from types import MappingProxyType

from .failures import ApiError, ClientError, ConnectionFailed, LoginRequired, UnexpectedAnswer

__all__ = [
    "ApiError",
    "BadRequest",
    "ClientError",
    "Conflict",
    "ConnectionFailed",
    "IdempotencyInProgress",
    "IdempotencyKeyReused",
    "InvalidCredentials",
    "InvalidJson",
    "LengthRequired",
    "LoginRequired",
    "MethodNotAllowed",
    "NotAuthenticated",
    "NotFound",
    "PayloadTooLarge",
    "PermissionDenied",
    "PreconditionFailed",
    "RefreshTokenReused",
    "RefreshTokenRotated",
    "ServerError",
    "ServiceUnavailable",
    "SessionRevoked",
    "Throttled",
    "TokenExpired",
    "TokenInvalid",
    "TokenInvalid401",
    "UnexpectedAnswer",
    "UnsupportedMediaType",
    "ValidationError",
    "error_class",
]


class ValidationError(ApiError):
    """``validation_error``: A field is wrong; `errors` says which, and why."""


class InvalidJson(ApiError):
    """``invalid_json``: The body could not be read."""


class BadRequest(ApiError):
    """``bad_request``: The request makes no sense, such as one with a damaged cursor."""


class NotAuthenticated(LoginRequired):
    """``not_authenticated``: Nobody is logged in."""


class InvalidCredentials(ApiError):
    """``invalid_credentials``: Address or password is wrong, or the account is not active."""


class TokenInvalid(ApiError):
    """``token_invalid``: The token is not valid; a mailed link has been used, or is too old."""


class TokenInvalid401(TokenInvalid, LoginRequired):
    """``token_invalid`` of the token that the client sends."""


class TokenExpired(LoginRequired):
    """``token_expired``: The time of the token is over."""


class SessionRevoked(LoginRequired):
    """``session_revoked``: The session was ended, here or elsewhere."""


class RefreshTokenRotated(LoginRequired):
    """``refresh_token_rotated``: Somebody else has just exchanged the same refresh token."""


class RefreshTokenReused(LoginRequired):
    """``refresh_token_reused``: A refresh token was used twice: the session has been ended."""


class PermissionDenied(ApiError):
    """``permission_denied``: The user may not do this."""


class NotFound(ApiError):
    """``not_found``: There is no such thing, or it is not the user's to see."""


class MethodNotAllowed(ApiError):
    """``method_not_allowed``: The path does not know this method."""


class Conflict(ApiError):
    """``conflict``: Something else was there first."""


class IdempotencyInProgress(ApiError):
    """``idempotency_in_progress``: The same call with the same key is still under way."""


class LengthRequired(ApiError):
    """``length_required``: The body came without its length."""


class PreconditionFailed(ApiError):
    """``precondition_failed``: It has changed since it was read."""


class PayloadTooLarge(ApiError):
    """``payload_too_large``: The body is too large."""


class UnsupportedMediaType(ApiError):
    """``unsupported_media_type``: The body is not JSON."""


class IdempotencyKeyReused(ApiError):
    """``idempotency_key_reused``: The key has been used for another call."""


class Throttled(ApiError):
    """``throttled``: Too many calls; `retry_after` says how many seconds to wait."""


class ServerError(ApiError):
    """``server_error``: The service has failed; `request_id` finds it in its log."""


class ServiceUnavailable(ApiError):
    """``service_unavailable``: The service cannot work for the moment."""


_CLASSES: MappingProxyType[str, type[ApiError]] = MappingProxyType(
    {
        "validation_error": ValidationError,
        "invalid_json": InvalidJson,
        "bad_request": BadRequest,
        "not_authenticated": NotAuthenticated,
        "invalid_credentials": InvalidCredentials,
        "token_invalid": TokenInvalid,
        "token_expired": TokenExpired,
        "session_revoked": SessionRevoked,
        "refresh_token_rotated": RefreshTokenRotated,
        "refresh_token_reused": RefreshTokenReused,
        "permission_denied": PermissionDenied,
        "not_found": NotFound,
        "method_not_allowed": MethodNotAllowed,
        "conflict": Conflict,
        "idempotency_in_progress": IdempotencyInProgress,
        "length_required": LengthRequired,
        "precondition_failed": PreconditionFailed,
        "payload_too_large": PayloadTooLarge,
        "unsupported_media_type": UnsupportedMediaType,
        "idempotency_key_reused": IdempotencyKeyReused,
        "throttled": Throttled,
        "server_error": ServerError,
        "service_unavailable": ServiceUnavailable,
    }
)
_WITH_STATUS: MappingProxyType[tuple[str, int], type[ApiError]] = MappingProxyType(
    {("token_invalid", 401): TokenInvalid401}
)


def error_class(code: str, status: int) -> type[ApiError]:
    """The class of a code; of one that is newer than this client, ``ApiError``."""
    return _WITH_STATUS.get((code, status)) or _CLASSES.get(code, ApiError)
