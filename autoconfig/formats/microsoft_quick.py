"""
Reads the Autodiscover request that Outlook, phones and their imitators send, by one expression over the whole body.

Building a tree costs six times as much. Whatever is read here is read alike by `microsoft_request`; whatever is not
exactly of this form (entities, comments, other namespaces, an address in upper case or in Japanese) is left to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.formats.microsoft_request import Schema
from autoconfig.mail.address import MAX_OCTETS
from autoconfig.mail.domain import HOST_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 2000
"""Octets of the longest body that is looked at; real ones have 400."""

_SCHEMAS: Mapping[bytes | None, Schema] = {
    None: Schema.OUTLOOK,
    b"outlook": Schema.OUTLOOK,
    b"mobilesync": Schema.MOBILESYNC,
}

# Possessive and atomic, so that no body makes it try anything twice. Microsoft's pages show https in the namespaces,
# and .NET declares UTF-16 whatever the bytes then become.
_SPACE = r"[ \t\r\n]{0,99}+"
_DECLARATION = r'<\?xml version="1\.0"(?: encoding="[Uu][Tt][Ff]-(?:8|16)")?+(?: standalone="(?:yes|no)")?+ ?+\?>'
_BASE = r"https?+://schemas\.microsoft\.com/exchange/autodiscover/"
# Printable, and nothing that XML escapes.
_ADDRESS = rf"([A-Za-z0-9.!#$%'*+/=?^_{{|}}~-]{{1,64}}+)@((?>{HOST_NAME}))"
_WANTED = (
    rf"(?:<AcceptableResponseSchema>{_BASE}(outlook|mobilesync)/responseschema/2006a?+</AcceptableResponseSchema>"
    rf"{_SPACE})?+"
)
_REQUEST = re.compile(
    (
        rf"(?:\xef\xbb\xbf)?+{_SPACE}(?:{_DECLARATION})?+{_SPACE}"
        rf'<Autodiscover xmlns="{_BASE}(?:outlook|mobilesync)/requestschema/2006">{_SPACE}<Request>{_SPACE}'
        rf"{_WANTED}<EMailAddress>{_SPACE}{_ADDRESS}{_SPACE}</EMailAddress>{_SPACE}{_WANTED}"
        rf"</Request>{_SPACE}</Autodiscover>{_SPACE}"
    ).encode("latin-1")
)


class QuickRequest(NamedTuple):
    """What `microsoft_request.AutodiscoverRequest` says, in octets."""

    local: bytes
    """Without anything that XML escapes."""
    domain: bytes
    schema: Schema


def quick_request(body: bytes) -> QuickRequest | None:
    """The request; `None` if `read_request` has to say what it is."""
    found = _REQUEST.fullmatch(body) if len(body) <= LONGEST else None
    if found is None:
        return None
    before, local, domain, after = found.groups()
    if len(local) + 1 + len(domain) > MAX_OCTETS:
        return None
    return QuickRequest(local, domain, _SCHEMAS[before or after])
