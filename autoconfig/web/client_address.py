"""Who sent a request, and by which scheme, according to the trusted proxies."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.settings import Network
    from autoconfig.web.asgi import Scope

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_SCHEMES = ("http", "https")


HOPS = 32
"""Proxies that a request may have come through, counted from the nearest."""


class Peer(NamedTuple):
    """The client behind the proxies."""

    address: IPAddress | None
    """`None`: a Unix socket without X-Forwarded-For."""
    scheme: str


def peer_of(scope: Scope, trusted: Sequence[Network]) -> Peer:
    """
    The client, judged from the connection outwards.

    X-Forwarded-For and X-Forwarded-Proto count only from a trusted proxy or a Unix socket. Each proxy appends the
    address that connected to it and the scheme of that connection. So they are read in pairs from the right, up to the
    first address that does not belong to a trusted proxy, among the last `HOPS`: the scheme is what the outermost
    trusted proxy saw. If the lists differ in length, there are no pairs and the last scheme counts. An unreadable
    address is the client, as an unknown one.
    """
    client = scope.get("client")
    address = _address(client[0]) if client and client[0] else None
    scheme = str(scope.get("scheme", "http"))
    if address is not None and not within(address, trusted):
        return Peer(address, scheme)
    hops = _listed(scope, b"x-forwarded-for")
    schemes = [part.strip().lower() for part in _listed(scope, b"x-forwarded-proto")]
    if schemes and schemes[-1] in _SCHEMES:
        scheme = schemes[-1]
    paired = schemes if len(schemes) == len(hops) else [""] * len(hops)
    for hop, seen in zip(reversed(hops), reversed(paired), strict=True):
        address = _address(hop.strip()) or ipaddress.IPv4Address(0)
        if seen in _SCHEMES:
            scheme = seen
        if not within(address, trusted):
            break
    return Peer(address, scheme)


def sent_by_proxy(scope: Scope, trusted: Sequence[Network]) -> bool:
    """Whether a trusted proxy, or a program at the Unix socket, sent the request itself."""
    client = scope.get("client")
    address = _address(client[0]) if client and client[0] else None
    return address is None or within(address, trusted)


def is_internal(peer: Peer, networks: Sequence[Network]) -> bool:
    """Whether the client may see /internal/. On a Unix socket its permissions decide."""
    return peer.address is None or within(peer.address, networks)


def within(address: IPAddress, networks: Sequence[Network]) -> bool:
    """Whether one of the networks has the address; IPv4 in IPv6 counts as IPv4."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in networks)


def _listed(scope: Scope, name: bytes) -> list[str]:
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ",".join(values).rsplit(",", HOPS) if values else []


def _address(text: str) -> IPAddress | None:
    """An address as it stands in X-Forwarded-For: bare, in brackets, or with a port."""
    bare = text.removeprefix("[").partition("]")[0] if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return None
