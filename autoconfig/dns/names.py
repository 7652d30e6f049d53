"""Recognise names that the public DNS cannot have, so that they are not looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoconfig.mail.domain import Domain

SPECIAL_USE = frozenset(
    {
        "alt",
        "arpa",
        "example",
        "example.com",
        "example.net",
        "example.org",
        "internal",
        "invalid",
        "local",
        "localhost",
        "onion",
        "test",
    }
)
"""
IANA's registry of special-use names (RFC 6761, 6762, 7686, 9476), and `internal`, which ICANN reserves for private use.
There is no mail under `arpa` (RFC 3172), so all of it is listed, including `home.arpa`.
"""


def is_public(name: Domain) -> bool:
    """Whether `name` could be in the public DNS: not a single label, an IPv4 address or a special-use name."""
    labels = name.name.split(".")
    if len(labels) < 2 or labels[-1].isdigit():  # a top-level domain is never a number (RFC 3696 section 2)
        return False
    return not SPECIAL_USE & {labels[-1], ".".join(labels[-2:])}
