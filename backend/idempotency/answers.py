"""One effect per key.

A reservation is committed first, so that of any number of requests with one key one goes on. Its
effect and its answer are then committed together: whoever dies before leaves neither, and whoever
dies after leaves an answer to repeat.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpResponse, HttpResponseBase

from backend.core.errors import renewed
from backend.idempotency.errors import InProgress, KeyReused
from backend.idempotency.models import Reservation, reservations
from backend.idempotency.releases import release

# What would come again if the request did. Everything else releases the key.
_REFUSALS_THAT_STAY = frozenset({400, 404, 409, 412})
_HEADERS = ("ETag", "Location")


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request with a key.

    Attributes:
        key: Digest of the caller and their key.
        request: Digest of what is asked.
        user_id: Who asks, where that is known.
    """

    id: UUID
    key: UUID
    request: UUID
    user_id: UUID | None

    @classmethod
    def of(cls, key: str, *, caller: tuple[str, str], request: tuple[bytes, ...]) -> "Attempt":
        """Digest a key, whose it is (``user`` or ``address``, and which), and what it is for."""
        kind, name = caller
        return cls(
            id=uuid4(),
            key=_digest(kind.encode(), name.encode(), key.encode()),
            request=_digest(*request),
            user_id=UUID(name) if kind == "user" else None,
        )


def once(attempt: Attempt, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Answer a request by acting, or as the first request with its key was answered.

    Raises:
        InProgress: the first one is still running.
        KeyReused: the first one was another request.
    """
    earlier = _reserve(attempt)
    if earlier is None:
        return _act(attempt, act)
    if earlier.fingerprint != attempt.request:
        raise KeyReused
    if earlier.status is None:
        raise InProgress
    return _again(earlier)


def forget(user_id: UUID) -> None:
    """Remove what somebody was answered, and what others were answered about them."""
    reservations().about(user_id).delete()


def _reserve(attempt: Attempt) -> Reservation | None:
    """Reserve the key; where somebody else has it, what they hold."""
    mine = Reservation(
        id=attempt.key,
        fingerprint=attempt.request,
        attempt=attempt.id,
        user_id=attempt.user_id,
    )
    Reservation.objects.bulk_create([mine], ignore_conflicts=True)
    found = reservations().filter(pk=attempt.key).first()
    if found is None:  # released or purged between the two statements
        raise InProgress
    if found.attempt == attempt.id or _take_over(attempt):
        return None
    return found


def _take_over(attempt: Attempt) -> bool:
    """Become the holder of a key that is free though its row is there."""
    taken = (
        reservations()
        .filter(pk=attempt.key)
        .free()
        .update(
            fingerprint=attempt.request,
            attempt=attempt.id,
            reserved_at=Now(),
            user_id=attempt.user_id,
            subject_id=None,
            status=None,
            headers="{}",
            body="",
        )
    )
    return bool(taken)


def _act(attempt: Attempt, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Act, and commit the answer with the effect; a failure leaves neither, and frees the key."""
    try:
        with transaction.atomic():
            response = act()
            is_kept = _settle(attempt, response)
    except BaseException:
        release(attempt.key, attempt.id)
        raise
    if not is_kept:
        release(attempt.key, attempt.id)
    return response


def _settle(attempt: Attempt, response: HttpResponseBase) -> bool:
    """Decide what becomes of the transaction under way: whether the answer is kept with it."""
    if response.status_code >= 500 or transaction.get_connection().needs_rollback:  # noqa: PLR2004
        transaction.set_rollback(True)
        return False
    if not isinstance(response, HttpResponse) or not _comes_again(response):
        return False
    _keep(attempt, response)
    return True


def _comes_again(response: HttpResponse) -> bool:
    status = response.status_code
    return status < 300 or status in _REFUSALS_THAT_STAY  # noqa: PLR2004


def _keep(attempt: Attempt, response: HttpResponse) -> None:
    """Write the answer down.

    Raises:
        InProgress: the key was taken for abandoned, and is somebody else's by now.
    """
    kept = (
        reservations()
        .filter(pk=attempt.key)
        .held_by(attempt.id)
        .update(
            status=response.status_code,
            headers=json.dumps({name: response[name] for name in _HEADERS if name in response}),
            body=response.content.decode(),
            subject_id=_subject(response.content),
        )
    )
    if not kept:
        raise InProgress


def _again(earlier: Reservation) -> HttpResponse:
    """The answer once more; a refusal names the request that is being refused now."""
    body = earlier.body.encode()
    if earlier.status is not None and earlier.status >= 400:  # noqa: PLR2004
        body = renewed(body)
    return HttpResponse(
        body,
        status=earlier.status,
        content_type="application/json; charset=utf-8",
        headers={**json.loads(earlier.headers), "Idempotent-Replayed": "true"},
    )


def _subject(body: bytes) -> UUID | None:
    """The id of what an answer shows, if it shows a single thing."""
    shown = json.loads(body) if body else None
    if not isinstance(shown, dict):
        return None
    try:
        return UUID(str(shown.get("id")))
    except ValueError:
        return None


def _digest(*parts: bytes) -> UUID:
    """A digest that nobody makes who lacks our key; no part runs into the next."""
    key = blake2b(settings.SECRET_KEY.encode(), person=b"idempotency").digest()
    digest = blake2b(key=key, digest_size=16)
    for part in parts:
        digest.update(len(part).to_bytes(8) + part)
    return UUID(bytes=digest.digest())
