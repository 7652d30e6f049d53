"""Writing XML so that the raw-text parsers among the clients read it: no prefixes, no space around values."""

from __future__ import annotations

from lxml import etree

Element = etree._Element  # noqa: SLF001 (lxml has no public name for its element type)


def child(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    """A last child in the parent's namespace."""
    namespace = etree.QName(parent).namespace
    element = etree.SubElement(parent, etree.QName(namespace, name) if namespace else name, attributes)
    element.text = text
    return element


def serialised(root: Element) -> bytes:
    """The whole document: UTF-8 without BOM, declared, one element a line."""
    etree.indent(root)
    # Not lxml's own declaration: it has single quotes, which raw-text parsers need not expect.
    body: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"
