"""Android's XmlPullParser, not aware of namespaces, over an InputStreamReader: UTF-8 whatever the document declares."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from xml.parsers import expat

from tests.clients.readers.client import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

START, TEXT, END, FINISHED = "START_TAG", "TEXT", "END_TAG", "END_DOCUMENT"
_NONE: dict[str, str] = {}


class Event(NamedTuple):
    """What the parser stands on."""

    kind: str
    name: str = ""
    text: str = ""
    attributes: dict[str, str] = _NONE
    depth: int = 0


class Pull:
    """A parser over a whole document, which has to be well-formed."""

    def __init__(self, document: bytes) -> None:
        self._events = _events(document)
        self._at = 0
        self.event = Event("START_DOCUMENT")

    def next(self) -> Event:
        """Go on to the next tag or text."""
        self.event = self._events[self._at]
        self._at = min(self._at + 1, len(self._events) - 1)
        return self.event

    def element(self, block: Callable[[Event], None]) -> None:
        """Call `block` for all that is in the element whose start the parser stands on."""
        top = self.event
        while True:
            event = self.next()
            if event.kind == FINISHED or (event.kind == END and (event.name, event.depth) == (top.name, top.depth)):
                return
            if event.kind != END:
                block(event)

    def skip(self) -> None:
        """Go to the end of the element."""
        self.element(lambda _event: None)


def _events(document: bytes) -> list[Event]:
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    events: list[Event] = []
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        events.append(Event(START, name, attributes=attributes, depth=depth))

    def text(piece: str) -> None:
        events.append(Event(TEXT, text=piece, depth=depth))

    def end(name: str) -> None:
        nonlocal depth
        events.append(Event(END, name, depth=depth))
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    try:
        parser.Parse(document.decode("utf-8", "replace").encode(), True)
    except expat.ExpatError as error:
        raise Refused(f"not well-formed: {error}") from error
    return [*events, Event(FINISHED)]
