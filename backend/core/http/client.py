"""Who is on the other end of the connection: address, software, scheme.

Nothing a client sends is believed. ``X-Forwarded-For`` and ``X-Forwarded-Proto`` count only where
the peer is one of ``TRUSTED_PROXIES``.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self

from django.conf import settings
from django.http import HttpRequest

from backend.core.http import devices

USER_AGENT_LENGTH = 400

type Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from."""

    ip_address: str | None
    user_agent: str

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """The client of a request, which is read once."""
        known: Self | None = getattr(request, "_client", None)
        if known is None:
            agent = request.META.get("HTTP_USER_AGENT", "")[:USER_AGENT_LENGTH]
            known = cls(ip_address=client_address(request), user_agent=_printable(agent))
            request._client = known  # type: ignore[attr-defined]  # noqa: SLF001  (beside what it was read from)
        return known

    @property
    def device(self) -> str:
        """What a mail calls it: words of ours alone, never the caller's."""
        return devices.recognised(self.user_agent)


NOBODY = Client(ip_address=None, user_agent="")

# Who is calling, as long as a request is under way; the middleware sets it.
current: ContextVar[Client] = ContextVar("client", default=NOBODY)


def client_address(request: HttpRequest) -> str | None:
    """The right-most address on the way that is not a trusted proxy; None behind a Unix socket."""
    peer = _parse(request.META.get("REMOTE_ADDR", ""))
    if peer is None or not _is_trusted(peer):
        return str(peer) if peer else None
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        address = _parse(hop.strip())
        if address is None:
            break  # whatever stands left of garbage is a claim of nobody we trust
        peer = address
        if not _is_trusted(address):
            break
    return str(peer)


def trust_forwarded_scheme(request: HttpRequest) -> None:
    """Let a trusted proxy say that the client came by https."""
    forwarded = request.META.get("HTTP_X_FORWARDED_PROTO")
    if forwarded is None:
        return
    peer = _parse(request.META.get("REMOTE_ADDR", ""))
    if peer is not None and _is_trusted(peer) and forwarded.strip().lower() in {"http", "https"}:
        request.META["wsgi.url_scheme"] = forwarded.strip().lower()


def _printable(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "�" for c in text)


@lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    if "[" in text:
        text = text.removeprefix("[").partition("]")[0]
    elif text.count(":") == 1:  # some proxies write the port behind it
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))  # without a scope id
    return address


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)
