from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import pytest

from tests.clients.thunderbird.listeners import LIMIT, Listeners
from tests.clients.thunderbird.router import Place, Router

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

PLACE = Place("autoconfig.sample.co.jp", 443)
UNREACHABLE = b"\5\4"


@pytest.fixture
def listeners() -> Iterator[Listeners]:
    """Servers that need no Thunderbird."""
    with Listeners() as entered:
        yield entered


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that says something at once and then waits for its client."""
    writer.write(b"hello")
    await reader.read()


def connected(router: Router) -> socket.socket:
    """A connection to PLACE, as Thunderbird makes it."""
    client = socket.create_connection(("127.0.0.1", router.port), LIMIT)
    name = PLACE.host.encode()
    client.sendall(b"\5\1\0" + b"\5\1\0\3" + bytes([len(name)]) + name + PLACE.port.to_bytes(2, "big"))
    return client


def test_connections_end_with_their_test(listeners: Listeners) -> None:
    """A connection that Thunderbird keeps does not lead its next request to the server of an earlier test."""
    router = Router(listeners)
    with connected(router) as refused, refused.makefile("rb") as answer:
        assert answer.read()[2:4] == UNREACHABLE
    with contextlib.ExitStack() as kept:
        with router.opened({PLACE: listeners.listen(greet)}):
            client = kept.enter_context(connected(router))
            answer = kept.enter_context(client.makefile("rb"))
            assert answer.read(17).endswith(b"hello")
        assert answer.read() == b""
