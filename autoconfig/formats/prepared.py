"""
Documents as bytes with slots: a request costs one joining of pieces, no XML building.

The prepared form is derived from the one way in which a document is written: `document` is called with an account
whose domain and local part are markers, and the bytes are split at them. Names with the same plan and params share it.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.mail.account import Account
    from autoconfig.mail.bound import BoundPlan

    Document = Callable[[Account], bytes]

# Of this process only, so that nothing that anybody sends or writes can look like a marker.
_SECRET = secrets.token_hex(8)
_DOMAIN = Domain(f"d{_SECRET}.invalid")
_LOCAL = f"l{_SECRET}"
# Where the local part goes. Neither XML nor JSON can carry it, and no address or domain has it.
_MAILBOX = b"\0"

_SPECIAL = re.compile("[&<>]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class Prepared:
    """One document of a bound plan, for any domain and, if it was made for addresses, any local part."""

    __slots__ = ("_pieces", "names_mailbox")

    def __init__(self, document: Document, bound: BoundPlan, *, with_address: bool) -> None:
        """Call `document` once, with markers."""
        address = EmailAddress(_LOCAL, _DOMAIN) if with_address else None
        written = document(bound.account(_DOMAIN, address)).replace(_LOCAL.encode(), _MAILBOX)
        self._pieces = written.split(_DOMAIN.name.encode())
        self.names_mailbox = _MAILBOX in written
        """Whether the bytes are others for another mailbox of the same domain."""

    def fill(self, domain: Domain, address: EmailAddress | None = None) -> bytes:
        """The document for `domain`, which `bound.check` has let pass; the same bytes as `document` gives."""
        return self.fill_octets(domain.name.encode(), _escaped(address.local) if address else b"")

    def fill_octets(self, domain: bytes, local: bytes) -> bytes:
        """As `fill`, of a local part in which XML has nothing to escape."""
        filled = domain.join(self._pieces)
        return filled.replace(_MAILBOX, local) if self.names_mailbox else filled


def _escaped(text: str) -> bytes:
    """Text content as XML has it; nothing else needs care, for addresses with control characters do not exist."""
    if _SPECIAL.search(text):
        text = _SPECIAL.sub(lambda found: _ENTITIES[found.group()], text)
    return text.encode()
