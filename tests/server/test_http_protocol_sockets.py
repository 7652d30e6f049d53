"""Connections over sockets: clients that close half of one, or read nothing."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from typing import TYPE_CHECKING

import pytest

from autoconfig.server.http_protocol import Connection
from tests.server.raw_requests import answer
from tests.server.wire import BODY, Server, demo_server, post, request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The demo."""
    with demo_server(tmp_path) as served:
        yield served


class Listener:
    """Connections by TCP."""

    def __init__(self) -> None:
        self.place, self.made = ("", 0), list[Connection]()

    @contextlib.asynccontextmanager
    async def listening(self, server: Server) -> AsyncIterator[Listener]:
        """Accept clients; in the end all of them have gone."""
        loop = asyncio.get_running_loop()

        def make() -> Connection:
            self.made.append(Connection(server.config, server.state, {}, loop))
            return self.made[-1]

        listener = await loop.create_server(make, "127.0.0.1", 0)
        async with listener, asyncio.timeout(60):
            self.place = listener.sockets[0].getsockname()
            yield self
            await until(lambda: not server.state.connections)


async def until(held: Callable[[], bool]) -> None:
    """Wait; the listener's timeout is the limit."""
    while not held():  # noqa: ASYNC110 (nothing tells of it)
        await asyncio.sleep(0.01)


def test_half_closed(server: Server) -> None:
    """A client that has sent its last octet gets the answers that need no task; a half request ends quietly."""

    async def go() -> list[bytes]:
        answers = []
        async with Listener().listening(server) as listener:
            for octets in (request() + post(), request()[:30], post(BODY[:99])):
                reader, writer = await asyncio.open_connection(*listener.place)
                writer.write(octets)
                writer.write_eof()
                answers.append(await reader.read())
                writer.close()
        return answers

    both, *none = server.runner.run(go())

    assert re.findall(rb"HTTP/1.1 (\d+)", both) == [b"200", b"200"]
    assert none == [b"", b""]


def test_unread_answers(server: Server) -> None:
    """A client that reads nothing is not read either; when it reads, it gets every answer, in order."""
    asked, times = [request(), request(b"/x"), post()], 2500
    expected = b"".join(answer(server, Connection, [octets]).octets for octets in asked) * times

    async def go() -> tuple[int, bytes]:
        loop, client, got = asyncio.get_running_loop(), socket.socket(), bytearray()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
        client.setblocking(False)
        async with Listener().listening(server) as listener:
            await loop.sock_connect(client, listener.place)
            sending = loop.create_task(loop.sock_sendall(client, b"".join(asked) * times))
            await until(lambda: bool(listener.made) and listener.made[0]._read_paused)
            buffered = listener.made[0].transport.get_write_buffer_size()
            while len(got) < len(expected):
                got += await loop.sock_recv(client, 1 << 20)
            await sending
            client.close()
        return buffered, bytes(got)

    buffered, got = server.runner.run(go())

    assert buffered < 512 * 1024
    assert got == expected
