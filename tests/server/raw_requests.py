"""
Requests as octets: common ones, what becomes of them by small changes, and what independent parsers read in them.

`python -m tests.server.raw_requests 300` tries such requests for 300 seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import sys
import tempfile
import time
from pathlib import Path
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Any, NamedTuple

import h11
import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from autoconfig.formats.microsoft_request import read_request
from autoconfig.server.http_protocol import Connection
from autoconfig.web.fast_path.request_bytes import common_request
from autoconfig.web.host_header import asked_host
from autoconfig.web.query import address_of
from tests.server.wire import AUTODISCOVER, BODY, PATH, Server, Wire, demo_server

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.formats.microsoft_request import Schema

NAMES = [b"sample.co.jp", b"sample.co.jp", b"autoconfig.sample.co.jp", b"old-shop.example", b"stranger.example"]
TARGETS = [
    PATH,
    PATH + b"?",
    PATH + b"?emailaddress=taro@sample.co.jp",
    PATH + b"?emailaddress=taro%40sample.co.jp",
    PATH + b"?emailaddress=taro@old-shop.example",
    b"/.well-known/autoconfig" + PATH,
    b"/.well-known/mail-v1.xml",
    b"/v1.1" + PATH,
    b"http://autoconfig.sample.co.jp" + PATH,
    b"/no-such-path",
]
POSTED = [AUTODISCOVER, b"/AutoDiscover/AutoDiscover.xml", b"/Autodiscover/Autodiscover.xml"]
HEADERS = [
    b"Accept: */*",
    b"Accept-Encoding: gzip, br",
    b"Accept-Language: ja",
    b"User-Agent: Thunderbird",
    b"user-agent:Outlook \xe6\x97\xa5",
    b"Connection: keep-alive",
    b"Connection: close",
    b"Connection: Upgrade",
    b"Upgrade: h2c",
    b"Content-Length: 0",
    b"Content-Type: text/xml",
    b"Content-Encoding: gzip",
    b"Cookie: a=b",
    b"Expect: 100-continue",
    b"Host: sample.co.jp",
    b"If-None-Match: *",
    b"Sec-Fetch-Mode: cors",
    b"Keep-Alive: 5",
    b"Transfer-Encoding: chunked",
    b"X-Forwarded-For: 192.0.2.1",
    b"X-Forwarded-For: 192.0.2.1, 203.0.113.9",
    b"X-Forwarded-Proto: https",
    b"X-Forwarded-Proto: http",
    b"X-Real-IP: 192.0.2.1",
    b"X-Anything: y",
]
ODD = [bytes([octet]) for octet in b"\r\n\0 \t:,;%#?@/.aA0-_\x0b\x1f\x7f\x80\xff"] + [
    b"\r\n",
    b"\r\n\r\n",
    b"\r\n ",
    b"  ",
]


def common(chance: Random) -> bytes:
    """A request that may be a common one."""
    posted = chance.random() < 0.4
    name = chance.choice(NAMES)
    lines = [b"Host: %b%b" % (chance.choice([b"", b"autoconfig."]), name)]
    lines += [chance.choice(HEADERS) for _ in range(chance.choice([0, 0, 1, 2, 4]))]
    body = b""
    if posted:
        body = BODY.replace(b"sample.co.jp", name) + chance.choice([b"", b"", b"\r\n"])
        lines.append(b"Content-Length: %d" % len(body))
    if chance.random() < 0.5:
        chance.shuffle(lines)
    target = chance.choice(POSTED if posted else TARGETS)
    return b"\r\n".join([b"%b %b HTTP/1.1" % (b"POST" if posted else b"GET", target), *lines, b"", body])


def changed(chance: Random, octets: bytes) -> bytes:
    """The same with a few octets more, fewer or other."""
    for _ in range(chance.choice([0, 0, 1, 1, 2, 3])):
        at, new = chance.randrange(len(octets) + 1), chance.choice(ODD)
        octets = (
            octets[:at]
            + chance.choice([b"", new, new, octets[at : at + 4].swapcase()])
            + octets[at + chance.choice([0, 1, 1, 4]) :]
        )
    return octets


class Reading(NamedTuple):
    """One request, as a parser reads it."""

    method: bytes
    target: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes
    keeps: bool
    """Whether the connection may be kept."""


class _Callbacks:
    """What httptools calls."""

    def __init__(self) -> None:
        self.begun, self.ended, self.target, self.body = 0, 0, b"", b""
        self.headers: list[tuple[bytes, bytes]] = []

    def on_url(self, url: bytes) -> None:
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.begun += 1

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.ended += 1


def by_httptools(octets: bytes) -> Reading | None:
    """What httptools reads, if it is exactly one request."""
    seen = _Callbacks()
    parser = httptools.HttpRequestParser(seen)
    try:
        parser.feed_data(octets)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        return None
    if seen.ended != 1 or parser.get_http_version() != "1.1":
        return None
    return Reading(parser.get_method(), seen.target, seen.headers, seen.body, parser.should_keep_alive())


def by_h11(octets: bytes) -> Reading | None:
    """What h11 reads, if it is exactly one request."""
    connection, body = h11.Connection(h11.SERVER), b""
    try:
        connection.receive_data(octets)
        asked = connection.next_event()
        if not isinstance(asked, h11.Request):
            return None
        while isinstance(event := connection.next_event(), h11.Data):
            body += bytes(event.data)
    except h11.RemoteProtocolError:
        return None
    if not isinstance(event, h11.EndOfMessage) or connection.trailing_data[0]:
        return None
    keeps = connection.their_state is not h11.MUST_CLOSE and not connection.they_are_waiting_for_100_continue
    return Reading(asked.method, asked.target, list(asked.headers), body, keeps)


TELLING = {b"host", b"x-forwarded-for", b"x-forwarded-proto", b"content-length"}


def fault_of(octets: bytes) -> str | None:
    """What is wrong if `common_request` takes these octets for a request; `None` if nothing is, or it does not."""
    asked = common_request(octets)
    if asked is None:
        return None
    for parser in (by_httptools, by_h11):
        read = parser(octets)
        if read is None:
            return f"{parser.__name__} does not read one request"
        expected = asked._asdict()
        if (found := read_fully(read)) != expected or not read.keeps:
            return f"{parser.__name__} reads {found}, not {expected}"
        names = [name for name, _ in read.headers]
        if any(names.count(name) > 1 for name in TELLING):
            return f"{parser.__name__} reads a header twice"
    return None


def read_fully(read: Reading) -> dict[str, object]:
    """What the endpoints' readers make of a request, as the fields of a `CommonRequest`."""
    path, _, query = read.target.partition(b"?")
    headers = dict(read.headers)
    address, name = address_of(query, b"emailaddress"), asked_host({"headers": read.headers}).domain
    document: Schema | bool = address is not None
    if read.method == b"POST":
        posted = read_request(read.body)
        address, document, name = posted.address, posted.schema, posted.address.domain
    own = name if address is None or address.domain == name else None
    return {
        "route": f"{read.method.decode()} {path.decode()}",
        "document": document,
        "local": b"" if address is None else address.local.encode(),
        "domain": own and own.name.encode(),
        "forwarded_for": headers.get(b"x-forwarded-for"),
        "forwarded_proto": headers.get(b"x-forwarded-proto"),
    }


_TIME = re.compile(rb'Time="[^"]*"')


class Answer(NamedTuple):
    """What a client gets, and what is counted."""

    octets: bytes
    closed: bool
    counted: dict[str, int]


def answer(server: Server, kind: type[Connection | HttpToolsProtocol], pieces: Sequence[bytes]) -> Answer:
    """Send these pieces, each when what the one before caused has ended; nothing here waits for a thread."""
    before = server.counters.named()

    async def go() -> Wire:
        wire = Wire()
        protocol = kind(server.config, server.state, {}, asyncio.get_running_loop())
        protocol.connection_made(wire)
        for piece in pieces:
            if wire.closed or wire.paused:
                break  # nothing more would come from a socket
            protocol.data_received(piece)
            await asyncio.sleep(0)
            while server.state.tasks and not wire.closed:
                ended = [task.done() for task in server.state.tasks]
                for _ in range(8):
                    await asyncio.sleep(0)
                if ended == [task.done() for task in server.state.tasks]:
                    break  # it waits for more of a body
            await asyncio.sleep(0)
        closed = wire.closed
        protocol.connection_lost(None)
        await asyncio.gather(*server.state.tasks)
        wire.closed = closed
        return wire

    wire, after = server.runner.run(go()), server.counters.named()
    counted = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    return Answer(
        _TIME.sub(b"", wire.written),
        wire.closed,
        {name: count for name, count in counted.items() if not name.startswith("duration")},
    )


def difference(ours: Server, theirs: Server, octets: bytes) -> str | None:
    """
    What differs between the answer of a `Connection` of ours to a common request, and the answer of the endpoints over
    uvicorn's parser; `theirs` has no fast path. `None` if nothing does, or `octets` are no common request for it.
    """
    asked = common_request(octets)
    if asked is None or asked.route not in ours.entry.table:
        return None
    found, expected = answer(ours, Connection, [octets]), answer(theirs, HttpToolsProtocol, [octets])
    return None if found == expected else f"{found}, not {expected}"


REFUSAL = b"\r\nconnection: close\r\n\r\nInvalid HTTP request received."


def surplus(server: Server, octets: bytes) -> str | None:
    """
    What is wrong if a `Connection` answers more requests than httptools reads in the same octets; else `None`.

    Those that are not ASCII are left out: in a target we read them, and httptools does not.
    """
    if not octets.isascii():
        return None
    seen = _Callbacks()
    with contextlib.suppress(httptools.HttpParserError, httptools.HttpParserUpgrade):
        httptools.HttpRequestParser(seen).feed_data(octets)
    found = answer(server, Connection, [octets]).octets.replace(b"HTTP/1.1 100 ", b"")
    answers = found.count(b"HTTP/1.1 ") - found.endswith(REFUSAL)
    return f"{answers} answers to {seen.begun} requests: {found!r}" if answers > seen.begun else None


def stream(chance: Random) -> bytes:
    """Some requests behind each other, of which the first ones have been changed."""
    octets = [common(chance) for _ in range(chance.choice([1, 2, 2, 3]))]
    return b"".join([*(changed(chance, one) for one in octets), b"GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n"])


def main(seconds: float) -> None:
    """Try requests for so long; fail at the first fault."""
    logging.disable(logging.CRITICAL)
    seed = SystemRandom().randrange(2**32)
    chance, tried, taken, until = Random(seed), 0, 0, time.monotonic() + seconds
    settings: dict[str, Any] = {"trusted_proxies": ["203.0.113.0/24"], "plain_http": "redirect"}
    with (
        tempfile.TemporaryDirectory() as first,
        tempfile.TemporaryDirectory() as second,
        demo_server(Path(first), **settings) as ours,
        demo_server(Path(second), **settings) as theirs,
    ):
        theirs.entry.table = {}
        while time.monotonic() < until:
            octets, tried = changed(chance, common(chance)), tried + 1
            taken += common_request(octets) is not None
            fault = fault_of(octets) or difference(ours, theirs, octets)
            if not fault:
                octets = stream(chance)
                fault = surplus(ours, octets)
            if fault:
                raise SystemExit(f"{octets!r}\n{fault}\nseed {seed}")
    sys.stdout.write(f"{tried} requests, {taken} of them common; seed {seed}\n")


if __name__ == "__main__":
    main(float(sys.argv[1]))
