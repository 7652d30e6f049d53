"""Who is really asking, and by which scheme, once trusted proxies have been heard."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.settings import Network
    from autoconfig.web.asgi import Scope

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Peer(NamedTuple):
    """The client behind the proxies."""

    address: IPAddress | None
    """`None`: a Unix socket, and whoever connected said nothing of anybody behind it."""
    scheme: str


def peer_of(scope: Scope, trusted: Sequence[Network]) -> Peer:
    """
    The client, judged from the connection outwards.

    X-Forwarded-For and X-Forwarded-Proto count only from a trusted proxy or a Unix socket; in X-Forwarded-For the
    first address from the right that is no trusted proxy. One that cannot be read is the client, as an unknown one.
    """
    client = scope.get("client")
    address = _address(client[0]) if client and client[0] else None
    scheme = str(scope.get("scheme", "http"))
    if address is not None and not within(address, trusted):
        return Peer(address, scheme)
    proto = [part.strip().lower() for part in _listed(scope, b"x-forwarded-proto")]
    if proto and proto[-1] in {"http", "https"}:
        scheme = proto[-1]
    for hop in reversed(_listed(scope, b"x-forwarded-for")):
        address = _address(hop.strip()) or ipaddress.IPv4Address(0)
        if not within(address, trusted):
            break
    return Peer(address, scheme)


def is_internal(peer: Peer, networks: Sequence[Network]) -> bool:
    """Whether the client may see /internal/. Who may open the Unix socket may: its permissions decide."""
    return peer.address is None or within(peer.address, networks)


def within(address: IPAddress, networks: Sequence[Network]) -> bool:
    """Whether one of the networks has the address; IPv4 in IPv6 counts as IPv4."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in networks)


def _listed(scope: Scope, name: bytes) -> list[str]:
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ",".join(values).split(",") if values else []


def _address(text: str) -> IPAddress | None:
    """An address as it stands in X-Forwarded-For: bare, in brackets, or with a port."""
    bare = text.removeprefix("[").partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
