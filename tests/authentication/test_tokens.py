"""The codec: what is signed, and that the same is signed the same."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from backend.authentication.errors import TokenExpired, TokenInvalid
from backend.authentication.tokens import AccessToken, KeyRing, RefreshToken, key_ring
from tests.authentication.conftest import UseKeys
from tests.authentication.forgery import header_of, payload_of

USER, SESSION, JTI = UUID(int=1), UUID(int=2), UUID(int=3)


def issue(kid: str | None = None, *, ends_in: float = 60, jti: UUID | None = JTI) -> str:
    """A refresh token with these ids."""
    issued_at = datetime(2026, 11, 23, 12, 0, 0, 999_999, tzinfo=UTC)
    return RefreshToken.issue(
        user_id=USER,
        session_id=SESSION,
        issued_at=issued_at,
        expires_at=datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=ends_in),
        jti=jti,
        kid=kid,
    )


class TestIssue:
    def test_signs_the_same_the_same(self) -> None:
        assert issue(ends_in=3_600)[:200] == issue(ends_in=3_600)[:200]
        now = datetime.now(UTC)
        twins = [
            RefreshToken.issue(
                user_id=USER,
                session_id=SESSION,
                issued_at=now,
                expires_at=now,
                jti=JTI,
            )
            for _ in range(2)
        ]
        assert twins[0] == twins[1]

    def test_gives_each_its_own_jti_unless_told(self) -> None:
        assert payload_of(issue(jti=None))["jti"] != payload_of(issue(jti=None))["jti"]

    def test_writes_whole_seconds(self) -> None:
        assert payload_of(issue())["iat"] == int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())

    @pytest.mark.parametrize(("kid", "used"), [(None, "new"), ("old", "old"), ("gone", "new")])
    def test_names_the_key_it_signs_with(self, kid: str | None, used: str) -> None:
        token = issue(kid)
        assert header_of(token)["kid"] == used
        assert RefreshToken.read_fresh(token).jti == JTI


class TestRead:
    def test_tells_whose_it_is(self) -> None:
        claims = RefreshToken.read(issue())
        assert (claims.user_id, claims.session_id, claims.jti) == (USER, SESSION, JTI)
        assert not claims.is_expired

    def test_knows_one_kind(self) -> None:
        with pytest.raises(TokenInvalid):
            AccessToken.read(issue())

    @pytest.mark.parametrize(("ends_in", "is_expired"), [(0, False), (-1, False), (-6, True)])
    def test_tells_whether_it_is_expired(self, ends_in: float, is_expired: bool) -> None:
        assert RefreshToken.read(issue(ends_in=ends_in)).is_expired is is_expired

    def test_wants_a_fresh_one_where_it_must_be(self) -> None:
        with pytest.raises(TokenExpired):
            RefreshToken.read_fresh(issue(ends_in=-6))


class TestKeyRing:
    def test_is_that_of_the_settings(self, use_keys: UseKeys) -> None:
        use_keys("old", "new")
        assert key_ring().current_kid == "old"
        use_keys("new")
        assert [*key_ring().keys] == ["new"]

    def test_uses_the_keys_text_as_the_secret(self) -> None:
        ring = KeyRing({"k": "clé" * 12}, issuer="i", audience="a", leeway=0)
        assert ring.keys["k"] == ("clé" * 12).encode()
