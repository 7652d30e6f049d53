"""IP addresses as the DNS, plans and certificates write them."""

from __future__ import annotations

import ipaddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses in IPv6 (RFC 6052); so are 2002::/16 (RFC 3056) and ::ffff:0:0/96."""
_LOCAL = tuple(map(ipaddress.ip_network, ("64:ff9b:1::/48", "fec0::/10", "::/96")))
"""
Local NAT64 (RFC 8215), site-local (RFC 3879) and IPv4-compatible addresses (RFC 4291 section 2.5.5.1), which Python
3.11 takes for global ones.
"""


def ip_address_of(text: str) -> IPAddress | None:
    """The IP address that a text is, or `None`."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def is_public(address: IPAddress) -> bool:
    """Whether an address is on the public Internet, and not private, loopback, link-local or multicast."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if any(address in network for network in _LOCAL):
            return False
    return address.is_global and not address.is_multicast
