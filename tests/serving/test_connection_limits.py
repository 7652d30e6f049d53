"""No request is endless: its head, its body and its trailers have to end within some octets, and in time."""

from __future__ import annotations

import asyncio
import contextlib
import re
import resource
import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.serving.connection import HEAD, PIECE, Connection
from tests.serving.wire import BODY, PATH, Server, Wire, chunked, demo_server, post, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from autoconfig.web.asgi import Receive, Scope, Send
    from tests.cli.conftest import Serve


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo."""
    with demo_server(tmp_path_factory.mktemp("server")) as served:
        yield served


def long_head(octets: int) -> bytes:
    """A request whose head has so many octets, in headers of a few hundred."""
    head = request(PATH)[:-2]
    missing = octets - len(head) - 2
    filler = b"X-Filler: " + b"a" * 88 + b"\r\n"
    count, rest = divmod(missing, len(filler))
    return head + filler * (count - 1) + filler[:-2] + b"a" * rest + b"\r\n\r\n"


@pytest.mark.parametrize("piece", [1000, HEAD, 300_000])
@pytest.mark.parametrize("make", [long_head, lambda octets: request(PATH + b"?" + b"a" * octets)[:octets]])
def test_long_head(server: Server, piece: int, make: Callable[[int], bytes]) -> None:
    """A head that has no end within 64 KiB is refused, however it comes, and the connection ends; a target is in it."""
    taken, refused = (
        server.talk(Connection, [head[at : at + piece] for at in range(0, len(head), piece)])
        for head in (long_head(HEAD), make(HEAD + 1))
    )

    assert taken.written.startswith(b"HTTP/1.1 200 ")
    assert taken.closed is False
    assert refused.written.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\ndate: today\r\n")
    assert b"\r\nconnection: close\r\n" in refused.written
    assert refused.written.endswith(b"\r\n\r\nThe head of the request is larger than 64 KiB.\n")
    assert refused.closed


def test_long_head_behind_a_request(server: Server) -> None:
    """A refusal is never written before the answer to another request; the connection ends."""
    wire = server.talk(Connection, [request(b"/x") + long_head(HEAD + 100)])

    assert re.findall(rb"HTTP/1.1 (\d+)", wire.written) == [b"404", b"431"]
    assert wire.closed


class Strict(Wire):
    """One of which nothing is asked after its end."""

    def write(self, data: Any) -> None:
        """Bytes to the client."""
        assert not self.closed, data
        super().write(data)

    def pause_reading(self) -> None:
        """Nothing more is to come for now."""
        assert not self.closed


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (long_head(HEAD)[:-6] + b"\r\n\0:\r\n", b"400"),
        (long_head(HEAD + 100) + request() * 3000, b"431"),
    ],
    ids=["no header where the head has to end", "much behind a head without end"],
)
def test_refused_once(server: Server, sent: bytes, status: bytes) -> None:
    """After one refusal nothing is written, and nothing of what follows is kept."""

    async def go() -> tuple[Wire, bytes]:
        wire = Strict()
        protocol = Connection(server.config, server.state, {}, asyncio.get_running_loop())
        protocol.connection_made(wire)
        protocol.data_received(sent)
        kept = protocol._unread
        protocol.connection_lost(None)
        return wire, kept

    wire, kept = server.runner.run(go())

    assert re.findall(rb"HTTP/1.1 (\d+)", wire.written) == [status]
    assert (wire.closed, kept) == (True, b"")


def test_client_that_goes(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """A client that goes while several of its answers are due is no error of ours."""

    async def go() -> None:
        wire = Strict()
        protocol = Connection(server.config, server.state, {}, asyncio.get_running_loop())
        protocol.connection_made(wire)
        protocol.pause_writing()
        protocol.data_received(request(b"/x") * 3)
        await asyncio.sleep(0)
        wire.closed = True
        protocol.connection_lost(ConnectionResetError())
        await asyncio.gather(*server.state.tasks)

    server.runner.run(go())

    assert caplog.messages == []


@pytest.mark.parametrize("octets", [100, 4096, 256_000])
def test_requests_without_end(server: Server, octets: int) -> None:
    """While answers are not read, few of the requests behind wait; then all are answered, in their order."""
    asked = [(b"200", PATH) if number % 3 else (b"404", b"/x") for number in range(3_000)]
    stream = b"".join(request(path, method=b"GET" if path != PATH else b"HEAD") for _, path in asked)
    waiting = []

    async def go() -> Wire:
        wire = Wire()
        protocol = Connection(server.config, server.state, {}, asyncio.get_running_loop())
        protocol.connection_made(wire)
        protocol.pause_writing()
        for at in range(0, len(stream), octets):
            protocol.data_received(stream[at : at + octets])
            waiting.append(len(protocol.pipeline))
        assert protocol.flow.read_paused
        protocol.resume_writing()
        while tasks := list(server.state.tasks):
            await asyncio.gather(*tasks)
        protocol.connection_lost(None)
        return wire

    wire = server.runner.run(go())

    assert max(waiting) <= PIECE // len(request(b"/x"))
    assert [status for status, _ in asked] == re.findall(rb"HTTP/1.1 (\d+)", wire.written)


def test_endless_body(server: Server) -> None:
    """A body that nobody reads, or trailers, have an end too."""
    ask = request(PATH, b"Transfer-Encoding: chunked")
    body = server.talk(Connection, [ask, *[b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"] * 20])
    trailers = server.talk(Connection, [ask + b"0\r\n", *[b"X-Trailer: " + b"x" * 50_000 + b"\r\n"] * 30])

    assert body.closed
    assert trailers.closed
    assert body.written.count(b"HTTP/1.1") == 1


SLOW: dict[str, list[bytes]] = {
    "nothing": [],
    "half a head": [request()[:40]],
    "half a body": [post(BODY[:99])],
    "half a body, of no interest": [request(PATH, b"Content-Length: 9", b"Connection: keep-alive", body=b"x")],
    "half a second head": [request() + post() + request()[:40], b"H"],
    "half a second body": [request(), post(BODY[:99])],
    "empty lines": [request(), b"\r\n", b"\r\n"],
    "trailers": [chunked()[:-2], b"X: y\r\n"],
}


@pytest.mark.parametrize("pieces", SLOW.values(), ids=SLOW)
def test_slow_client(server: Server, monkeypatch: pytest.MonkeyPatch, pieces: list[bytes]) -> None:
    """A request has to be here in time, however it is begun; else the connection ends."""
    monkeypatch.setattr("autoconfig.serving.connection.PATIENCE", 0.05)

    async def go() -> Wire:
        wire = Wire()
        protocol = Connection(server.config, server.state, {}, asyncio.get_running_loop())
        protocol.timeout_keep_alive = 3600  # uvicorn's own limit, for an idle connection
        protocol.connection_made(wire)
        for piece in pieces:
            protocol.data_received(piece)
        async with asyncio.timeout(20):
            await wire.ended.wait()
        protocol.connection_lost(None)
        await asyncio.gather(*server.state.tasks)
        return wire

    assert server.runner.run(go()).closed


@pytest.mark.parametrize(
    "sent",
    [request(b"/cold") + request()[:30], request() + request(b"/cold")],
    ids=["half a request behind", "behind one that was answered at once"],
)
def test_slow_server(server: Server, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """A client that waits for us is neither slow nor idle, whatever it has sent meanwhile or before."""
    monkeypatch.setattr("autoconfig.serving.connection.PATIENCE", 0.02)
    answer = asyncio.Event()

    async def rest(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    monkeypatch.setattr(server.entry, "_rest", rest)

    async def go() -> Wire:
        wire = Wire()
        protocol = Connection(server.config, server.state, {}, asyncio.get_running_loop())
        protocol.timeout_keep_alive = 0  # uvicorn's own limit, for an idle connection
        protocol.connection_made(wire)
        protocol.data_received(sent)
        await asyncio.sleep(0.2)
        early = wire.closed
        answer.set()
        await asyncio.gather(*server.state.tasks)
        assert not early
        protocol.connection_lost(None)
        return wire

    assert b"HTTP/1.1 204 " in server.runner.run(go()).written


def test_timer_ends(server: Server) -> None:
    """A connection that waits for the next request, or has ended, has no clock of ours running."""

    async def go() -> list[bool]:
        protocol = Connection(server.config, server.state, {}, asyncio.get_running_loop())
        protocol.connection_made(Wire())
        clocks = [protocol._late is None]
        for piece in (request(), request()[:30], request()[30:], request()[:30]):
            protocol.data_received(piece)
            await asyncio.gather(*server.state.tasks)
            clocks.append(protocol._late is None)
        protocol.connection_lost(None)
        return [*clocks, protocol._late is None]

    assert server.runner.run(go()) == [False, True, False, True, False, True]


def test_connections(serve: Serve, wait_until: Callable[[Callable[[], bool]], None]) -> None:
    """More clients than a process may open files are turned away, and the log says so; those before are served."""
    limits = resource.RLIMIT_NOFILE, (600, 600)
    server = serve(preexec_fn=lambda: resource.setrlimit(*limits))
    host, port = server.place.removeprefix("http://").split(":")
    with contextlib.ExitStack() as clients:
        connected = [clients.enter_context(socket.create_connection((host, int(port)))) for _ in range(400)]
        line = server.program.line("connections are turned away")
        answers = []
        for client in connected:
            with contextlib.suppress(OSError):
                client.sendall(request(b"/"))  # which loads what no other request needs
                answers.append(client.recv(12))
        assert "connections=344" in line
        assert answers.count(b"HTTP/1.1 200") == 344
        assert server.program.process.poll() is None
    wait_until(lambda: server.get().status_code == 200)
    ended = server.program.end(signal.SIGTERM)

    assert ended.code == 0
    assert "turned away" not in ended.err
