"""
How much one client may ask: a token bucket for each network, of which the hot path sees one addition.

A network is an IPv4 address or an IPv6 /64, which is what one customer's line has; an IPv4 address that a translator
made an IPv6 one of (RFC 6052) is the IPv4 address. The client is the one behind trusted
proxies (`web.peers`). Where nobody says who that is (a trusted proxy or a Unix socket without X-Forwarded-For) all
customers would share one bucket, so that there is no limit there, and none for `internal_networks`.
"""

from __future__ import annotations

import ipaddress
import math
from functools import lru_cache
from typing import TYPE_CHECKING

from autoconfig.web.peers import peer_of, within

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.settings import Settings
    from autoconfig.web.asgi import Scope
    from autoconfig.web.peers import IPAddress

KEPT = 16384
"""
How many clients are remembered, and how many networks. Of the clients the one that was not seen for longest is
forgotten first; of the networks, the one of which no new client was seen for longest.
"""

_TRANSLATED = int(ipaddress.IPv6Address("64:ff9b::")) >> 32
"""RFC 6052's well-known prefix, /96, before an IPv4 address."""

_LONGEST = 200  # octets of an X-Forwarded-For that is worth remembering
_FORWARDED = b"x-forwarded-for"


class Bucket:
    """The requests of one network, as the moment at which the last one would have come at exactly the allowed rate."""

    __slots__ = ("due", "interval")

    def __init__(self, interval: float) -> None:
        """`interval`: seconds between two requests at the allowed rate; 0 where there is no limit."""
        self.due, self.interval = 0.0, interval


class Limiter:
    """Says whether a client may ask. Of one process: several workers allow as many times the rate."""

    def __init__(self, settings: Settings) -> None:
        """By `rate_limit`, `rate_burst`, `trusted_proxies` and `internal_networks`."""
        rate = settings.rate_limit
        self._interval = 1 / rate if rate else 0.0
        # Half a request more than what may be under way, so that rounding decides nothing.
        self._ahead = (settings.rate_burst - 0.5) * self._interval
        self._settings = settings
        self._bucket_of = lru_cache(KEPT)(self._bucket)
        self._of_network = lru_cache(KEPT)(self._new)

    def wait(self, scope: Scope, headers: Mapping[bytes, bytes], now: float) -> float:
        """
        Count a request; 0 if it may be answered, else the seconds after which another one may.

        `headers` are those of the scope, each name once; `now` is in seconds of any clock that never goes back.
        """
        client, forwarded = scope.get("client"), headers.get(_FORWARDED)
        if len(headers) != len(scope["headers"]) or (forwarded and len(forwarded) > _LONGEST):
            bucket = self._bucket_for(peer_of(scope, self._settings.trusted_proxies).address)
        else:
            bucket = self._bucket_of(client[0] if client else None, forwarded)
        begin = max(now, bucket.due)
        if begin - now > self._ahead:
            return begin - now - self._ahead
        bucket.due = begin + bucket.interval
        return 0.0

    def _bucket(self, client: str | None, forwarded: bytes | None) -> Bucket:
        """The bucket of who connected, and what was said of who is behind: remembered, so that both are read once."""
        headers = [] if forwarded is None else [(_FORWARDED, forwarded)]
        scope = {"client": (client, 0) if client else None, "headers": headers}
        return self._bucket_for(peer_of(scope, self._settings.trusted_proxies).address)

    def _bucket_for(self, address: IPAddress | None) -> Bucket:
        return self._of_network(network_of(address, self._settings))

    def _new(self, network: tuple[int, int] | None) -> Bucket:
        return Bucket(self._interval if network else 0.0)


def network_of(address: IPAddress | None, settings: Settings) -> tuple[int, int] | None:
    """The network whose requests count together; `None`: nobody says who asks, or it is one of the operator's own."""
    if address is None or within(address, (*settings.internal_networks, *settings.trusted_proxies)):
        return None
    number = int(getattr(address, "ipv4_mapped", None) or address)
    if number >> 32 == _TRANSLATED:
        return 4, number & 0xFFFFFFFF
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is None:
        return 6, number >> 64
    return 4, number


def retry_after(wait: float) -> bytes:
    """The value of Retry-After, in whole seconds (RFC 9110 section 10.2.3)."""
    return b"%d" % max(1, math.ceil(wait))
