"""
Rate limit: a token bucket for each network, which costs the fast path one addition.

A network is an IPv4 address or an IPv6 /64, which is what one customer's line has; an IPv4 address translated to IPv6
(RFC 6052) counts as the IPv4 address. The client is the one behind trusted proxies (`web.client_address`). Without
X-Forwarded-For from a trusted proxy or a Unix socket all customers would share one bucket, so there is no limit then,
and none for `internal_networks`.
"""

from __future__ import annotations

import ipaddress
import math
from functools import lru_cache
from typing import TYPE_CHECKING

from autoconfig.web.client_address import peer_of, within

if TYPE_CHECKING:
    from autoconfig.settings import Settings
    from autoconfig.web.asgi import Scope
    from autoconfig.web.client_address import IPAddress

KEPT = 16384
"""
How many clients, and how many networks, are remembered. The client that was not seen for longest is forgotten first;
so is the network of which no new client was seen for longest.
"""

_TRANSLATED = int(ipaddress.IPv6Address("64:ff9b::")) >> 32
"""The well-known prefix of RFC 6052, a /96 before an IPv4 address."""

_LONGEST = 200  # octets of an X-Forwarded-For that is worth remembering
_FORWARDED = b"x-forwarded-for"


class Bucket:
    """A network's token bucket: `due` is when its last request would have come at exactly the allowed rate."""

    __slots__ = ("due", "interval")

    def __init__(self, interval: float) -> None:
        """`interval`: seconds between two requests at the allowed rate; 0 for no limit."""
        self.due, self.interval = 0.0, interval


class Limiter:
    """The limiter of one process: several workers allow as many times the rate."""

    def __init__(self, settings: Settings) -> None:
        """By `rate_limit`, `rate_burst`, `trusted_proxies` and `internal_networks`."""
        rate = settings.rate_limit
        self._interval = 1 / rate if rate else 0.0
        # Half a request below the burst, so that rounding decides nothing.
        self._ahead = (settings.rate_burst - 0.5) * self._interval
        self._settings = settings
        self._bucket_of = lru_cache(KEPT)(self._bucket)
        self._of_network = lru_cache(KEPT)(self._new)

    def wait_of(self, scope: Scope, now: float) -> float:
        """Count the request of a scope, as `wait` does."""
        client, values = scope.get("client"), [value for name, value in scope["headers"] if name == _FORWARDED]
        return self.wait(client[0] if client else None, b",".join(values) if values else None, now)

    def wait(self, client: str | None, forwarded: bytes | None, now: float) -> float:
        """
        Count a request; 0 if it may be answered, else the seconds after which another one may.

        `client` is the address at the other end of the connection, `forwarded` the value of X-Forwarded-For; `now` is
        in seconds of any clock that never goes back.
        """
        known = forwarded is None or len(forwarded) <= _LONGEST
        bucket = (self._bucket_of if known else self._bucket)(client, forwarded)
        due = bucket.due
        if due <= now:
            bucket.due = now + bucket.interval
            return 0.0
        if due - now > self._ahead:
            return due - now - self._ahead
        bucket.due = due + bucket.interval
        return 0.0

    def _bucket(self, client: str | None, forwarded: bytes | None) -> Bucket:
        """The bucket of a peer and its X-Forwarded-For; the result is kept, so that both are parsed once."""
        headers = [] if forwarded is None else [(_FORWARDED, forwarded)]
        scope = {"client": (client, 0) if client else None, "headers": headers}
        address = peer_of(scope, self._settings.trusted_proxies).address
        return self._of_network(network_of(address, self._settings))

    def _new(self, network: tuple[int, int] | None) -> Bucket:
        return Bucket(self._interval if network else 0.0)


def network_of(address: IPAddress | None, settings: Settings) -> tuple[int, int] | None:
    """The network whose requests count together; `None` for an unknown client and the operator's own networks."""
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
