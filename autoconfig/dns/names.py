"""Names of which the public DNS knows nothing, so that nobody is asked for them."""

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
IANA's registry of special-use names (RFC 6761, 6762, 7686, 9476), and what ICANN keeps for private use (`internal`).
Nobody has mail under `arpa` (RFC 3172), so that all of it, `home.arpa` too, is among them.
"""


def is_public(name: Domain) -> bool:
    """Whether a stranger's mail could go to `name`: no single label, no IPv4 address, no name of special use."""
    labels = name.name.split(".")
    if len(labels) < 2 or labels[-1].isdigit():  # no top level domain is a number (RFC 3696 section 2)
        return False
    return not SPECIAL_USE & {labels[-1], ".".join(labels[-2:])}
