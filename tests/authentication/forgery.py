"""Tokens that nobody should accept: good ones with one thing changed, most of them well signed.

The forger holds the keys of the test settings. A token that is refused although its signature is
right is refused for the one thing that was changed, and for nothing else.
"""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from django.conf import settings

from backend.authentication.models import Session

type JSON = dict[str, Any]
type Kind = Literal["access", "refresh"]
type Forge = Callable[["Forger"], str]

OTHER_KIND: dict[Kind, Kind] = {"access": "refresh", "refresh": "access"}
KEY = "new"


@dataclass(frozen=True)
class Forger:
    """Writes tokens of one kind for one session."""

    kind: Kind
    session: Session

    def header(self, **changes: object) -> JSON:
        """The header the service writes, changed."""
        return {"alg": "HS256", "typ": "JWT", "kid": KEY, **changes}

    def claims(self, **changes: object) -> JSON:
        """The claims the service writes, changed."""
        now = int(time.time())
        return {
            "iss": settings.JWT_ISSUER,
            "aud": settings.JWT_AUDIENCE,
            "sub": str(self.session.user_id),
            "sid": str(self.session.pk),
            "jti": str(self.session.refresh_jti),
            "iat": now,
            "exp": now + 600,
            "token_type": self.kind,
            **changes,
        }

    def sign(
        self,
        claims: object = None,
        header: object = None,
        *,
        key: str | None = None,
        digest: str = "sha256",
    ) -> str:
        """A token with a good signature over whatever it holds."""
        head = self.header() if header is None else header
        body = self.claims() if claims is None else claims
        signed = f"{encode(_dump(head))}.{encode(_dump(body))}"
        secret = settings.JWT_KEYS[KEY] if key is None else key
        mac = hmac.new(secret.encode(), signed.encode(), getattr(hashlib, digest))
        return f"{signed}.{encode(mac.digest())}"

    def with_claims(self, **changes: object) -> str:
        """A well signed token with other claims."""
        return self.sign(self.claims(**changes))

    def with_header(self, **changes: object) -> str:
        """A well signed token with another header."""
        return self.sign(header=self.header(**changes))

    def without_claim(self, name: str) -> str:
        """A well signed token that lacks a claim."""
        return self.sign(_without(self.claims(), name))

    def without_header(self, name: str) -> str:
        """A well signed token that lacks a header parameter."""
        return self.sign(header=_without(self.header(), name))

    def parts(self) -> tuple[str, str, str]:
        """Header, payload and signature of a good token."""
        header, payload, signature = self.sign().split(".")
        return header, payload, signature


def encode(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def payload_of(token: str) -> JSON:
    """What a token says, unverified."""
    claims: JSON = json.loads(_decode(token.split(".")[1]))
    return claims


def header_of(token: str) -> JSON:
    """What a token says of itself, unverified."""
    header: JSON = json.loads(_decode(token.split(".", maxsplit=1)[0]))
    return header


def _decode(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _dump(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def _without(mapping: JSON, name: str) -> JSON:
    return {key: value for key, value in mapping.items() if key != name}


def _unsigned(alg: str) -> Forge:
    def forge(by: Forger) -> str:
        header, payload = encode(_dump(by.header(alg=alg))), encode(_dump(by.claims()))
        return f"{header}.{payload}."

    return forge


def _header(**changes: object) -> Forge:
    return lambda by: by.with_header(**changes)


def _claims(**changes: object) -> Forge:
    return lambda by: by.with_claims(**changes)


def _missing(name: str) -> Forge:
    return lambda by: by.without_claim(name)


def _later(seconds: int) -> int:
    return int(time.time()) + seconds


def _tampered(by: Forger) -> str:
    header, _, signature = by.parts()
    return f"{header}.{encode(_dump(by.claims(exp=_later(6_000))))}.{signature}"


HEADERS: dict[str, Forge] = {
    "unsigned": _unsigned("none"),
    "unsigned, spelt differently": _unsigned("nOnE"),
    "alg none with a signature": _header(alg="none"),
    "alg HS384": lambda by: by.sign(header=by.header(alg="HS384"), digest="sha384"),
    "alg HS512": lambda by: by.sign(header=by.header(alg="HS512"), digest="sha512"),
    "alg RS256": _header(alg="RS256"),
    "alg ES256": _header(alg="ES256"),
    "alg in lower case": _header(alg="hs256"),
    "alg null": _header(alg=None),
    "alg a list": _header(alg=["HS256"]),
    "no alg": lambda by: by.without_header("alg"),
    "no kid": lambda by: by.without_header("kid"),
    "kid unknown": _header(kid="newer"),
    "kid empty": lambda by: by.sign(header=by.header(kid=""), key=""),
    "kid a path": lambda by: by.sign(header=by.header(kid="../../../../dev/null"), key=""),
    "kid a query": _header(kid="new' OR '1'='1"),
    "kid with NUL": _header(kid="new\0"),
    "kid a number": _header(kid=0),
    "kid a list": _header(kid=["new"]),
    "kid an object": _header(kid={"new": "new"}),
    "kid null": _header(kid=None),
    "kid of another key": _header(kid="old"),
    "crit": _header(crit=["exp"]),
    "crit of b64": _header(crit=["b64"], b64=False),
    "b64": _header(b64=False),
    "jku": _header(jku="http://127.0.0.1:9/keys.json"),
    "jwk": _header(jwk={"kty": "oct", "k": encode(b"mine")}),
    "x5u": _header(x5u="http://127.0.0.1:9/chain.pem"),
    "x5c": _header(x5c=["AAAA"]),
    "zip": _header(zip="DEF"),
    "header a list": lambda by: by.sign(header=["HS256"]),
    "header no JSON": lambda by: by.sign(header=b"HS256"),
    "header no UTF-8": lambda by: by.sign(header=b"\xff\xfe"),
}
KEYS: dict[str, Forge] = {
    "another key": lambda by: by.sign(key="0123456789abcdef0123456789abcdef"),
    "an empty key": lambda by: by.sign(key=""),
    "Django's key": lambda by: by.sign(key=settings.SECRET_KEY),
    "the kid for a key": lambda by: by.sign(key=KEY),
}
CLAIMS: dict[str, Forge] = {
    **{
        f"no {name}": _missing(name)
        for name in ("iss", "aud", "sub", "sid", "jti", "iat", "exp", "token_type")
    },
    "another issuer": _claims(iss="frontend"),
    "issuer a list": lambda by: by.with_claims(iss=[settings.JWT_ISSUER]),
    "another audience": _claims(aud="frontend"),
    "audience a list": lambda by: by.with_claims(aud=[settings.JWT_AUDIENCE]),
    "audience a list with others": lambda by: by.with_claims(aud=["x", settings.JWT_AUDIENCE]),
    "the other kind": lambda by: by.with_claims(token_type=OTHER_KIND[by.kind]),
    "an unknown kind": _claims(token_type="sliding"),
    "kind a list": lambda by: by.with_claims(token_type=[by.kind]),
    "kind null": _claims(token_type=None),
    "sub no UUID": _claims(sub="1"),
    "sub a number": _claims(sub=1),
    "sub null": _claims(sub=None),
    "sub a list": lambda by: by.with_claims(sub=[str(by.session.user_id)]),
    "sub empty": _claims(sub=""),
    "sub with NUL": lambda by: by.with_claims(sub=f"{by.session.user_id}\0"),
    "sid no UUID": _claims(sid="1"),
    "sid a number": _claims(sid=1),
    "sid null": _claims(sid=None),
    "sid an object": lambda by: by.with_claims(sid={"id": str(by.session.pk)}),
    "jti no UUID": _claims(jti="1"),
    "jti a number": _claims(jti=7),
    "jti null": _claims(jti=None),
    "exp a float": lambda by: by.with_claims(exp=_later(600) + 0.5),
    "exp a text": lambda by: by.with_claims(exp=str(_later(600))),
    "exp true": _claims(exp=True),
    "exp null": _claims(exp=None),
    "exp a list": lambda by: by.with_claims(exp=[_later(600)]),
    "exp after the end of time": _claims(exp=10**15),
    "exp beyond any machine": _claims(exp=10**300),
    "exp before the beginning of time": _claims(exp=-(10**15)),
    "exp infinite": _claims(exp=float("inf")),
    "exp no number": _claims(exp=float("nan")),
    "iat in the future": lambda by: by.with_claims(iat=_later(60)),
    "iat a float": lambda by: by.with_claims(iat=time.time() - 1),
    "iat a text": lambda by: by.with_claims(iat=str(_later(0))),
    "iat true": _claims(iat=True),
    "iat null": _claims(iat=None),
    "iat infinite": _claims(iat=float("-inf")),
    "nbf in the future": lambda by: by.with_claims(nbf=_later(60)),
    "claims a list": lambda by: by.sign([by.claims()]),
    "claims a text": lambda by: by.sign("claims"),
    "claims no JSON": lambda by: by.sign(b"{'sub': 1}"),
    "claims nested without end": lambda by: by.sign(b"[" * 1200),
}
FORMS: dict[str, Forge] = {
    "empty": lambda _: "",
    "dots": lambda _: "..",
    "a word": lambda _: "token",
    "a number": lambda _: "0",
    "no signature": lambda by: ".".join(by.parts()[:2]),
    "an empty signature": lambda by: ".".join((*by.parts()[:2], "")),
    "a fourth part": lambda by: by.sign() + ".AAAA",
    "truncated": lambda by: by.sign()[:-2],
    "doubled": lambda by: by.sign() * 2,
    "tampered": _tampered,
    "parts swapped": lambda by: ".".join(reversed(by.parts())),
    "not base64": lambda _: "!!!.???.***",
    "not ASCII": lambda by: by.sign() + "ü",
    "not ASCII at all": lambda _: "ключ.ключ.ключ",
    "giant": lambda by: by.sign() + "A" * 3_000,
    "giant claims": lambda by: by.with_claims(padding="x" * 2_500),
}
FORGERIES = {**HEADERS, **KEYS, **CLAIMS, **FORMS}
