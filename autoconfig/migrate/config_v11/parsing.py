"""Parse untrusted bytes into a tree of elements, without a DTD, entities or network access."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from autoconfig.errors import DocumentInvalid
from autoconfig.formats import xml

if TYPE_CHECKING:
    from autoconfig.formats.xml import Element

MAX_OCTETS = 1024 * 1024
"""Octets of the longest document that is read; those in Mozilla's public database have a few KiB."""


def parsed(body: bytes) -> Element:
    """
    Parse a document and return its root element.

    Raises:
        DocumentInvalid: it is too long, not XML, nested deeper than 256 elements, or has a DOCTYPE.
    """
    if len(body) > MAX_OCTETS:
        raise DocumentInvalid("it is longer than 1 MiB; a document of this kind has a few KiB")
    try:
        # Editors leave white space before the declaration; Thunderbird and libxml2 refuse it.
        root = xml.parsed(body.removeprefix(codecs.BOM_UTF8).lstrip(), asides=True)
    except xml.NOT_XML as error:
        raise DocumentInvalid(f"it is not XML: {str(error).partition(' (<string>')[0]}") from error
    if root is None:
        raise DocumentInvalid("it has a DOCTYPE, which such a document never needs; remove it if you trust the rest")
    return root
