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

from autoconfig.server.http_protocol import HEAD, TURN, Connection
from tests.server.wire import AUTODISCOVER, BODY, PATH, Server, Wire, chunked, demo_server, post, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from autoconfig.web.asgi import Receive, Scope, Send
    from tests.cli.conftest import Serve


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo."""
    with demo_server(tmp_path_factory.mktemp("server")) as served:
        yield served


def long_head(octets: int) -> bytes:
    """A request whose head has so many octets, in less than a hundred headers."""
    head = request(PATH)[:-2]
    missing = octets - len(head) - 2
    filler = b"X-Filler: " + b"a" * 888 + b"\r\n"
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
        kept = bytes(protocol._unread)
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
    """While answers are not read, no request behind is looked at; then all are answered, in their order."""
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
            waiting.append(len(server.state.tasks))
        assert wire.paused
        protocol.resume_writing()
        while tasks := list(server.state.tasks):
            await asyncio.gather(*tasks)
            await asyncio.sleep(0)  # from Python 3.12 on nothing is waited for where all tasks have ended
        protocol.connection_lost(None)
        return wire

    wire = server.runner.run(go())

    assert max(waiting) == 1
    assert [status for status, _ in asked] == re.findall(rb"HTTP/1.1 (\d+)", wire.written)


def test_endless_body(server: Server) -> None:
    """A body that nobody reads, or trailers, have an end too."""
    ask = request(PATH, b"Transfer-Encoding: chunked")
    body = server.talk(Connection, [ask, *[b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n"] * 260])
    trailers = server.talk(Connection, [ask + b"0\r\n", *[b"X-Trailer: " + b"x" * 50_000 + b"\r\n"] * 400])

    assert body.closed
    assert trailers.closed
    assert body.written.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize("length", [b"Transfer-Encoding: chunked", b"Content-Length: %d" % (2 << 20)])
def test_body_that_is_too_large(server: Server, length: bytes) -> None:
    """A body that is too large is answered 413, the rest of it is thrown away, and the next request is answered."""
    piece, chunk = b"x" * 65536, b"10000\r\n%b\r\n"
    pieces = [chunk % piece] * 32 + [b"0\r\n\r\n"] if b"chunked" in length else [piece] * 32
    wire = server.talk(Connection, [request(AUTODISCOVER, length, method=b"POST"), *pieces, request()])

    assert re.findall(rb"HTTP/1.1 (\d+)", wire.written) == [b"413", b"200"]
    assert not wire.closed


MALFORMED: dict[str, tuple[list[bytes], bytes]] = {
    "no request": ([b"garbage\r\n\r\n"], b"400"),
    "octets that no target has": ([b"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"], b"400"),
    "a long target": ([request(PATH + b"?" + b"a" * 4100)], b"414"),
    "a long target in pieces": ([b"GET /" + b"a" * 40000, b"a" * 20000, b" HTTP/1.1\r\nHost: a\r\n\r\n"], b"414"),
    "a long path, encoded": ([request(b"/" + b"%41" * 2000)], b"414"),
    "many headers": ([request(PATH, *[b"a:b"] * 100)], b"431"),
    "many headers in pieces": ([request(PATH)[:-2], *[b"a:b\r\n" * 20] * 6], b"431"),
    "a head without end": ([long_head(HEAD + 100)], b"431"),
}


@pytest.mark.parametrize(("pieces", "status"), MALFORMED.values(), ids=MALFORMED)
def test_malformed(server: Server, pieces: list[bytes], status: bytes) -> None:
    """What cannot be read is turned away with a short text, and the connection ends; the metrics count it."""
    before = server.counters.named()
    wire = server.talk(Connection, pieces)
    after = server.counters.named()
    outcome = "invalid" if status == b"400" else "refused"

    assert re.findall(rb"HTTP/1.1 (\d+)", wire.written) == [status]
    assert b"\r\nconnection: close\r\n" in wire.written
    assert wire.closed
    assert {name: after[name] - before[name] for name in after if after[name] != before[name]} == {
        f"requests other {outcome}": 1
    }


@pytest.mark.parametrize("pieces", [pieces for pieces, _ in MALFORMED.values()], ids=MALFORMED)
def test_malformed_counts(tmp_path: Path, pieces: list[bytes]) -> None:
    """What cannot be read counts against the client's rate, and is answered 429 beyond it."""
    with demo_server(tmp_path, rate_limit=0.001, rate_burst=3) as server:
        statuses = [server.talk(Connection, sent).written[9:12] for sent in (pieces, pieces, [request()], pieces)]
        limited = server.talk(Connection, [request()])

    assert statuses[2:] == [b"200", b"429"]
    assert b"429" not in statuses[:2]
    assert limited.written[9:12] == b"429"


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
    monkeypatch.setattr("autoconfig.server.http_protocol.PATIENCE", 0.05)

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
    monkeypatch.setattr("autoconfig.server.http_protocol.PATIENCE", 0.02)
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
    """
    More clients than a process may open files are turned away, and the log says so once and counts them; those before
    are served.
    """
    limits = resource.RLIMIT_NOFILE, (600, 600)
    server = serve(preexec_fn=lambda: resource.setrlimit(*limits))
    host, port = server.place.removeprefix("http://").split(":")
    with contextlib.ExitStack() as clients:
        connected = [clients.enter_context(socket.create_connection((host, int(port)))) for _ in range(400)]
        line = server.program.line("connections are turned away")
        answers = []
        for number, client in enumerate(connected):
            with contextlib.suppress(OSError):
                # The page loads what no other request needs; a page for each would take too long.
                client.sendall(request(PATH if number else b"/"))
                answers.append(client.recv(12))
        assert "connections=344" in line
        assert answers.count(b"HTTP/1.1 200") == 344
        assert server.program.process.poll() is None
    wait_until(lambda: server.get().status_code == 200)
    ended = server.program.end(signal.SIGTERM)
    (again,) = [line for line in ended.err.splitlines() if "turned away" in line]

    assert ended.code == 0
    assert "times=55" in again


@pytest.mark.parametrize("octets", [request(), post()], ids=["GET", "POST"])
def test_many_at_once(server: Server, octets: bytes) -> None:
    """
    Of requests that arrive together only some are answered in a row, then other connections have their turn; meanwhile
    nothing more is read. All are answered in the end, once each.
    """
    count = 5 * TURN + 3

    async def go() -> tuple[list[int], list[bool]]:
        wire, other = Wire(), Wire()
        ours, theirs = (Connection(server.config, server.state, {}, asyncio.get_running_loop()) for _ in range(2))
        ours.connection_made(wire)
        theirs.connection_made(other)
        answered, paused = list[int](), list[bool]()
        ours.data_received(octets * (count - 1) + octets[:9])
        ours.data_received(octets[9:])  # which may have been read already
        while not answered or answered[-1] < count:
            answered.append(wire.written.count(b"HTTP/1.1 200 "))
            paused.append(wire.paused)
            theirs.data_received(request())
            assert other.written.count(b"HTTP/1.1 200 ") == len(answered)
            await asyncio.sleep(0)
        ours.connection_lost(None)
        theirs.connection_lost(None)
        return answered, paused

    answered, paused = server.runner.run(go())

    assert answered == [*range(TURN, count, TURN), count]
    assert paused == [True] * (len(answered) - 1) + [False]


@pytest.mark.parametrize("ends", ["by the client", "by what follows"])
def test_end_before_its_turn(server: Server, ends: str) -> None:
    """A connection that ends before its next turn ends at once, or when it comes to what is no request."""
    last = [] if ends == "by the client" else [b"garbage\r\n\r\n"]

    async def go() -> Wire:
        wire = Wire()
        connection = Connection(server.config, server.state, {}, asyncio.get_running_loop())
        connection.connection_made(wire)
        connection.data_received(b"".join([request() * (TURN + 1), *last, request()]))
        if not last:
            connection.connection_lost(None)
        for _ in range(3):
            await asyncio.sleep(0)
        connection.connection_lost(None)
        return wire

    wire = server.runner.run(go())
    statuses = re.findall(rb"HTTP/1.1 (\d+)", wire.written)

    assert statuses == ([b"200"] * TURN if not last else [b"200"] * (TURN + 1) + [b"400"])
    assert last or wire.paused  # nothing is asked of a transport that has ended
