"""
The whole network of a Thunderbird under test: a SOCKS5 server (RFC 1928) that is asked for names, never for addresses.

It leads the names that a test opens to servers on this machine. All others are refused and noted, so nothing leaves
the machine and a test sees where Thunderbird would have gone.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, NamedTuple

from tests.clients.thunderbird.listeners import pump

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.clients.thunderbird.listeners import Address, Listeners

NO_AUTHENTICATION, CONNECT, DOMAIN_NAME = 0, 1, 3
SUCCEEDED, UNREACHABLE, REFUSED = 0, 4, 5


class Place(NamedTuple):
    """Where Thunderbird wants to go."""

    host: str
    port: int


class Router:
    """Leads a Thunderbird's connections."""

    def __init__(self, listeners: Listeners) -> None:
        self._listeners = listeners
        self._routes: dict[Place, Address] = {}
        self._led: set[asyncio.StreamWriter] = set()
        self.reached: list[Place] = []
        self.refused: list[Place] = []
        self.port = listeners.listen(self._serve)[1]

    @contextlib.contextmanager
    def opened(self, *routes: Mapping[Place, Address]) -> Iterator[None]:
        """
        Nothing but these places exists, and what was noted before is forgotten. In the end connections end too:
        Thunderbird keeps those that it made for a request and then did not need, and would use them for the next test.
        """
        before = self._routes
        self._routes = {place: address for some in routes for place, address in some.items()}
        self.reached.clear()
        self.refused.clear()
        try:
            yield
        finally:
            self._routes = before
            self._listeners.call(self._hang_up)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _version, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(bytes([5, NO_AUTHENTICATION]))
        _version, command, _reserved, kind = await reader.readexactly(4)
        if (command, kind) != (CONNECT, DOMAIN_NAME):
            self.refused.append(Place(f"command {command} to an address of type {kind}", 0))
            writer.write(_reply(REFUSED))
            return
        (length,) = await reader.readexactly(1)
        host = (await reader.readexactly(length)).decode("ascii").lower()
        place = Place(host, int.from_bytes(await reader.readexactly(2), "big"))
        address = self._routes.get(place)
        if address is None:
            self.refused.append(place)
            writer.write(_reply(UNREACHABLE))
            return
        self.reached.append(place)
        self._led.add(writer)
        try:
            there = await asyncio.open_connection(*address)
            writer.write(_reply(SUCCEEDED))
            await pump((reader, writer), there)
        finally:
            self._led.discard(writer)

    def _hang_up(self) -> None:
        for writer in self._led:
            writer.transport.abort()


def _reply(code: int) -> bytes:
    """With an address that nobody reads."""
    return bytes([5, code, 0, 1, 0, 0, 0, 0, 0, 0])
