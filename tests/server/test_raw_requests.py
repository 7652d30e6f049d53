"""Requests as octets: what is recognised without a parser is what parsers read, and no octet is read twice."""

from __future__ import annotations

import re
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from autoconfig.server.http_protocol import Connection
from autoconfig.server.request_body import MOST_LINES
from autoconfig.web.fast_path.request_bytes import LONGEST, common_request
from tests.server.raw_requests import (
    HEADERS,
    answer,
    by_h11,
    by_httptools,
    changed,
    common,
    difference,
    fault_of,
    stream,
    surplus,
)
from tests.server.wire import AUTODISCOVER, BODY, PATH, Server, chunked, demo_server, post, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

quietly = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo."""
    with demo_server(tmp_path_factory.mktemp("server")) as served:
        yield served


SETTINGS: dict[str, dict[str, object]] = {
    "as it comes": {},
    "behind a proxy": {"trusted_proxies": ["203.0.113.0/24"], "plain_http": "redirect"},
}


@pytest.fixture(scope="module", params=SETTINGS.values(), ids=list(SETTINGS))
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """The demo, and the same without a fast path."""
    with (
        demo_server(tmp_path_factory.mktemp("ours"), **request.param) as ours,
        demo_server(tmp_path_factory.mktemp("theirs"), **request.param) as theirs,
    ):
        theirs.entry.table = {}
        yield ours, theirs


RECOGNISED: dict[str, bytes] = {
    "GET": request(),
    "GET with an address": request(PATH + b"?emailaddress=taro%40sample.co.jp"),
    "POST": post(),
    "behind nginx": request(PATH, b"X-Forwarded-For: 192.0.2.1", b"X-Forwarded-Proto: https", b"X-Real-IP: 192.0.2.1"),
    "in another order": request(PATH, b"Accept: */*", b"X-Forwarded-Proto: https", b"X-Forwarded-For: 192.0.2.1, ::1"),
    "as WinHTTP": post(
        BODY, b"Connection: Keep-Alive", b"Content-Type: text/xml", b"User-Agent: Microsoft Office/16.0"
    ),
    "small letters": request(PATH, b"accept-encoding: gzip", b"user-agent: x").replace(b"Host:", b"host:"),
    "headers twice that change nothing": request(PATH, b"Accept: a", b"Accept: b"),
}


@pytest.mark.parametrize("octets", RECOGNISED.values(), ids=list(RECOGNISED))
def test_recognised(pair: tuple[Server, Server], octets: bytes) -> None:
    """A common request is recognised, and is answered and counted as the endpoint does over uvicorn's parser."""
    assert common_request(octets)
    assert fault_of(octets) is None
    assert difference(*pair, octets) is None


PASSED_OVER = [
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Cache-Control",
    "CDN-Loop",
    "CF-Connecting-IP",
    "CF-IPCountry",
    "CF-Ray",
    "CF-Visitor",
    "Client-Request-ID",
    "Content-Type",
    "Cookie",
    "DNT",
    "Forwarded",
    "From",
    "If-Modified-Since",
    "If-None-Match",
    "Origin",
    "Pragma",
    "Priority",
    "Referer",
    "Sec-CH-UA",
    "Sec-Fetch-Mode",
    "Sec-GPC",
    "True-Client-IP",
    "Upgrade-Insecure-Requests",
    "User-Agent",
    "Via",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Server",
    "X-MapiHttpCapability",
    "X-MS-Client",
    "X-Real-IP",
    "X-Request-ID",
    "X-User-Identity",
]


@pytest.mark.parametrize("name", PASSED_OVER)
def test_passed_over(pair: tuple[Server, Server], name: str) -> None:
    """The headers that are passed over change no answer, whatever they say and however they are written."""
    for value in ("", " ", "*", "gzip, close, 127.0.0.1; charset=utf-16", " Sat, 01 Jan 2050 00:00:00 GMT\t", "日本語"):
        line = f"{name}:{value}".encode()
        for octets in (request(PATH, line, line.lower()), post(BODY, line)):
            assert common_request(octets)
            assert fault_of(octets) is None
            assert difference(*pair, octets) is None


@pytest.mark.parametrize(
    "octets",
    [
        request(PATH, b"Host: sample.co.jp"),
        request(PATH, b"X-Forwarded-For: 192.0.2.1", b"X-Forwarded-For: 192.0.2.2"),
        request(PATH, b"X-Forwarded-For: 192.0.2.1", b"Accept: */*", b"X-Forwarded-For: 192.0.2.2"),
        request(PATH, b"X-Forwarded-Proto: https", b"X-Forwarded-Proto: http"),
        request(PATH, b"X-Forwarded-For: unknown"),
        request().replace(b"Host: autoconfig", b"Host: AUTOCONFIG"),
        request().replace(b".jp\r", b".jp:80\r"),
        request().replace(b".jp\r", b".jp \r"),
        re.sub(rb"Host:.*\r\n", b"", request()),
        re.sub(rb"Host:.*\r\n", b"Host:\r\n", request()),
        request(PATH, b"Content-Length: 0"),
        request(PATH, b"Content-Length: 4", body=b"body"),
        request(PATH, b"Connection: close"),
        request(PATH, b"Connection: keep-alive, Upgrade"),
        request(PATH, b"Expect: 100-continue"),
        request(PATH, b"X-Unknown: y"),
        request(PATH, b"Accept : */*"),
        request(PATH, b"Accept: \0"),
        request(PATH, b"Accept: a", b" b"),
        request(PATH, version=b"1.0"),
        request(PATH, method=b"HEAD"),
        request(PATH + b"#x"),
        request(b"http://autoconfig.sample.co.jp" + PATH),
        request(PATH, b"Accept:" + b"a" * LONGEST),
        request(PATH, *[b"DNT:"] * 101),
        request() + request(),
        request() + b"\r\n",
        request()[:-2],
        post(BODY, b"Content-Length: %d" % len(BODY)),
        post(BODY, b"Transfer-Encoding: chunked"),
        post(BODY + b"\r\n"),
        post(BODY[:-1]),
        chunked(),
    ],
)
def test_not_recognised(octets: bytes) -> None:
    """Whatever leaves a doubt, or more than one request, is for the parser."""
    assert common_request(octets) is None


@quietly
@given(st.integers(0, 2**32))
@example(2932889919)
def test_parsers_agree(pair: tuple[Server, Server], seed: int) -> None:
    """Whatever of changed requests is recognised, two parsers read alike, and the endpoint answers with the same."""
    chance = Random(seed)
    for _ in range(20):
        octets = changed(chance, common(chance))
        assert fault_of(octets) is None
        if not seed % 4:
            assert difference(*pair, octets) is None


@quietly
@given(st.integers(0, 2**32))
def test_no_surplus(server: Server, seed: int) -> None:
    """However requests are damaged, none is answered that a parser does not read in them."""
    chance = Random(seed)
    for _ in range(10):
        octets = stream(chance)
        assert surplus(server, octets) is None, octets


def test_faults_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison with the parsers finds what a careless expression would take."""
    monkeypatch.setattr("tests.server.raw_requests.common_request", lambda _: common_request(request()))
    taken = [
        request(PATH, line) for line in HEADERS if line.startswith((b"X-Forw", b"Host", b"Content-L", b"Tr", b"Conn"))
    ]

    harmless = [
        request(PATH, line) for line in (b"Connection: keep-alive", b"Connection: Upgrade", b"Content-Length: 0")
    ]
    assert [octets for octets in taken if fault_of(octets) is None] == harmless


MARKER = request(b"/smuggled")
"""A request that must not be answered."""
UNREADABLE: dict[str, bytes] = {
    "a length and chunks": post(b"0\r\n\r\n" + MARKER, b"Transfer-Encoding: chunked"),
    "chunks and a length": request(
        AUTODISCOVER, b"Transfer-Encoding: chunked", b"Content-Length: 4", method=b"POST", body=b"0\r\n\r\n" + MARKER
    ),
    "two lengths": post(BODY, b"Content-Length: 4") + MARKER,
    "a length twice": post(BODY, b"Content-Length: %d" % len(BODY)) + MARKER,
    "a list of lengths": request(PATH, b"Content-Length: 4, 4", body=b"body" + MARKER),
    "a length with a sign": request(PATH, b"Content-Length: +4", body=b"body" + MARKER),
    "no length": request(PATH, b"Content-Length:", body=MARKER),
    "a hexadecimal length": request(PATH, b"Content-Length: 0x4", body=b"body" + MARKER),
    "a length beyond all numbers": request(PATH, b"Content-Length: " + b"9" * 30, body=MARKER),
    "line feeds alone": request().replace(b"\r\n", b"\n") + MARKER,
    "a line feed in a head": request(PATH, b"A: b\nContent-Length: 99") + MARKER,
    "a carriage return in a head": request(PATH, b"A: b\rContent-Length: 99") + MARKER,
    "a folded header": request(PATH, b"A: b", b" Content-Length: 99") + MARKER,
    "a space before the colon": request(PATH, b"Content-Length : 99") + MARKER,
    "a header without a name": request(PATH, b": 99") + MARKER,
    "NUL": request(PATH, b"A: \0") + MARKER,
    "a user name in a target": request(b"http://user@sample.co.jp" + PATH) + MARKER,
    "two user names in a target": request(b"http://user@@sample.co.jp" + PATH) + MARKER,
    "a method in small letters": request(method=b"get") + MARKER,
    "an unknown method": request(method=b"SMUGGLE") + MARKER,
    "an unknown encoding": request(PATH, b"Transfer-Encoding: xchunked") + MARKER,
    "chunks twice": request(
        PATH, b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + MARKER
    ),
    "HTTP/1.2": request(version=b"1.2") + MARKER,
    "chunks with a line feed": request(PATH, b"Transfer-Encoding: chunked", body=b"1\n0\r\n0\r\n\r\n" + MARKER),
    "a chunk that is too long": request(PATH, b"Transfer-Encoding: chunked", body=b"1\r\nab\r\n0\r\n\r\n" + MARKER),
    "a chunk with a space": request(PATH, b"Transfer-Encoding: chunked", body=b"1 \r\na\r\n0\r\n\r\n" + MARKER),
    "a chunk without a size": request(PATH, b"Transfer-Encoding: chunked", body=b";a=b\r\na\r\n0\r\n\r\n" + MARKER),
    "a chunk with a sign": request(PATH, b"Transfer-Encoding: chunked", body=b"-1\r\na\r\n0\r\n\r\n" + MARKER),
    "a trailer that is none": request(PATH, b"Transfer-Encoding: chunked", body=b"0\r\nno trailer\r\n\r\n" + MARKER),
    "endless chunks": request(PATH, b"Transfer-Encoding: chunked", body=b"1\r\na\r\n" * (MOST_LINES + 1)),
    "an endless line of a chunk": request(PATH, b"Transfer-Encoding: chunked", body=b"1;" + b"a" * 70_000),
}


@pytest.mark.parametrize("apart", [False, True], ids=["in one piece", "apart"])
@pytest.mark.parametrize("octets", UNREADABLE.values(), ids=list(UNREADABLE))
def test_unreadable(server: Server, octets: bytes, apart: bool) -> None:
    """What leaves a doubt about where a request ends is refused once, and nothing behind it is read."""
    pieces = [octets[:40], octets[40:90], octets[90:]] if apart else [octets]
    found = answer(server, Connection, pieces)

    assert re.findall(rb"HTTP/1.1 (\d+)", found.octets) == [b"400"]
    assert found.closed
    assert found.counted["requests other invalid"] == 1


LAST: dict[str, tuple[bytes, list[bytes]]] = {
    "another protocol": (request(PATH, b"Connection: Upgrade", b"Upgrade: h2c") + MARKER, [b"200"]),
    "another protocol, with a body": (post(MARKER * 4, b"Connection: x, upgrade", b"Upgrade: h2c"), [b"200"]),
    "HTTP/1.0": (request(version=b"1.0") + MARKER, [b"200"]),
    "HTTP/1.0, to be kept open": (request(PATH, b"Connection: keep-alive", version=b"1.0") + MARKER, [b"200"]),
    "HTTP/2.0": (request(version=b"2.0") + MARKER, [b"200"]),
    "two spaces": (request(b" " + PATH) + MARKER, [b"200"]),
    "encodings": (request(b"/x", b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n" + MARKER), [b"404"]),
    "the last one": (request(PATH, b"Connection: close") + MARKER, [b"200"]),
    "a refused body that may not come": (
        request(PATH, b"Expect: 100-continue", b"Content-Length: 99", method=b"PUT", body=MARKER),
        [b"405"],
    ),
}


@pytest.mark.parametrize(("octets", "statuses"), LAST.values(), ids=list(LAST))
def test_last(server: Server, octets: bytes, statuses: list[bytes]) -> None:
    """Behind some requests the connection ends with the answer, which says so, and nothing more is answered."""
    found = answer(server, Connection, [octets])

    assert re.findall(rb"HTTP/1.1 (\d+)", found.octets) == statuses
    assert found.octets.count(b"\r\nconnection: close\r\n") == 1
    assert found.closed


KEPT: dict[str, tuple[bytes, list[bytes]]] = {
    "a body of no interest": (request(PATH, b"Content-Length: %d" % len(MARKER), body=MARKER), [b"200"]),
    "chunks of no interest": (chunked(target=PATH, body=MARKER, method=b"GET"), [b"200"]),
    "extensions": (chunked().replace(b"\r\n<?xml", b';a=b;c="d"\r\n<?xml'), [b"200"]),
    "no other protocol after all": (request(PATH, b"Upgrade: h2c"), [b"200"]),
    "a Host twice": (request(b"/x", b"Host: a.example"), [b"404"]),
    "a Host with odd characters": (request(b"/x").replace(b".jp\r", b".jp:\xff\r"), [b"404"]),
    "another absolute target": (request(b"https://sample.co.jp:443/x"), [b"404"]),
    "a body that is expected and comes": (post(BODY, b"Expect: 100-continue"), [b"100", b"200"]),
}


@pytest.mark.parametrize(("octets", "statuses"), KEPT.values(), ids=list(KEPT))
def test_kept(server: Server, octets: bytes, statuses: list[bytes]) -> None:
    """A body is never a request, and what follows it is the next one, however the network cuts them."""
    whole = answer(server, Connection, [octets + request()])
    halves = answer(server, Connection, [octets, request()])

    assert re.findall(rb"HTTP/1.1 (\d+)", whole.octets) == [*statuses, b"200"]
    assert halves.octets == whole.octets
    assert not whole.closed


SPLIT = [
    request(PATH + b"?emailaddress=taro@sample.co.jp", b"Accept: */*"),
    post(),
    chunked(b"X-Trailer: y"),
    request("/v1.1/日本語.example".encode()),
    request(b"http://sample.co.jp/x", b"Content-Length: 4", body=b"body"),
]


@pytest.mark.parametrize("octets", SPLIT)
def test_split_anywhere(server: Server, octets: bytes) -> None:
    """Wherever a request is cut in two, the answer, the count and the connection are the same."""
    whole = answer(server, Connection, [octets, request()])
    for at in range(1, len(octets)):
        assert answer(server, Connection, [octets[:at], octets[at:] + request()]) == whole


@pytest.mark.parametrize(
    "octets",
    [b"\x16\x03\x01\x02\0", b"get", b"GET /\0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / HTTP/1.1\r\nno\r\n"],
)
def test_refused_early(server: Server, octets: bytes) -> None:
    """What cannot become a request is refused before its head is complete, TLS for instance."""
    assert answer(server, Connection, [octets]).octets.startswith(b"HTTP/1.1 400 ")


def test_counted_once(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A request that is recognised, but cannot be answered at once, counts once against its client's rate."""
    unknown = request(PATH + b"?emailaddress=a@stranger.example")
    with demo_server(tmp_path_factory.mktemp("server"), rate_limit=0.001, rate_burst=3) as limited:
        talks = [
            answer(limited, Connection, pieces) for pieces in ([unknown] * 2, [unknown[:9], unknown[9:]], [request()])
        ]

    assert [re.findall(rb"HTTP/1.1 (\d+)", talk.octets) for talk in talks] == [[b"404"] * 2, [b"404"], [b"429"]]


@pytest.mark.parametrize("make", [by_h11, by_httptools])
def test_parsers(make: Callable[[bytes], object]) -> None:
    """The parsers that are compared read a request, and no more than one."""
    assert make(post()) is not None
    assert make(request() + request()) is None
    assert make(b"garbage\r\n\r\n") is None


@pytest.mark.parametrize(
    "octets",
    [
        request(b"/no-such-path"),
        request(b"/v1.1/sample.co.jp"),
        request(b"/no-such-path?emailaddress=taro@sample.co.jp"),
        request(PATH, b"X-Unknown: y"),
        request(PATH, method=b"HEAD"),
        request(PATH + b"?emailaddress=a@stranger.example"),
        request(PATH + b"?emailaddress=taro@sample.co.jp"),
        request(b"/autodiscover/autodiscover.json?Email=taro@sample.co.jp&Protocol=AutodiscoverV1"),
        post(),
        post(b"x" * len(BODY)),
        chunked(),
        b"garbage\r\n\r\n",
    ],
)
def test_every_request_counts(tmp_path_factory: pytest.TempPathFactory, octets: bytes) -> None:
    """Whatever is asked, in whatever form, it counts once against its client's rate."""
    with demo_server(tmp_path_factory.mktemp("server"), rate_limit=0.001, rate_burst=3) as limited:
        found = [answer(limited, Connection, [octets]).octets for _ in range(5)]

    statuses = [re.match(rb"HTTP/1.1 (\d+)", octets)[1] for octets in found]  # type: ignore[index]
    assert [status == b"429" for status in statuses] == [False, False, False, True, True]
