"""Requests that uvicorn answers: one at a time, over a transport of ours."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from autoconfig.server import http_protocol
from autoconfig.server.http_protocol import Connection
from tests.server.wire import AUTODISCOVER, Server, Wire, demo_server, request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.web.asgi import Receive, Scope, Send

SLOW = request(b"/x")
"""A request that uvicorn answers."""
LARGE = 1 << 20


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The demo."""
    with demo_server(tmp_path) as served:
        yield served


def connected(server: Server) -> tuple[Connection, Wire]:
    """A connection and the client's end of it."""
    connection, wire = Connection(server.config, server.state, {}, asyncio.get_running_loop()), Wire()
    connection.connection_made(wire)
    return connection, wire


async def answered(server: Server) -> None:
    """Wait for the requests under way."""
    await asyncio.gather(*server.state.tasks)
    await asyncio.sleep(0)


def test_used_again(server: Server) -> None:
    """One protocol of uvicorn's serves request after request; between them its clock does not end the connection."""

    async def go() -> Wire:
        connection, wire = connected(server)
        connection.data_received(SLOW)
        first = connection._exchange
        await answered(server)
        assert first is not None
        first._protocol.timeout_keep_alive_handler()
        assert not wire.closed
        connection.data_received(request() + SLOW)
        assert connection._exchange is first
        await answered(server)
        connection.connection_lost(None)
        return wire

    assert re.findall(rb"HTTP/1.1 (\d+)", server.runner.run(go()).written) == [b"404", b"200", b"404"]


def test_not_used_again(server: Server) -> None:
    """Where the body of a request was not read to its end, the next one gets another protocol."""

    async def go() -> Wire:
        connection, wire = connected(server)
        connection.data_received(request(b"/x", b"Content-Length: 9", body=b"1234"))
        first = connection._exchange
        await answered(server)
        connection.data_received(b"56789" + SLOW)
        assert connection._exchange is not first
        await answered(server)
        connection.connection_lost(None)
        return wire

    assert re.findall(rb"HTTP/1.1 (\d+)", server.runner.run(go()).written) == [b"404", b"404"]


def test_unexpected_request(server: Server) -> None:
    """If uvicorn ever read a request that it was not given, the connection would end without an answer."""

    class Aborted(Wire):
        def abort(self) -> None:
            self.closed = True

    async def nothing(*_: object) -> None:
        raise AssertionError

    async def go() -> Wire:
        connection, wire = Connection(server.config, server.state, {}, asyncio.get_running_loop()), Aborted()
        connection.connection_made(wire)
        connection.data_received(SLOW)
        exchange = connection._exchange
        await answered(server)
        assert exchange is not None
        before = wire.written
        with pytest.raises(RuntimeError, match="not given"):
            await exchange._answer({"headers": []}, nothing, nothing)  # type: ignore[arg-type]
        assert wire.written == before
        connection.connection_lost(None)
        return wire

    assert server.runner.run(go()).closed


def test_unread_body(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a body that the application has yet to read little is kept; the client is not slow meanwhile."""
    monkeypatch.setattr(http_protocol, "PATIENCE", 0.02)
    ready, read = asyncio.Event(), []

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await ready.wait()
        while (message := await receive()).get("more_body"):
            read.append(len(message["body"]))
        read.append(len(message["body"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    monkeypatch.setattr(server.entry, "_rest", app)

    async def go() -> Wire:
        connection, wire = connected(server)
        connection.data_received(request(b"/x", b"Content-Length: %d" % LARGE, method=b"POST"))
        left = LARGE
        while left:
            if wire.paused and not read:
                assert LARGE - left <= 3 * 65536
                await asyncio.sleep(0.1)
                monkeypatch.setattr(http_protocol, "PATIENCE", 60)
                await asyncio.sleep(0.1)  # the clock that is running ends, and the next one is longer
                ready.set()
            while wire.paused:  # noqa: ASYNC110 (nothing tells of it)
                await asyncio.sleep(0)
            assert not wire.closed
            connection.data_received(b"x" * 65536)
            left -= 65536
            await asyncio.sleep(0)
        await answered(server)
        connection.connection_lost(None)
        return wire

    assert server.runner.run(go()).written.startswith(b"HTTP/1.1 204 ")
    assert sum(read) == LARGE


@pytest.mark.parametrize("octets", [SLOW, request(AUTODISCOVER, b"Content-Length: 9", method=b"POST", body=b"x")])
def test_shutdown_under_way(server: Server, octets: bytes) -> None:
    """A request under way is answered when the server stops, and its answer is the connection's last."""

    async def go() -> Wire:
        connection, wire = connected(server)
        connection.data_received(octets)
        connection.shutdown()
        if octets is not SLOW:
            connection.data_received(b"12345678")
        connection.data_received(request())
        await answered(server)
        connection.connection_lost(None)
        return wire

    wire = server.runner.run(go())

    assert wire.written.count(b"HTTP/1.1 ") == wire.written.count(b"\r\nconnection: close\r\n") == 1
    assert wire.closed


@pytest.mark.parametrize("octets", [b"", request(), SLOW], ids=["nothing", "a common request", "another one"])
def test_shutdown_idle(server: Server, monkeypatch: pytest.MonkeyPatch, octets: bytes) -> None:
    """An idle connection ends a moment after the stop; a request that arrives until then is its last."""
    monkeypatch.setattr(http_protocol, "LINGER", 0.05)

    async def go() -> Wire:
        connection, wire = connected(server)
        connection.data_received(request())
        connection.shutdown()
        assert not wire.closed
        if octets:
            connection.data_received(octets)
        async with asyncio.timeout(20):
            await wire.ended.wait()
        connection.connection_lost(None)
        return wire

    wire = server.runner.run(go())

    assert wire.written.count(b"HTTP/1.1 ") == 1 + bool(octets)
    assert wire.written.count(b"\r\nconnection: close\r\n") == bool(octets)
