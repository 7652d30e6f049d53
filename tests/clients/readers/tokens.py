"""Markup as token readers have it (quick-xml, GMarkup): names as written, every piece of text for itself."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, NamedTuple

from tests.clients.readers.client import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

START, EMPTY, END, TEXT = "start", "empty", "end", "text"

_TOKEN = re.compile(
    r"""(?:<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<![^>]*>)
    |</(?P<end>[^\s>]+)\s*>
    |<(?P<start>[^\s/>!?]+)(?P<attributes>(?:\s+[^\s=/>]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(?P<empty>/?)>
    |(?P<text>[^<]+)""",
    re.DOTALL | re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""([^\s=/>]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_NONE: dict[str, str] = {}


class Token(NamedTuple):
    """A tag, or text between tags, comments and CDATA sections; these are left out, CDATA with what it holds."""

    kind: str
    name: str = ""
    attributes: dict[str, str] = _NONE
    text: str = ""
    """As written, with its entities."""


def tokens(document: bytes) -> Iterator[Token]:
    """
    The tokens of a document in UTF-8, whose tags have to match.

    Raises:
        Refused: it is no markup.
    """
    try:
        source = document.decode()
    except UnicodeDecodeError as error:
        raise Refused("not UTF-8") from error
    open_: list[str] = []
    at = 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise Refused(f"not well-formed at {source[at : at + 20]!r}")
        at = match.end()
        if name := match["start"]:
            attributes = {key: html.unescape(a or b) for key, a, b in _ATTRIBUTE.findall(match["attributes"])}
            if not match["empty"]:
                open_.append(name)
            yield Token(EMPTY if match["empty"] else START, name, attributes)
        elif name := match["end"]:
            if not open_ or open_.pop() != name:
                raise Refused(f"</{name}> closes nothing")
            yield Token(END, name)
        elif match["text"]:
            yield Token(TEXT, open_[-1] if open_ else "", text=match["text"])
    if open_:
        raise Refused(f"<{open_[-1]}> is not closed")
