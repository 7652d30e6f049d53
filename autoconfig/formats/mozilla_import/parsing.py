"""From bytes that anybody wrote to a tree of elements, without a DTD, entities or a network."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from lxml import etree

from autoconfig.errors import DocumentInvalid

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
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        # White space before the declaration is what editors leave; Thunderbird refuses it, and so does libxml2.
        root = etree.fromstring(body.removeprefix(codecs.BOM_UTF8).lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise DocumentInvalid(f"it is not XML: {str(error).partition(' (<string>')[0]}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise DocumentInvalid("it has a DOCTYPE, which such a document never needs; remove it if you trust the rest")
    return root
