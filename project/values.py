"""The types of the environment's values: text in, checked values out."""

import re
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import NoDecode


def _split(value: object) -> object:
    """Turn ``a, b`` into ``["a", "b"]``."""
    if not isinstance(value, str):
        return value
    return [part.strip() for part in value.split(",") if part.strip()]


_KID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


def _keys(value: object) -> object:
    """Turn ``kid:key,kid:key`` into a mapping that keeps the order."""
    if not isinstance(value, str):
        return value
    pairs = [part.strip().partition(":") for part in value.split(",") if part.strip()]
    if any(not (_KID.fullmatch(kid) and key) for kid, _, key in pairs):
        msg = "must be kid:key pairs, separated by commas; a kid is 1 to 64 of A-Z a-z 0-9 . _ -"
        raise ValueError(msg)
    if len({kid for kid, _, _ in pairs}) < len(pairs):
        msg = "must not name a kid twice"
        raise ValueError(msg)
    return {kid: key for kid, _, key in pairs}


def _parts(text: str) -> SplitResult:
    """The parts of a URL. What the library says of a wrong one would quote it."""
    try:
        url = urlsplit(text)
        _ = url.port, url.hostname
    except ValueError:
        msg = "is not a URL"
        raise ValueError(msg) from None
    return url


def _redis_url(value: SecretStr | None) -> SecretStr | None:
    if value is None or not value.get_secret_value():
        return None
    url = _parts(value.get_secret_value())
    if url.scheme not in {"redis", "rediss", "unix"}:
        msg = "must be a redis://, rediss:// or unix:// URL"
        raise ValueError(msg)
    return value


_SMTP: dict[str, dict[str, Any]] = {
    "smtp": {"port": 25},
    "smtp+tls": {"port": 587, "use_tls": True},
    "smtps": {"port": 465, "use_ssl": True},
}
_SMTP_SECONDS = 10


def mailer(text: str) -> dict[str, Any]:
    """The entry of Django's ``MAILERS`` for an ``EMAIL_URL``.

    Raises:
        ValueError: it is none.
    """
    url = _parts(text)
    if text == "console:":
        return {"BACKEND": "backend.mails.backends.ConsoleBackend"}
    if text.startswith("file:///") and len(url.path) > 1:
        options: dict[str, Any] = {"folder": unquote(url.path)}
        return {"BACKEND": "backend.mails.backends.FileBackend", "OPTIONS": options}
    beyond_the_host = url.path.strip("/") or url.query or url.fragment
    if url.scheme in _SMTP and url.hostname and not beyond_the_host:
        options = {**_SMTP[url.scheme], "host": url.hostname, "timeout": _SMTP_SECONDS}
        if url.port:
            options["port"] = url.port
        if url.username:
            options["username"] = unquote(url.username)
            options["password"] = unquote(url.password or "")
        return {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    msg = (
        "must be console:, file:///folder, or smtp://, smtp+tls:// or smtps:// with a host; "
        "percent-encode what is special in a user or a password"
    )
    raise ValueError(msg)


def _mail_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value():
        return SecretStr("console:")
    mailer(value.get_secret_value())
    return value


def _frontend_url(value: str) -> str:
    url = _parts(value)
    if value and (url.scheme not in {"http", "https"} or not url.hostname):
        msg = "must be an http:// or https:// URL"
        raise ValueError(msg)
    if url.query or url.fragment:
        msg = "must have no query and no fragment: links add a path and ?token=…"
        raise ValueError(msg)
    return value.rstrip("/")


def _mail_address(value: str) -> str:
    if value and ("\n" in value or "\r" in value or "@" not in parseaddr(value)[1]):
        msg = "must be an address, or a name and an address: Backend <noreply@example.com>"
        raise ValueError(msg)
    return value


_DSN = re.compile(r"https?://[A-Za-z0-9]+@[A-Za-z0-9.:-]+/(?:[\w.-]+/)*\d+", re.ASCII)
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,}", re.ASCII)


def _token(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not _TOKEN.fullmatch(value.get_secret_value()):
        msg = "must have at least 16 characters of A-Z a-z 0-9 . _ ~ + / = -"
        raise ValueError(msg)
    return value


def _dsn(value: SecretStr) -> SecretStr:
    if value.get_secret_value() and not _DSN.fullmatch(value.get_secret_value()):
        msg = "must be like https://key@host/number, as Sentry tells it"
        raise ValueError(msg)
    return value


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


class Rate(NamedTuple):
    """So many in so many seconds."""

    amount: int
    seconds: int


_RATE = re.compile(r"(?P<amount>[1-9]\d*)/(?P<count>[1-9]\d*)?(?P<unit>s|sec|min|h|hour|d|day)")
_UNITS = {"s": 1, "sec": 1, "min": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}


def _rate(value: object) -> object:
    """Turn ``5/5min`` into a rate, and nothing into no limit."""
    if not isinstance(value, str):
        return value
    if not value.strip():
        return None
    match = _RATE.fullmatch(value.strip())
    if match is None:
        msg = "must be like 20/min or 5/5min (s, min, h, d), or empty for no limit"
        raise ValueError(msg)
    return Rate(int(match["amount"]), int(match["count"] or 1) * _UNITS[match["unit"]])


type RateLimit = Annotated[Rate | None, NoDecode, BeforeValidator(_rate)]
type CommaList = Annotated[list[str], NoDecode, BeforeValidator(_split)]
type Network = IPv4Network | IPv6Network
type RedisURL = Annotated[SecretStr | None, AfterValidator(_redis_url)]
type MailURL = Annotated[SecretStr, AfterValidator(_mail_url)]
type MailAddress = Annotated[str, AfterValidator(_mail_address)]
type FrontendURL = Annotated[str, AfterValidator(_frontend_url)]
type Token = Annotated[SecretStr, AfterValidator(_token)]
type SentryDSN = Annotated[SecretStr, AfterValidator(_dsn)]
type Port = Annotated[int, Field(ge=1, le=65535)]
type LogLevel = Annotated[
    Literal["TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]
type KeyRing = Annotated[dict[str, SecretStr], NoDecode, BeforeValidator(_keys)]
type Networks = Annotated[list[Network], NoDecode, BeforeValidator(_split)]
type MaybeBool = Annotated[bool | None, BeforeValidator(_empty_is_none)]
