"""``errors.py`` of the client: a class for every code."""

from collections.abc import Iterator

from clients.generate.python.document import Document
from clients.generate.python.texts import docstring

MEANINGS = {
    "validation_error": "A field is wrong; `errors` says which, and why.",
    "invalid_json": "The body could not be read.",
    "bad_request": "The request makes no sense, such as one with a damaged cursor.",
    "not_authenticated": "Nobody is logged in.",
    "invalid_credentials": "Address or password is wrong, or the account is not active.",
    "token_invalid": "The token is not valid; a mailed link has been used, or is too old.",
    "token_expired": "The time of the token is over.",
    "session_revoked": "The session was ended, here or elsewhere.",
    "refresh_token_rotated": "Somebody else has just exchanged the same refresh token.",
    "refresh_token_reused": "A refresh token was used twice: the session has been ended.",
    "permission_denied": "The user may not do this.",
    "not_found": "There is no such thing, or it is not the user's to see.",
    "method_not_allowed": "The path does not know this method.",
    "conflict": "Something else was there first.",
    "idempotency_in_progress": "The same call with the same key is still under way.",
    "length_required": "The body came without its length.",
    "precondition_failed": "It has changed since it was read.",
    "payload_too_large": "The body is too large.",
    "unsupported_media_type": "The body is not JSON.",
    "idempotency_key_reused": "The key has been used for another call.",
    "throttled": "Too many calls; `retry_after` says how many seconds to wait.",
    "server_error": "The service has failed; `request_id` finds it in its log.",
    "service_unavailable": "The service cannot work for the moment.",
}
# What every operation may answer, and what a client that sends proper requests never sees.
EVERYWHERE = {
    "bad_request", "invalid_json", "length_required", "payload_too_large", "unsupported_media_type",
    "method_not_allowed", "not_authenticated", "token_invalid", "token_expired", "session_revoked",
    "throttled", "server_error", "service_unavailable", "idempotency_in_progress",
    "idempotency_key_reused",
}  # fmt: skip
UNAUTHENTICATED = 401
# A login that is refused is the one 401 after which there may still be a session.
WITH_SESSION = {"invalid_credentials"}

HEAD = '''"""What the service refuses with: one class for every code."""

from types import MappingProxyType

from .failures import ApiError, ClientError, ConnectionFailed, LoginRequired, UnexpectedAnswer
'''
TAIL = '''
def error_class(code: str, status: int) -> type[ApiError]:
    """The class of a code; of one that is newer than this client, ``ApiError``."""
    return _WITH_STATUS.get((code, status)) or _CLASSES.get(code, ApiError)
'''


WITH_STATUS = "_WITH_STATUS: MappingProxyType[tuple[str, int], type[ApiError]]"


def class_name(code: str) -> str:
    """``NotFound`` of ``not_found``."""
    return "".join(word.capitalize() for word in code.split("_"))


def meaning(code: str) -> str:
    """What a code says."""
    return MEANINGS.get(code, f"The service answers `{code}`.")


def render(document: Document) -> str:
    """The module."""
    classes = [line for code in document.codes for line in _classes(document, code)]
    names = [class_name(code) for code in document.codes]
    names += [f"{class_name(code)}{UNAUTHENTICATED}" for code in _ambiguous(document)]
    bases = ["ApiError", "ClientError", "ConnectionFailed", "LoginRequired", "UnexpectedAnswer"]
    exported = ", ".join(f'"{name}"' for name in sorted([*bases, *names, "error_class"]))
    table = ", ".join(f'"{code}": {class_name(code)}' for code in document.codes)
    special = ", ".join(
        f'("{code}", {UNAUTHENTICATED}): {class_name(code)}{UNAUTHENTICATED}'
        for code in _ambiguous(document)
    )
    return "\n".join(
        [
            HEAD,
            f"__all__ = [{exported}]",
            *classes,
            f"_CLASSES: MappingProxyType[str, type[ApiError]] = MappingProxyType({{{table}}})",
            f"{WITH_STATUS} = MappingProxyType({{{special}}})",
            TAIL,
        ]
    )


def _classes(document: Document, code: str) -> Iterator[str]:
    statuses = document.statuses_of(code)
    ends = statuses == {UNAUTHENTICATED} and code not in WITH_SESSION
    name, base = class_name(code), "LoginRequired" if ends else "ApiError"
    yield f"class {name}({base}):\n{docstring(f'``{code}``: {meaning(code)}', indent=4)}\n"
    if code in _ambiguous(document):
        text = f"``{code}`` of the token that the client sends."
        definition = f"class {name}{UNAUTHENTICATED}({name}, LoginRequired):"
        yield f"{definition}\n{docstring(text, indent=4)}\n"


def _ambiguous(document: Document) -> list[str]:
    """The codes that are about a session with one status, and not with another."""
    return [
        code
        for code in document.codes
        if UNAUTHENTICATED in (statuses := document.statuses_of(code)) and len(statuses) > 1
    ]
