"""XML as DOM readers have it: elements with their names as written, text put together over comments and CDATA."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from tests.clients.readers.client import Refused


@dataclass(slots=True)
class Node:
    """An element."""

    name: str
    """As written, prefix and all."""
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its own text and that of all elements in it."""
        return "".join(self.pieces)

    def all(self, name: str) -> list[Node]:
        """The children of that name."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> Node | None:
        """The first child of that name."""
        return next(iter(self.all(name)), None)


def parse(document: bytes, encoding: str | None = None) -> Node:
    """
    The root element; `encoding` overrides what the document declares.

    Raises:
        Refused: it is not well-formed.
    """
    parser = expat.ParserCreate(encoding)
    top = Node("", {})
    open_: list[Node] = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        node = Node(name, attributes)
        open_[-1].children.append(node)
        open_.append(node)

    def end(_name: str) -> None:
        open_.pop()

    def text(piece: str) -> None:
        for node in open_:
            node.pieces.append(piece)

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(document, True)
    except expat.ExpatError as error:
        raise Refused(f"not well-formed: {error}") from error
    return top.children[0]


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]
