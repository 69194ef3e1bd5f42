"""Tokens: JWTs signed with HS256 by the first key of the ring, verified by any.

django-ninja-jwt's token classes are the codec; the key ring, the claims and the verdicts are ours.
A token is a pointer to a session row and carries no personal data.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import jwt
import orjson
from django.conf import settings
from ninja_jwt import tokens as codec
from ninja_jwt.backends import TokenBackend
from ninja_jwt.exceptions import TokenBackendError, TokenError

from backend.authentication.errors import TokenExpired, TokenInvalid

_CLAIMS = frozenset({"iss", "aud", "sub", "sid", "jti", "iat", "exp", "token_type"})
_HEADER = frozenset({"alg", "typ", "kid"})
_MAX_LENGTH = 2000


class KeyRing(TokenBackend):
    """Signs with one key and names it (``kid``); verifies with the key a token names.

    Tokens in the very form that it writes, which are nearly all, are read without PyJWT, whose
    care for every other form takes about three times as long. Whatever is not signed in that form
    goes PyJWT's way.
    """

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
        self._headers = {kid: self._header(kid) for kid in self.keys}
        self._kids = {header: kid for kid, header in self._headers.items()}

    def encode(self, payload: dict[str, Any], kid: str | None = None) -> str:
        """Sign a payload, with the key ``kid`` as long as it is in the ring."""
        kid = kid if kid in self.keys else self.current_kid
        claims = orjson.dumps({**payload, "iss": self.issuer, "aud": self.audience})
        signed = f"{self._headers[kid]}.{_base64url(claims)}"
        return f"{signed}.{self._signature(kid, signed)}"

    def decode(self, token: str, verify: bool = True) -> dict[str, Any]:  # noqa: ARG002  (the library's form; an unverified token is of no use here)
        """Verify signature, header and claims; ``exp`` is left to the token, which can say more.

        Raises:
            TokenBackendError: it is not a token of ours.
        """
        try:
            claims = self._read_own(token) or self._read_any(token)
            self._require(claims)
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise TokenBackendError("not a token of ours") from error
        return claims

    def _read_own(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that is signed to the letter as ``encode`` does; else None."""
        signed, _, signature = token.rpartition(".")
        header, _, claims = signed.partition(".")
        kid = self._kids.get(header)
        if kid is None or not token.isascii():
            return None
        if not hmac.compare_digest(signature, self._signature(kid, signed)):
            return None
        read: dict[str, Any] = orjson.loads(_raw(claims))
        return read

    def _read_any(self, token: str) -> dict[str, Any]:
        """The claims of a token in another spelling of JSON, never in one of base64.

        Raises:
            ValueError, jwt.PyJWTError: it is not one.
        """
        if any(part != _base64url(_raw(part)) for part in token.split(".")):
            raise TokenBackendError("base64 with bits to spare")
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

    def _require(self, claims: Any) -> None:
        """Hold what is signed against what ``encode`` and ``issue`` write.

        Raises:
            TokenBackendError: it was written by somebody else who has the key, or for another use.
        """
        latest = datetime.now(UTC) + self.get_leeway()
        if (
            not isinstance(claims, dict)
            or not claims.keys() >= _CLAIMS
            or "nbf" in claims
            or claims["iss"] != self.issuer
            or claims["aud"] != self.audience
            or any(type(claims[name]) is not str for name in ("sub", "sid", "jti"))
            or any(type(claims[name]) is not int for name in ("iat", "exp"))  # True is a number
            or claims["iat"] > latest.timestamp()
        ):
            raise TokenBackendError("not our claims")

    def _header(self, kid: str) -> str:
        return _base64url(orjson.dumps({"alg": self.algorithm, "kid": kid, "typ": "JWT"}))

    def _signature(self, kid: str, signed: str) -> str:
        return _base64url(hmac.digest(self.keys[kid], signed.encode(), "sha256"))


def _raw(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _base64url(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


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
        payload = {
            "token_type": cls.token_type,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": str(jti or uuid4()),
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        return key_ring().encode(payload, kid)

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
        """What the token says.

        Raises:
            ValueError: an id is none, or a time is out of range.
        """
        leeway = key_ring().get_leeway()
        expires_at = datetime.fromtimestamp(self.payload["exp"], UTC)
        return Claims(
            user_id=UUID(self.payload["sub"]),
            session_id=UUID(self.payload["sid"]),
            jti=UUID(self.payload["jti"]),
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
