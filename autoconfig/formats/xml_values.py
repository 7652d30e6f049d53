"""Compare a document from a stranger with one of this server's: the same XML, and if not, which values differ."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from lxml import etree

from autoconfig.formats.xml import NOT_XML, local_name, parsed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.formats.xml import Element

MOST_VALUES = 500
"""Values of a document that are read."""
LONGEST_VALUE = 200
"""Characters of a value that are read."""


def root_name(body: bytes) -> str | None:
    """The local name of the root element; `None` for other octets than XML, and for XML with a DOCTYPE."""
    root = _root(body)
    return None if root is None else local_name(root)


def is_same(body: bytes, expected: bytes) -> bool:
    """Whether two documents are the same in canonical form (Canonical XML 2.0), apart from space around texts."""
    if body == expected:
        return True
    root, own = _root(body), _root(expected)
    return root is not None and own is not None and _canonical(root) == _canonical(own)


def differences(body: bytes, expected: bytes) -> list[tuple[str, str, str]]:
    """
    The values that differ: the place, the value in `body` and the one in `expected`, empty where it is missing.

    A section is called by its `type`, such as `imap hostname`.
    """
    root, own = _root(body), _root(expected)
    if root is None or own is None:
        return []
    found, wanted = _values_of(root), _values_of(own)
    places = dict.fromkeys([*wanted, *found])
    return [
        (place, found.get(place, ""), wanted.get(place, ""))
        for place in places
        if found.get(place, "") != wanted.get(place, "")
    ]


def _root(body: bytes) -> Element | None:
    try:
        return parsed(body.removeprefix(codecs.BOM_UTF8), asides=False)
    except NOT_XML:
        return None


def _canonical(root: Element) -> bytes:
    canonical: bytes = etree.tostring(root, method="c14n2", strip_text=True, with_comments=False)
    return canonical


def values(body: bytes) -> dict[str, str]:
    """The texts of all leaves by place; several at one place are joined. Nothing for other octets than XML."""
    root = _root(body)
    return {} if root is None else _values_of(root)


def _values_of(root: Element) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, (place, text) in enumerate(_leaves(root, "")):
        if number >= MOST_VALUES:
            break
        values[place] = f"{values[place]}, {text}" if place in values else text
        values[place] = values[place][:LONGEST_VALUE]
    return values


def _leaves(element: Element, path: str) -> Iterator[tuple[str, str]]:
    """Depth first; `parsed` admits no more than 256 levels."""
    for child in element:
        name = local_name(child)
        if len(child) == 0:
            yield f"{path} {name}".strip(), (child.text or "").strip()
        else:
            kind = child.get("type") or (child.findtext("{*}Type") or "").strip()
            yield from _leaves(child, (kind or path)[:LONGEST_VALUE])
