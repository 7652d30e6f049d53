"""
Read Autodiscover requests as clients really send them (MS-OXDSCLI section 2.2.3, MS-ASCMD).

Elements are found by local name, whatever the Content-Type, namespace, encoding, BOM or leading white space:
Microsoft's own pages show wrong namespaces, and Android labels the XML as a form.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from enum import Enum, auto

from autoconfig.errors import AddressInvalid, RequestInvalid
from autoconfig.formats.xml import NOT_XML, Element, local_name, parsed
from autoconfig.mail.address import EmailAddress

MAX_OCTETS = 64 * 1024
"""Longest body that is read; real ones are under 1 KiB."""

# Anchored and bounded, so that a body from a stranger cannot make the search start again at every character.
_DECLARATION = re.compile(r"\A<\?xml\s[^>]{0,200}\?>")
# .NET's StringWriter declares UTF-16 whatever the real encoding is.
_SAYS_UTF16 = re.compile(rb"\A<\?xml\s[^>]{0,100}?encoding\s{0,9}=\s{0,9}[\"']utf-16[^>]{0,100}\?>", re.IGNORECASE)
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}


class Schema(Enum):
    """The kind of response that a client can read."""

    OUTLOOK = auto()
    MOBILESYNC = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class AutodiscoverRequest:
    """The address whose settings a client asks for, and the schema that it can read."""

    address: EmailAddress
    schema: Schema


def read_request(body: bytes) -> AutodiscoverRequest:
    """
    Read the body of a request.

    Raises:
        RequestInvalid: it is not XML, has a DOCTYPE, is nested too deeply, or has no address that can be read.
    """
    root = _parsed(body)
    if local_name(root) != "Autodiscover":
        raise RequestInvalid("the root element is not Autodiscover")
    try:
        address = EmailAddress.parse(_text(root, "EMailAddress"))
    except AddressInvalid as error:
        raise RequestInvalid(str(error)) from error
    return AutodiscoverRequest(address, _schema(_text(root, "AcceptableResponseSchema")))


def _text(root: Element, name: str) -> str:
    """The text of the first element of this name. lxml searches for it: a body may have 16,000 others."""
    found = next(root.iter(f"{{*}}{name}"), None)
    return "" if found is None else (found.text or "").strip()


def _schema(name: str) -> Schema:
    """The schema by its name; Outlook's by default, because it was the first."""
    lowered = name.lower()
    if not lowered or "/outlook/responseschema/" in lowered:
        return Schema.OUTLOOK
    return Schema.MOBILESYNC if "/mobilesync/responseschema/" in lowered else Schema.UNKNOWN


def _parsed(body: bytes) -> Element:
    try:
        root = parsed(_from_its_start(body), asides=False)
    except NOT_XML as error:
        raise RequestInvalid("the body is not XML") from error
    if root is None:
        raise RequestInvalid("the body has a DOCTYPE")
    return root


def _from_its_start(body: bytes) -> bytes:
    """Remove a BOM and white space before the declaration, which libxml2 refuses; convert UTF-16 to UTF-8."""
    if encoding := _UTF16.get(body[:2]):
        return _DECLARATION.sub("", body.decode(encoding).lstrip(), count=1).encode()
    return _SAYS_UTF16.sub(b"", body.removeprefix(codecs.BOM_UTF8).lstrip(), count=1)
