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

from autoconfig.cli.connection import Connection
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.plans.reload import PlansFile
from autoconfig.resources import templates
from autoconfig.settings import Settings
from autoconfig.web.app import application
from autoconfig.web.context import Context
from autoconfig.web.tally import INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

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


class Wire(asyncio.Transport):
    """The server's end of a connection, without a network."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closed = b"", False

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
