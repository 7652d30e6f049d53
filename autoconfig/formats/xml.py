"""
Read XML from strangers safely, and write XML that even clients' raw-text parsers can read: no prefixes, no space
around values.
"""

from __future__ import annotations

from lxml import etree

Element = etree._Element  # noqa: SLF001 (lxml has no public name for its element type)

NOT_XML = (etree.XMLSyntaxError, ValueError, LookupError)
"""What `parsed` raises for bytes that are not XML, nest deeper than 256 elements, or have an unknown encoding."""


def parsed(body: bytes, *, asides: bool) -> Element | None:
    """
    Parse untrusted XML without a DTD, entities or network access, and return the root element; `None` if there is a
    DOCTYPE. `asides`: keep comments and processing instructions.
    """
    # A parser for each body: lxml keeps the DTD of an earlier document in a shared one.
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=not asides,
        remove_pis=not asides,
    )
    root = etree.fromstring(body, parser)
    return root if root.getroottree().docinfo.internalDTD is None else None


def local_name(element: Element) -> str:
    """The name without its namespace."""
    return str(etree.QName(element).localname)


def child(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    """Append a child in the parent's namespace."""
    namespace = etree.QName(parent).namespace
    element = etree.SubElement(parent, etree.QName(namespace, name) if namespace else name, attributes)
    element.text = text
    return element


def serialised(root: Element) -> bytes:
    """Write the document: UTF-8 without BOM, with a declaration, one element per line."""
    etree.indent(root)
    # Not lxml's own declaration: raw-text parsers may not expect its single quotes.
    body: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"
