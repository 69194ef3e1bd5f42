"""Tokens of an attacker, beside those of ``tests.authentication.forgery``: good ones, bent.

An attacker has tokens of their own, everything that is public, and time. The forger has the keys,
too, so that what is refused is refused for the one thing that was changed.
"""

import hashlib
import json
import string
import time
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from backend.authentication.models import Session
from tests.authentication.forgery import FORGERIES, Forge, Forger, encode, payload_of

type PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def behind(token: str) -> Session:
    """The session a token names, as a row that was never saved: enough for a forger."""
    claims = payload_of(token)
    return Session(
        pk=UUID(claims["sid"]), user_id=UUID(claims["sub"]), refresh_jti=UUID(claims["jti"])
    )


@cache
def _key(algorithm: str) -> PrivateKey:
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65_537, 2048)


def _public(algorithm: str) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return _key(algorithm).public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def _signed_by_own_key(algorithm: str, **header: object) -> Forge:
    """Properly signed, with a private key that the attacker has made."""

    def forge(by: Forger) -> str:
        key: Any = _key(algorithm)
        headers = {"kid": "new", **header}
        return jwt.encode(by.claims(), key, algorithm=algorithm, headers=headers)

    return forge


def _public_key_as_secret(algorithm: str) -> Forge:
    """The classic confusion: a MAC with what everybody may know, for a service that takes both."""
    return lambda by: by.sign(header=by.header(alg=algorithm), key=_public(algorithm))


def _jwk(algorithm: str) -> dict[str, Any]:
    signer: Any = jwt.get_algorithm_by_name(algorithm)
    return {**json.loads(signer.to_jwk(_key(algorithm).public_key())), "kid": "new"}


def _kid(kid: object, key: str = "") -> Forge:
    return lambda by: by.sign(header=by.header(kid=kid), key=key)


def _claim(name: str, value: object) -> Forge:
    return lambda by: by.with_claims(**{name: value})


def _other(name: str) -> Forge:
    return lambda by: by.with_claims(**{name: str(uuid4())})


def _payload(text: str) -> Forge:
    """A well signed token over text, in which ``{claims}`` stands for the good claims."""
    return lambda by: by.sign(text.replace("{claims}", json.dumps(by.claims())[1:-1]).encode())


def _with_signature(change: str) -> Forge:
    """A good token with another signature: ``{}`` stands for the good one."""

    def forge(by: Forger) -> str:
        header, payload, signature = by.parts()
        return f"{header}.{payload}.{change.format(signature)}"

    return forge


def _spliced(by: Forger) -> str:
    """The head and signature of one good token around the claims of another."""
    header, _, signature = by.parts()
    return (
        f"{header}.{Forger(by.kind, by.session).with_claims(exp=2**33).split('.')[1]}.{signature}"
    )


def _changed_last(by: Forger) -> str:
    """One bit of the signature, in a character that all of it counts in."""
    token = by.sign()
    return token[:-10] + ("A" if token[-10] != "A" else "B") + token[-9:]


def _spare_bits(by: Forger) -> str:
    """A bit of the last character that no byte of the signature needs."""
    token = by.sign()
    return token[:-1] + _BASE64URL[_BASE64URL.index(token[-1]) ^ 1]


_BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ALGORITHMS: dict[str, Forge] = {
    **{
        f"{algorithm} by a key of one's own": _signed_by_own_key(algorithm)
        for algorithm in ("RS256", "PS256", "ES256", "EdDSA")
    },
    **{
        f"HS256 by the public key, as {algorithm}": _public_key_as_secret(algorithm)
        for algorithm in ("RS256", "ES256", "EdDSA", "HS256")
    },
    **{
        f"own key in jwk, {algorithm}": _signed_by_own_key(algorithm, jwk=_jwk(algorithm))
        for algorithm in ("RS256", "ES256", "EdDSA")
    },
    "own key in x5c": _signed_by_own_key("RS256", x5c=["MIIB"]),
    "own key behind jku": _signed_by_own_key("RS256", jku="http://127.0.0.1:9/jwks.json"),
    "own key behind x5u": _signed_by_own_key("RS256", x5u="http://127.0.0.1:9/chain.pem"),
    "alg empty": lambda by: by.with_header(alg=""),
    "alg with a blank": lambda by: by.with_header(alg="HS256 "),
    "alg a number": lambda by: by.with_header(alg=256),
    "alg HMAC": lambda by: by.with_header(alg="HMACSHA256"),
}
KIDS: dict[str, Forge] = {
    "kid a file of zeros": _kid("/dev/null"),
    "kid a file that all know": _kid("/proc/sys/kernel/randomize_va_space", "2\n"),
    "kid a path, percent-encoded": _kid("..%2f..%2fdev%2fnull"),
    "kid a URL": _kid("http://127.0.0.1:9/key"),
    "kid a query that answers": _kid("x' UNION SELECT 'aaaa'-- ", "aaaa"),
    "kid a command": _kid("new;id"),
    "kid a template": _kid("{{ settings.SECRET_KEY }}"),
    "kid true": _kid(True),
    "kid a float": _kid(1.0),
    "kid in upper case": lambda by: by.with_header(kid="NEW"),
    "kid with a blank": lambda by: by.with_header(kid="new "),
    "kid of a dunder": _kid("__class__"),
    "kid of a megabyte": _kid("n" * 1_000_000),
}
CLAIMS: dict[str, Forge] = {
    "sub of somebody else": _other("sub"),
    "sid of somebody else": _other("sid"),
    "sub and sid swapped": lambda by: by.with_claims(
        sub=str(by.session.pk), sid=str(by.session.user_id)
    ),
    **{
        f"{name} {kind}": _claim(name, value)
        for name in ("sub", "sid", "jti")
        for kind, value in (
            ("a large number", 2**128 - 1),
            ("negative", -1),
            ("true", True),
            ("an object", {"$ne": None}),
            ("an empty list", []),
            ("a wildcard", "%"),
            ("a query", "' OR '1'='1"),
            ("a UUID too long", "00000000-0000-0000-0000-0000000000000"),
        )
    },
    "audience empty": _claim("aud", ""),
    "audience null": _claim("aud", None),
    "audience an object": _claim("aud", {}),
    "audience in upper case": _claim("aud", "BACKEND-API"),
    "audience longer": _claim("aud", "backend-api.evil.example"),
    "issuer null": _claim("iss", None),
    "issuer in upper case": _claim("iss", "BACKEND"),
    "issuer a URL": _claim("iss", "https://backend"),
    "exp negative": _claim("exp", -1e300),
    "exp in exponents": lambda by: by.with_claims(exp=1e10),
    "exp an object": _claim("exp", {}),
    "exp in hexadecimal": lambda by: by.with_claims(exp=hex(int(time.time()) + 600)),
    "iat in the future": lambda by: by.with_claims(iat=int(time.time()) + 3_600),
    "iat huge": _claim("iat", 10**300),
    "nbf in the future": lambda by: by.with_claims(nbf=int(time.time()) + 3_600),
    "kind in upper case": lambda by: by.with_claims(token_type=by.kind.upper()),
    "kind with a blank": lambda by: by.with_claims(token_type=f"{by.kind} "),
    "both kinds": lambda by: by.with_claims(token_type=["access", "refresh"]),
}
PAYLOADS: dict[str, Forge] = {
    "another sub behind the good one": _payload('{{claims}, "sub": "' + str(UUID(int=7)) + '"}'),
    "another kind behind the good one": _payload('{{claims}, "token_type": "sliding"}'),
    "no exp behind the good one": _payload('{{claims}, "exp": null}'),
    "claims in a list": _payload("[{{claims}}]"),
    "claims in claims": _payload('{"claims": {{claims}}}'),
    "claims with a comment": _payload("{{claims}/**/}"),
    "claims with something behind": _payload("{{claims}}{}"),
    "claims with NUL behind": _payload("{{claims}}\0"),
    "claims null": _payload("null"),
    "claims nothing": _payload(""),
    "a token in a token": lambda by: by.sign(by.sign().encode()),
    "a token as the claims of another": lambda by: by.sign(
        by.sign().encode(), by.header(cty="JWT")
    ),
    "a serialisation in JSON": lambda by: json.dumps(
        dict(zip(("protected", "payload", "signature"), by.parts(), strict=True))
    ),
    "an encrypted token": lambda by: ".".join([*by.parts(), "AAAA", "AAAA"]),
}
SIGNATURES: dict[str, Forge] = {
    "spliced": _spliced,
    "one bit changed": _changed_last,
    "signature of zeros": _with_signature("A" * 43),
    "signature half": lambda by: by.sign()[:-21],
    "signature without its last": lambda by: by.sign()[:-1],
    "signature twice": _with_signature("{0}{0}"),
    "signature with a bit to spare": _spare_bits,
    "signature with padding": _with_signature("{0}="),
    "signature and a dot": _with_signature("{0}."),
    "signature in hexadecimal": _with_signature("00" * 32),
    "signature of the empty text": lambda by: ".".join(
        (*by.parts()[:2], encode(hashlib.sha256(b"").digest()))
    ),
}
FORMS: dict[str, Forge] = {
    "100 KB": lambda by: by.with_claims(padding="x" * 100_000),
    "100 KB of dots": lambda _: "." * 100_000,
    "100 KB of brackets": lambda by: by.sign(b"[" * 75_000),
    "a header of 100 KB": lambda by: by.with_header(padding="x" * 100_000),
    "Cyrillic letters that look alike": lambda by: by.sign().replace(
        "e", "\N{CYRILLIC SMALL LETTER IE}", 1
    ),
    "full-width letters": lambda by: "\uff45\uff59\uff2a" + by.sign()[3:],
    "a soft hyphen": lambda by: by.sign()[:20] + "\xad" + by.sign()[20:],
    "NUL behind": lambda by: by.sign() + "%00",
    "quoted": lambda by: f'"{by.sign()}"',
    "percent-encoded dots": lambda by: by.sign().replace(".", "%2e"),
    "commas for dots": lambda by: by.sign().replace(".", ","),
    "base64 of it all": lambda by: encode(by.sign().encode()),
    "two tokens": lambda by: f"{by.sign()},{by.sign()}",
    "SQL": lambda _: "' OR 1=1 --",
    "undefined": lambda _: "undefined",
    "null": lambda _: "null",
}
BENT = {**ALGORITHMS, **KIDS, **CLAIMS, **PAYLOADS, **SIGNATURES, **FORMS}
EVERY = {**FORGERIES, **{f"bent: {name}": forge for name, forge in BENT.items()}}

# Well signed, and about a session that there is not: logging out of it is no forgery.
NOBODYS = {f"bent: {name}" for name in ("sub of somebody else", "sid of somebody else")} | {
    "bent: sub and sid swapped",
    "bent: another sub behind the good one",
}


def _respelt(by: Forger) -> str:
    """The same signature: its last character has two bits that count in nothing."""
    token = by.sign()
    alphabet = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


# Other spellings of one signed token: they say nothing that was not signed.
SPELLINGS: dict[str, Forge] = {
    "padded": lambda by: by.sign() + "=",
    "padded twice": lambda by: by.sign() + "==",
    "each part padded": lambda by: ".".join(p + "=" * (-len(p) % 4) for p in by.parts()),
    "the last character respelt": _respelt,
    "the standard alphabet": lambda by: by.sign().replace("-", "+").replace("_", "/"),
    "a blank within": lambda by: by.sign()[:-10] + " " + by.sign()[-10:],
    "blanks in the claims": lambda by: by.sign(json.dumps(by.claims(), indent=4).encode()),
    "a mark before the claims": _payload("\ufeff{{claims}}"),
    "the good sub behind a bad one": _payload('{"sub": "x", {claims}}'),
    "sub in upper case": lambda by: by.with_claims(sub=str(by.session.user_id).upper()),
    "sub without hyphens": lambda by: by.with_claims(sub=by.session.user_id.hex),
    "sub in braces": lambda by: by.with_claims(sub=f"{{{by.session.user_id}}}"),
    "sub an URN": lambda by: by.with_claims(sub=by.session.user_id.urn),
    "sid in upper case": lambda by: by.with_claims(sid=str(by.session.pk).upper()),
    "jti in upper case": lambda by: by.with_claims(jti=str(by.session.refresh_jti).upper()),
}
