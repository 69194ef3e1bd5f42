"""What tests of refreshes share."""

from datetime import timedelta

from django.utils import timezone

from backend.authentication.models import Session
from backend.authentication.tokens import RefreshToken
from backend.testing.accounts import Account

FIREFOX = {"User-Agent": "Firefox/150"}
CHROME = {"User-Agent": "Chrome/160"}
KEY = {"Idempotency-Key": "a-lost.answer_1"}
OTHER_KEY = {"Idempotency-Key": "another"}


def minted(session: Session, *, expired_for: timedelta) -> str:
    """The session's current refresh token, with an end in the past."""
    now = timezone.now()
    return RefreshToken.issue(
        user_id=session.user_id,
        session_id=session.pk,
        issued_at=now - timedelta(days=1),
        expires_at=now - expired_for,
        jti=session.refresh_jti,
    )


def let_pass(seconds: float) -> None:
    """Make the last refresh that long ago."""
    moment = timezone.now() - timedelta(seconds=seconds)
    assert Session.objects.update(last_used_at=moment) == 1


def is_alive(account: Account) -> bool:
    """Whether the session behind the account's access token still answers."""
    answer = account.me()
    assert answer.status == 200 or answer.code == "session_revoked"
    return answer.status == 200
