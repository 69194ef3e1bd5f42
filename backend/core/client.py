"""Who is on the other end of the connection: address, software, scheme.

Nothing a client sends is believed. ``X-Forwarded-For`` and ``X-Forwarded-Proto`` count only where
the peer is one of ``TRUSTED_PROXIES``.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self

from django.conf import settings
from django.http import HttpRequest

USER_AGENT_LENGTH = 400

type Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from."""

    ip_address: str | None
    user_agent: str

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """Read the client of a request."""
        agent = request.headers.get("User-Agent", "")[:USER_AGENT_LENGTH]
        return cls(
            ip_address=client_address(request),
            user_agent="".join(c if c.isprintable() else "�" for c in agent),
        )


def client_address(request: HttpRequest) -> str | None:
    """The right-most address on the way that is not a trusted proxy; None behind a Unix socket."""
    peer = _parse(request.META.get("REMOTE_ADDR", ""))
    if peer is None or not _is_trusted(peer):
        return str(peer) if peer else None
    for hop in reversed(request.headers.get("X-Forwarded-For", "").split(",")):
        address = _parse(hop.strip())
        if address is None:
            break  # whatever stands left of garbage is a claim of nobody we trust
        peer = address
        if not _is_trusted(address):
            break
    return str(peer)


def trust_forwarded_scheme(request: HttpRequest) -> None:
    """Let a trusted proxy say that the client came by https."""
    forwarded = request.headers.get("X-Forwarded-Proto")
    if forwarded is None:
        return
    peer = _parse(request.META.get("REMOTE_ADDR", ""))
    if peer is not None and _is_trusted(peer) and forwarded.strip().lower() in {"http", "https"}:
        request.META["wsgi.url_scheme"] = forwarded.strip().lower()


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text.removeprefix("[").partition("]")[0] if "[" in text else text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))  # without a scope id
    return address


def _is_trusted(address: Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)
