"""From bytes that anybody wrote to a tree of elements, without a DTD, entities or a network."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from autoconfig.errors import DocumentInvalid
from autoconfig.formats import xml

if TYPE_CHECKING:
    from autoconfig.formats.xml import Element

MAX_OCTETS = 1024 * 1024
"""Longest document that is read; the longest of Mozilla's public database has a few KiB."""


def parsed(body: bytes) -> Element:
    """
    The root element.

    Raises:
        DocumentInvalid: it is too long, not XML, nested deeper than 256 elements, or has a DOCTYPE.
    """
    if len(body) > MAX_OCTETS:
        raise DocumentInvalid("it is longer than 1 MiB; a document of this kind has a few KiB")
    try:
        # White space before the declaration is what editors leave; Thunderbird refuses it, and so does libxml2.
        root = xml.parsed(body.removeprefix(codecs.BOM_UTF8).lstrip(), asides=True)
    except xml.NOT_XML as error:
        raise DocumentInvalid(f"it is not XML: {str(error).partition(' (<string>')[0]}") from error
    if root is None:
        raise DocumentInvalid("it has a DOCTYPE, which such a document never needs; remove it if you trust the rest")
    return root
