"""What a client gets over a connection of ours is what it gets over uvicorn's, byte for byte."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from autoconfig.cli.connection import HEAD, Connection
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.plans.reload import PlansFile
from autoconfig.resources import templates
from autoconfig.settings import Settings
from autoconfig.web.app import application
from autoconfig.web.context import Context
from autoconfig.web.tally import INDEX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from autoconfig.web.asgi import Receive, Scope, Send
    from autoconfig.web.entry import Entry

BODY = (
    b'<?xml version="1.0"?><Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/'
    b'requestschema/2006"><Request><EMailAddress>taro@sample.co.jp</EMailAddress></Request></Autodiscover>'
)
PATH, AUTODISCOVER = b"/mail/config-v1.1.xml", b"/autodiscover/autodiscover.xml"


def request(
    target: bytes = PATH, *headers: bytes, method: bytes = b"GET", version: bytes = b"1.1", body: bytes = b""
) -> bytes:
    """A request as it goes over the wire."""
    lines = [b"%b %b HTTP/%b" % (method, target, version), b"Host: autoconfig.sample.co.jp", *headers]
    return b"\r\n".join([*lines, b"", body])


def post(body: bytes = BODY, *headers: bytes) -> bytes:
    """An Autodiscover request."""
    return request(AUTODISCOVER, b"Content-Length: %d" % len(BODY), *headers, method=b"POST", body=body)


def chunked(*trailers: bytes, target: bytes = AUTODISCOVER, body: bytes = BODY, method: bytes = b"POST") -> bytes:
    """A request in chunks, with these trailers."""
    head = request(target, b"Transfer-Encoding: chunked", method=method)
    return head + b"%x\r\n%b\r\n" % (len(body), body) + b"\r\n".join([b"0", *trailers, b"", b""])


class Wire(asyncio.Transport):
    """The server's end of a connection, without a network."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed, self.ended = b"", False, asyncio.Event()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Who is there."""
        return {"peername": ("203.0.113.9", 40000), "sockname": ("127.0.0.1", 8080)}.get(name, default)

    def write(self, data: Any) -> None:
        """Bytes to the client."""
        self.written += data

    def is_closing(self) -> bool:
        """Whether the server has closed it."""
        return self.closed

    def close(self) -> None:
        """The server closes it."""
        self.closed = True
        self.ended.set()

    def pause_reading(self) -> None:
        """Nothing comes but by `data_received`."""

    def resume_reading(self) -> None:
        """Nothing comes but by `data_received`."""


class Server:
    """The demo over uvicorn's protocol, or ours."""

    def __init__(self, entry: Entry) -> None:
        self.entry, self.runner = entry, asyncio.Runner()
        self.config = Config(entry, ws="none", access_log=False, log_config=None, proxy_headers=False, lifespan="off")
        self.config.load()
        self.state = ServerState()
        self.state.default_headers = [(b"date", b"today")]

    def talk(
        self, kind: type[HttpToolsProtocol], pieces: Sequence[bytes], *, settle: bool = True, paused: bool = False
    ) -> Wire:
        """Send these pieces; with `settle` the server may work between them."""

        async def go() -> Wire:
            wire = Wire()
            protocol = kind(self.config, self.state, {}, asyncio.get_running_loop())
            protocol.connection_made(wire)
            if paused:
                protocol.pause_writing()
            for piece in pieces:
                if not wire.closed:
                    protocol.data_received(piece)
                if settle:
                    await asyncio.sleep(0.005)
            if not settle:
                return wire
            if paused:
                protocol.resume_writing()
            for _ in range(100):
                if not self.state.tasks:
                    break
                await asyncio.sleep(0.005)
            closed = wire.closed
            protocol.connection_lost(None)  # which closes it too
            await asyncio.gather(*self.state.tasks)
            wire.closed = closed
            return wire

        return self.runner.run(go())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo, with two domains."""
    folder = tmp_path_factory.mktemp("server")
    file = folder / "plans.toml"
    file.write_bytes((templates() / "demo" / "plans.toml").read_bytes())
    finder = MemoryFinder()
    finder.add("sample.co.jp", "server-maintenance")
    configured = Settings(plans=file, state_dir=folder / "state", rate_limit=1_000_000, rate_burst=1_000_000)
    context = Context(configured, finder, PlansFile(file, folder / "state", finder.in_use))
    served = Server(application(context))
    served.runner.run(context.start())
    yield served
    with served.runner:
        served.runner.run(context.close())


ERROR_TIME = re.compile(rb'Time="[^"]*"')

TALKS: dict[str, list[bytes]] = {
    "GET": [request()],
    "GET with an address": [request(PATH + b"?emailaddress=taro@sample.co.jp")],
    "POST": [post()],
    "one after the other": [request(), post(), request()],
    "in one piece": [request() + post() + request()],
    "with others between": [
        request() + request(b"/no-such-path") + request() + request(b"/v1.1/sample.co.jp") + post()
    ],
    "not ours": [request(PATH + b"?emailaddress=a@stranger.example")],
    "another path": [request(b"/v1.1/sample.co.jp")],
    "no such path": [request(b"/no-such-path")],
    "HEAD": [request(method=b"HEAD")],
    "PUT": [request(method=b"PUT")],
    "a fragment": [request(PATH + b"#x")],
    "an absolute target": [request(b"http://autoconfig.sample.co.jp" + PATH)],
    "a percent in the path": [request(b"/mail/config%2dv1.1.xml")],
    "a question mark alone": [request(PATH + b"?")],
    "HTTP/1.0": [request(version=b"1.0")],
    "HTTP/1.0, to be kept open": [request(PATH, b"Connection: keep-alive", version=b"1.0")],
    "the last one": [request(PATH, b"Connection: close"), request()],
    "an upgrade": [request(PATH, b"Connection: upgrade", b"Upgrade: h2c")],
    "octet by octet": [octet.to_bytes() for octet in request()],
    "a body octet by octet": [octet.to_bytes() for octet in post()],
    "a body that comes later": [post(b""), BODY],
    "a body in two halves": [post(BODY[:99]), BODY[99:] + request()],
    "a body that never comes": [post(BODY[:99])],
    "expected to go on": [post(b"", b"Expect: 100-continue"), BODY],
    "expected to go on, and did": [post(BODY, b"Expect: 100-continue")],
    "in chunks": [
        request(AUTODISCOVER, b"Transfer-Encoding: chunked", method=b"POST")
        + b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
        + request()
    ],
    "compressed": [post(BODY, b"Content-Encoding: gzip")],
    "no request": [post(b"x" * len(BODY))],
    "a GET with a body": [request(PATH, b"Content-Length: 4", body=b"body") + request()],
    "a header twice": [request(PATH, b"Accept: a", b"Accept: b")],
    "a Host twice": [request(PATH, b"Host: other.example")],
    "a long target": [request(PATH + b"?emailaddress=" + b"a" * 4500), request()],
    "the longest target": [request(PATH + b"?" + b"a" * 65400)],
    "a long target in pieces": [request(PATH + b"?" + b"a" * 65000)[at : at + 5000] for at in range(0, 70000, 5000)],
    "trailers of no interest": [chunked(b"X-Checksum: 1", b"Expect: 100-continue") + request()],
    "garbage": [b"garbage\r\n\r\n"],
    "garbage after a request": [request(), b"garbage\r\n\r\n"],
}


@pytest.mark.parametrize("pieces", TALKS.values(), ids=TALKS)
@pytest.mark.parametrize("paused", [False, True], ids=["", "full buffers"])
def test_same_bytes(server: Server, pieces: list[bytes], paused: bool) -> None:
    """However a request is written and comes, the same bytes go back, and the connection ends alike."""
    ours, theirs = (server.talk(kind, pieces, paused=paused) for kind in (Connection, HttpToolsProtocol))

    assert ERROR_TIME.sub(b"", theirs.written) == ERROR_TIME.sub(b"", ours.written)
    assert theirs.closed is ours.closed


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([request(), post(), request(b"/x"), request(method=b"HEAD")]), min_size=1, max_size=4),
    st.lists(st.integers(0, 1500), max_size=4),
)
def test_any_pieces(server: Server, requests: list[bytes], cuts: list[int]) -> None:
    """Wherever the network cuts a stream of requests, the same bytes go back in the same order."""
    stream, ends = b"".join(requests), sorted(cuts)
    pieces = [stream[start:end] for start, end in zip([0, *ends], [*ends, len(stream)], strict=True)]
    ours, theirs = (server.talk(kind, [piece for piece in pieces if piece]) for kind in (Connection, HttpToolsProtocol))

    assert theirs.written == ours.written


@pytest.mark.parametrize("pieces", [[request()], [post()], [request() + post() + request()]])
def test_at_once(server: Server, pieces: list[bytes]) -> None:
    """What the entry can answer without waiting is there when the call that brought it ends, and made no task."""
    before = server.entry._tally.counts[INDEX["resolved row"]]
    wire = server.talk(Connection, pieces, settle=False)

    assert wire.written.count(b"HTTP/1.1 200 OK\r\ndate: today\r\n") == pieces[0].count(b"HTTP/1.1")
    assert server.entry._tally.counts[INDEX["resolved row"]] - before == pieces[0].count(b"HTTP/1.1")
    assert not server.state.tasks


class Seen:
    """An application that keeps what it is called with."""

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body, answer."""
        while (await receive()).get("more_body"):
            pass
        self.scopes.append(scope)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})


@pytest.mark.parametrize("target", [AUTODISCOVER, PATH, b"/cold"])
@pytest.mark.parametrize("octetwise", [False, True], ids=["whole", "octet by octet"])
def test_trailers(server: Server, monkeypatch: pytest.MonkeyPatch, target: bytes, octetwise: bool) -> None:
    """What stands in trailers is no header: no client says there for whom it asks (RFC 9110 section 6.5.1)."""
    seen = Seen()
    monkeypatch.setattr(server.entry, "_rest", seen)
    monkeypatch.setattr(server.entry, "table", {})
    asked = chunked(b"X-Forwarded-For: 127.0.0.1", b"Host: x.example", target=target, method=b"POST")
    pieces = [octet.to_bytes() for octet in asked] if octetwise else [asked + asked]
    server.talk(Connection, pieces)

    assert len(seen.scopes) == (1 if octetwise else 2)
    for scope in seen.scopes:
        assert [name for name, _ in scope["headers"]] == [b"host", b"transfer-encoding"]


def test_trailers_of_a_held_request(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor are they where the request is held until it is whole, and then handed on."""
    seen = Seen()
    key = ("POST", AUTODISCOVER.decode())
    monkeypatch.setitem(server.entry.table, key, server.entry.table[key]._replace(endpoint=seen))
    wire = server.talk(Connection, [chunked(b"X-Forwarded-For: 127.0.0.1", b"Expect: 100-continue")])

    assert [name for name, _ in seen.scopes[0]["headers"]] == [b"host", b"transfer-encoding"]
    assert wire.written.startswith(b"HTTP/1.1 204 ")


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
    """A refusal is never written into the answer to another request; the connection ends."""
    wire = server.talk(Connection, [request(b"/v1.1/sample.co.jp") + long_head(HEAD + 100)], settle=False)

    assert b"HTTP/1.1 431" not in wire.written
    assert wire.closed


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
    monkeypatch.setattr("autoconfig.cli.connection.PATIENCE", 0.05)

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


def test_slow_server(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that waits for us is not slow, whatever it has begun to send meanwhile."""
    monkeypatch.setattr("autoconfig.cli.connection.PATIENCE", 0.02)
    answer = asyncio.Event()

    async def rest(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    monkeypatch.setattr(server.entry, "_rest", rest)

    async def go() -> Wire:
        wire = Wire()
        protocol = Connection(server.config, server.state, {}, asyncio.get_running_loop())
        protocol.connection_made(wire)
        protocol.data_received(request(b"/cold") + request()[:30])
        await asyncio.sleep(0.2)
        early = wire.closed
        answer.set()
        await asyncio.gather(*server.state.tasks)
        assert not early
        protocol.connection_lost(None)
        return wire

    assert server.runner.run(go()).written.startswith(b"HTTP/1.1 204 ")


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


def test_limited(server: Server, tmp_path: Path) -> None:
    """Whoever asks too often gets the same 429 at once as by uvicorn's way, and the connection stays."""
    context = server.entry.table["GET", PATH.decode()].endpoint.context  # type: ignore[attr-defined]
    limited = Settings(plans=context.settings.plans, state_dir=tmp_path, rate_limit=0.001, rate_burst=1)
    written = []
    for kind in (Connection, HttpToolsProtocol):
        other = Server(application(Context(limited, context.finder, context.plans)))
        with other.runner:
            wire = other.talk(kind, [request(), post(), request()])
        written.append(re.sub(rb"retry-after: \d+", b"", wire.written))
        assert not wire.closed

    assert written[0] == written[1]
    assert re.findall(rb"HTTP/1.1 (\d+)", written[0]) == [b"200", b"429", b"429"]


def test_stop(server: Server) -> None:
    """When the server stops every answer says that it is the connection's last."""
    server.state.default_headers = [(b"date", b"today"), (b"connection", b"close")]
    try:
        wire = server.talk(Connection, [request()])
    finally:
        server.state.default_headers = [(b"date", b"today")]

    assert wire.written.startswith(b"HTTP/1.1 200 OK\r\ndate: today\r\nconnection: close\r\n")
    assert wire.closed


def test_new_date(server: Server) -> None:
    """The date that uvicorn replaces is the one that is sent."""
    first = server.talk(Connection, [request()], settle=False)
    server.state.default_headers = [(b"date", b"tomorrow")]
    second = server.talk(Connection, [request()], settle=False)
    server.state.default_headers = [(b"date", b"today")]

    assert first.written.replace(b"today", b"tomorrow") == second.written
