"""What a client gets over a connection of ours is what it gets over uvicorn's, byte for byte."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from autoconfig.server.http_protocol import LONGEST_TARGET, Connection
from autoconfig.settings import Settings
from autoconfig.web.app import application
from autoconfig.web.metrics.counters import INDEX
from autoconfig.web.services import Services
from tests.server.wire import AUTODISCOVER, BODY, PATH, Server, chunked, demo_server, post, request

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.web.asgi import Receive, Scope, Send


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo."""
    with demo_server(tmp_path_factory.mktemp("server")) as served:
        yield served


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
    "a long target": [request(PATH + b"?emailaddress=" + b"a" * 4000), request()],
    "the longest target": [request(PATH + b"?" + b"a" * (LONGEST_TARGET - 1 - len(PATH)))],
    "a long target in pieces": [request(PATH + b"?" + b"a" * 4000)[at : at + 500] for at in range(0, 5000, 500)],
    "many headers": [request(PATH, *[b"X-%d: y" % number for number in range(99)])],
    "trailers of no interest": [chunked(b"X-Checksum: 1", b"Expect: 100-continue") + request()],
    "garbage": [b"garbage\r\n\r\n"],
    "garbage after a request": [request(), b"garbage\r\n\r\n"],
}


@pytest.mark.parametrize(
    ("pieces", "paused"),
    [
        pytest.param(pieces, paused, id=f"{name}, full buffers" if paused else name)
        for name, pieces in TALKS.items()
        for paused in (False, True)
        if (name, paused) != ("garbage after a request", True)  # uvicorn answers the garbage first
    ],
)
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


@pytest.mark.parametrize("apart", [True, False], ids=["then", "with it"])
@pytest.mark.parametrize(
    "garbage",
    [b"garbage\r\n\r\n", request(b"/y", b"Transfer-Encoding: chunked") + b"garbage\r\n"],
    ids=["no request", "no body"],
)
def test_garbage_while_an_answer_is_due(server: Server, garbage: bytes, apart: bool) -> None:
    """What is no request is never answered in the place of the request before it."""
    first = request(b"/x")
    wire = server.talk(Connection, [first, garbage] if apart else [first + garbage], paused=True)

    assert wire.closed
    assert not wire.written.startswith(b"HTTP/1.1 400 ")


UPGRADE = (b"Connection: Upgrade", b"Upgrade: h2c")


@pytest.mark.parametrize("cut", [0, 1, 40])
def test_upgrade(server: Server, caplog: pytest.LogCaptureFixture, cut: int) -> None:
    """Who wants another protocol gets an answer in this one and the connection ends: a body is never a request."""
    head, smuggled = post(b"", *UPGRADE), request(b"/internal/healthz")
    wire = server.talk(Connection, [head + smuggled[:cut], smuggled[cut:]])
    asked = server.talk(Connection, [request(PATH, *UPGRADE), request()])

    assert wire.written.count(b"HTTP/1.1 ") == 1
    assert re.findall(rb"HTTP/1.1 (\d+)", asked.written) == [b"200"]
    assert b"\r\nconnection: close\r\n" in asked.written
    assert asked.closed
    assert caplog.messages == []


@pytest.mark.parametrize("pieces", [[request()], [post()], [request() + post() + request()]])
def test_at_once(server: Server, pieces: list[bytes]) -> None:
    """What the entry can answer without waiting is there when the call that brought it ends, and made no task."""
    before = server.entry._counters.counts[INDEX["resolved row"]]
    wire = server.talk(Connection, pieces, settle=False)

    assert wire.written.count(b"HTTP/1.1 200 OK\r\ndate: today\r\n") == pieces[0].count(b"HTTP/1.1")
    assert server.entry._counters.counts[INDEX["resolved row"]] - before == pieces[0].count(b"HTTP/1.1")
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
    key = f"POST {AUTODISCOVER.decode()}"
    monkeypatch.setitem(server.entry.table, key, server.entry.table[key]._replace(endpoint=seen))
    wire = server.talk(Connection, [chunked(b"X-Forwarded-For: 127.0.0.1", b"Expect: 100-continue")])

    assert [name for name, _ in seen.scopes[0]["headers"]] == [b"host", b"transfer-encoding"]
    assert wire.written.startswith(b"HTTP/1.1 204 ")


def test_limited(server: Server, tmp_path: Path) -> None:
    """Whoever asks too often gets the same 429 at once as by uvicorn's way, and the connection stays."""
    services = server.entry.table[f"GET {PATH.decode()}"].endpoint.services  # type: ignore[attr-defined]
    limited = Settings(plans=services.settings.plans, state_dir=tmp_path, rate_limit=0.001, rate_burst=1)
    written = []
    for kind in (Connection, HttpToolsProtocol):
        fresh = Services(limited, services.finder)
        other = Server(application(fresh))
        other.runner.run(fresh.load())
        with other.runner:
            wire = other.talk(kind, [request(), post(), request()])
        written.append(re.sub(rb"retry-after: \d+", b"", wire.written))
        assert not wire.closed

    assert written[0] == written[1]
    assert re.findall(rb"HTTP/1.1 (\d+)", written[0]) == [b"200", b"429", b"429"]


def test_stop(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the server stops every answer says that it is the connection's last."""
    monkeypatch.setattr(server.state, "default_headers", [(b"date", b"today"), (b"connection", b"close")])
    wire = server.talk(Connection, [request()])

    assert wire.written.startswith(b"HTTP/1.1 200 OK\r\ndate: today\r\nconnection: close\r\n")
    assert wire.closed


def test_new_date(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The date that uvicorn replaces is the one that is sent."""
    first = server.talk(Connection, [request()], settle=False)
    monkeypatch.setattr(server.state, "default_headers", [(b"date", b"tomorrow")])
    second = server.talk(Connection, [request()], settle=False)

    assert first.written.replace(b"today", b"tomorrow") == second.written
    assert b"\r\ndate: tomorrow\r\n" in second.written
