"""Tokens: JWTs signed with HS256 by the first key of the ring, verified by any.

django-ninja-jwt's token classes are the codec; the key ring, the claims and the verdicts are ours.
A token is a pointer to a session row and carries no personal data.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import jwt
from django.conf import settings
from ninja_jwt import tokens as codec
from ninja_jwt.backends import TokenBackend
from ninja_jwt.exceptions import TokenBackendError, TokenError

from backend.authentication.errors import TokenExpired, TokenInvalid

_CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "exp", "token_type")
_HEADER = frozenset({"alg", "typ", "kid"})
_MAX_LENGTH = 2000


class KeyRing(TokenBackend):
    """Signs with one key and names it (``kid``); verifies with the key a token names."""

    def __init__(self, keys: dict[str, str], *, issuer: str, audience: str, leeway: int) -> None:
        self.keys = {kid: key.encode() for kid, key in keys.items()}
        self.current_kid = next(iter(keys))
        super().__init__(
            "HS256",
            signing_key=self.keys[self.current_kid],
            issuer=issuer,
            audience=audience,
            leeway=leeway,
        )

    def encode(self, payload: dict[str, Any], kid: str | None = None) -> str:
        """Sign a payload, with the key ``kid`` as long as it is in the ring."""
        kid = kid if kid in self.keys else self.current_kid
        claims = {**payload, "iss": self.issuer, "aud": self.audience}
        return jwt.encode(claims, self.keys[kid], algorithm=self.algorithm, headers={"kid": kid})

    def decode(self, token: str, verify: bool = True) -> dict[str, Any]:  # noqa: ARG002  (the library's form; an unverified token is of no use here)
        """Verify signature, header and claims; ``exp`` is left to the token, which can say more.

        Raises:
            TokenBackendError: it is not a token of ours.
        """
        try:
            header = jwt.get_unverified_header(token)
            if not header.keys() <= _HEADER:
                raise TokenBackendError("unknown header parameters")
            return jwt.decode(
                token,
                self.keys[header["kid"]],
                algorithms=[self.algorithm],
                audience=self.audience,
                issuer=self.issuer,
                leeway=self.get_leeway(),
                options={"require": list(_CLAIMS), "verify_exp": False, "strict_aud": True},
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise TokenBackendError("not a token of ours") from error


@cache
def key_ring() -> KeyRing:
    """The ring of ``JWT_KEYS``."""
    return KeyRing(
        settings.JWT_KEYS,
        issuer=settings.JWT_ISSUER,
        audience=settings.JWT_AUDIENCE,
        leeway=settings.JWT_LEEWAY_SECONDS,
    )


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says."""

    user_id: UUID
    session_id: UUID
    jti: UUID
    is_expired: bool


class SessionToken(codec.Token):
    """A token that points to a session; the base of both kinds."""

    def get_token_backend(self) -> KeyRing:
        """The codec signs and verifies through the ring."""
        return key_ring()

    def verify(self) -> None:
        """Check the kind. Types and expiry are told by ``claims``."""
        self.verify_token_type()

    @classmethod
    def issue(
        cls,
        *,
        user_id: UUID,
        session_id: UUID,
        issued_at: datetime,
        expires_at: datetime,
        jti: UUID | None = None,
        kid: str | None = None,
    ) -> str:
        """Sign a token. The same arguments give the same token, to the letter."""
        token = cls()
        token.payload = {
            "token_type": cls.token_type,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": str(jti or uuid4()),
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        return key_ring().encode(token.payload, kid)

    @classmethod
    def read(cls, encoded: str) -> Claims:
        """Verify a token, expired or not.

        Raises:
            TokenInvalid: bad signature, header, claims or kind.
        """
        if len(encoded) > _MAX_LENGTH:
            raise TokenInvalid
        try:
            return cls(encoded).claims()
        except (TokenError, TypeError, ValueError, OverflowError):
            raise TokenInvalid from None

    @classmethod
    def read_fresh(cls, encoded: str) -> Claims:
        """Verify a token that must not be expired.

        Raises:
            TokenInvalid: bad signature, header, claims or kind.
            TokenExpired: past its ``exp``.
        """
        claims = cls.read(encoded)
        if claims.is_expired:
            raise TokenExpired
        return claims

    def claims(self) -> Claims:
        """What the token says, each claim of its type.

        Raises:
            TokenInvalid: one is not.
        """
        for name in ("iat", "exp"):
            if type(self.payload[name]) is not int:  # True and 1.5 are numbers, and no times
                raise TokenInvalid
        leeway = key_ring().get_leeway()
        expires_at = datetime.fromtimestamp(self.payload["exp"], UTC)
        return Claims(
            user_id=_uuid(self.payload["sub"]),
            session_id=_uuid(self.payload["sid"]),
            jti=_uuid(self.payload["jti"]),
            is_expired=expires_at + leeway <= datetime.now(UTC),
        )


class AccessToken(SessionToken):
    """Opens the API for a quarter of an hour."""

    token_type = "access"  # noqa: S105  (the name of a kind)
    lifetime = settings.ACCESS_TOKEN_LIFETIME


class RefreshToken(SessionToken):
    """Is exchanged for a new pair, once."""

    token_type = "refresh"  # noqa: S105  (the name of a kind)
    lifetime = settings.REFRESH_TOKEN_LIFETIME


def _uuid(value: object) -> UUID:
    if not isinstance(value, str):
        raise TokenInvalid
    return UUID(value)
