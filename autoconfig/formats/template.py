"""
Prepare documents as bytes with slots, so that a request joins pieces instead of building XML.

There is one way to write a document: `document` is called with an account whose domain and local part are markers, and
its bytes are split there. All names with the same plan and params share a prepared document.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.mail.stand_ins import marked

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.mail.account import Account
    from autoconfig.mail.binding import BoundPlan
    from autoconfig.mail.stand_ins import Values

    Document = Callable[[Account], bytes]

# Random for each process, so that no input can look like a marker.
_SECRET = secrets.token_hex(8)
_DOMAIN = Domain(f"d{_SECRET}.invalid")
# It changes in lower case and when percent-encoded, so that each form of the local part has a marker of its own.
_LOCAL = f"L{_SECRET}É"

_SPECIAL = re.compile(b"[&<>]")
_ENTITIES = {b"&": b"&amp;", b"<": b"&lt;", b">": b"&gt;"}


def _text(local: bytes) -> bytes:
    """Escape text content for XML; that is enough, because addresses have no control characters."""
    if _SPECIAL.search(local):
        return _SPECIAL.sub(lambda found: _ENTITIES[found.group()], local)
    return local


def _text_lower(local: bytes) -> bytes:
    return _text(local.decode().lower().encode())


def _segment(local: bytes) -> bytes:
    """Percent-encode for the path of a URL."""
    return quote(local, safe="").encode()


def _segment_lower(local: bytes) -> bytes:
    return _segment(local.decode().lower().encode())


class _Form(NamedTuple):
    """A form of the local part."""

    marker: bytes
    stand_in: bytes
    """Marks its places in a prepared document. It cannot occur in XML, JSON, an address or a domain."""
    of: Callable[[bytes], bytes]
    in_url: bool


_FORMS = (
    _Form(_LOCAL.encode(), b"\0", _text, in_url=False),
    _Form(_LOCAL.lower().encode(), b"\1", _text_lower, in_url=False),
    _Form(quote(_LOCAL).encode(), b"\2", _segment, in_url=True),
    _Form(quote(_LOCAL.lower()).encode(), b"\3", _segment_lower, in_url=True),
)


class Prepared:
    """A document of a bound plan for any domain and, if made with an address, for any local part."""

    __slots__ = ("_document", "_forms", "_pieces", "names_mailbox")

    def __init__(self, document: Document, bound: BoundPlan, *, with_address: bool) -> None:
        """Call `document` once, with markers."""
        address = EmailAddress(_LOCAL, _DOMAIN) if with_address else None
        written = document(bound.account(_DOMAIN, address))
        self._forms = tuple(form for form in _FORMS if form.marker in written)
        for form in self._forms:
            written = written.replace(form.marker, form.stand_in)
        self._pieces = marked(written).split(_DOMAIN.name.encode())
        in_url = any(form.in_url for form in self._forms)
        self._document = (lambda address: document(bound.account(address.domain, address))) if in_url else None
        self.names_mailbox = bool(self._forms)
        """Whether the bytes depend on the mailbox."""

    def fill(self, domain: Domain, address: EmailAddress | None = None) -> bytes:
        """Write the document for `domain`, which `BoundPlan.check` accepted; the bytes are those of `document`."""
        return self.fill_octets(domain.name.encode(), address.local.encode() if address else b"")

    def fill_octets(self, domain: bytes, local: bytes, hosts: Values = ()) -> bytes:
        """The same for a domain and a local part in UTF-8, and the hosts that the plan's stand-ins stand for."""
        if self._document and not local.strip(b"."):  # a mailbox of dots alone stands in no URL
            filled = marked(self._document(EmailAddress(local.decode(), Domain(domain.decode()))))
        else:
            filled = domain.join(self._pieces)
            for form in self._forms:
                filled = filled.replace(form.stand_in, form.of(local))
        for mark, host in hosts:
            filled = filled.replace(mark, host)
        return filled
