"""Request targets with raw octets, and such that name a host themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoconfig.server.http_protocol import Connection
from autoconfig.server.request_target import origin_form
from tests.server.wire import AUTODISCOVER, BODY, PATH, Server, chunked, demo_server, post, request

if TYPE_CHECKING:
    from collections.abc import Iterator

JAPANESE = "taro@日本語.example".encode()
RAW = PATH + b"?emailaddress=" + JAPANESE
ENCODED = PATH + b"?emailaddress=" + quote_from_bytes(JAPANESE, safe="@").encode()
OTHER_BODY = BODY.replace(b"taro@sample.co.jp", "太郎@sample.co.jp".encode())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demo."""
    with demo_server(tmp_path_factory.mktemp("server")) as served:
        yield served


def other_post() -> bytes:
    """An Autodiscover request whose body is Japanese."""
    length = b"Content-Length: %d" % len(OTHER_BODY)
    return request(AUTODISCOVER, length, method=b"POST", body=OTHER_BODY)


def header(name: str) -> bytes:
    """A request with a raw header."""
    return request(PATH, f"X-Name: {name}".encode())


@pytest.mark.parametrize(
    ("raw", "encoded"),
    [
        (request(RAW), request(ENCODED)),
        (request(RAW) * 3, request(ENCODED) * 3),
        (b"\r\n\r\n" + request(RAW), request(ENCODED)),
        (request(RAW) + other_post() + request(RAW), request(ENCODED) + other_post() + request(ENCODED)),
        (post() + request(RAW) + post(), post() + request(ENCODED) + post()),
        (header("日本語") + request(RAW), header("日本語") + request(ENCODED)),
        (chunked(body=OTHER_BODY), chunked(body=OTHER_BODY)),
        (request("/v1.1/日本語.example".encode()), request(b"/v1.1/xn--wgv71a119e.example")),
        (request(b"/v1.1/\xff.example"), request(b"/v1.1/nobody.example")),
        (request(PATH + b"?emailaddress=x@\xff\xfe.example"), request()),
        (request(PATH + b"?emailaddress=\xe6\x97@sample.co.jp"), request()),
        (
            request(b"/autodiscover/autodiscover.json/v1.0/\xff@nobody.example?Protocol=AutodiscoverV1"),
            request(b"/autodiscover/autodiscover.json?Protocol=AutodiscoverV1"),
        ),
    ],
    ids=[
        "query",
        "several",
        "empty lines before",
        "between bodies",
        "after a POST",
        "after a header",
        "a body in chunks",
        "path",
        "path that is not UTF-8",
        "domain that is not UTF-8",
        "half a letter",
        "JSON by path",
    ],
)
def test_raw_octets(server: Server, raw: bytes, encoded: bytes) -> None:
    """Octets from 0x80 are read as UTF-8; an address that is none is absent. Bodies and headers stay as they are."""
    ours, expected = server.talk(Connection, [raw]), server.talk(Connection, [encoded])
    octetwise = server.talk(Connection, [octet.to_bytes() for octet in raw])

    assert b"HTTP/1.1 400" not in expected.written
    assert ours.written == expected.written == octetwise.written


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([(RAW, ENCODED), (PATH, PATH), (None, None)]), min_size=1, max_size=4),
    st.lists(st.integers(0, 1500), max_size=5),
)
def test_any_pieces(server: Server, targets: list[tuple[bytes | None, bytes | None]], cuts: list[int]) -> None:
    """Wherever the network cuts requests with raw octets, the answers are those to the encoded ones."""
    stream = b"".join(request(raw) if raw else other_post() for raw, _ in targets)
    plain = [request(encoded) if encoded else other_post() for _, encoded in targets]
    ends = sorted(cuts)
    pieces = [stream[start:end] for start, end in zip([0, *ends], [*ends, len(stream)], strict=True)]

    assert (
        server.talk(Connection, [piece for piece in pieces if piece]).written == server.talk(Connection, plain).written
    )


@pytest.mark.parametrize(
    "line",
    [
        PATH + b"?emailaddress=a b@sample.co.jp",
        PATH + "?emailaddress=後 藤@sample.co.jp".encode(),
        PATH + b"\t" + b"\xff",
    ],
    ids=["a space", "a space and raw octets", "a tab"],
)
def test_a_space_is_the_end(server: Server, line: bytes) -> None:
    """A space in a target stays an error."""
    assert server.talk(Connection, [request(line)]).written.startswith(b"HTTP/1.1 400 ")


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=3))
def test_anything(server: Server, data: bytes, cuts: list[int]) -> None:
    """Whatever somebody sends, there is an answer, a hang-up or a wait, and no exception."""
    ends = sorted(cuts)
    pieces = [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)]

    assert server.talk(Connection, [piece for piece in pieces if piece]).written[:9] in {b"", b"HTTP/1.1 "}


@pytest.mark.parametrize(
    ("target", "host", "origin"),
    [
        (b"http://autoconfig.a.example/x?y", b"autoconfig.a.example", b"/x?y"),
        (b"HTTPS://A.example:8443/", b"A.example:8443", b"/"),
        (b"http://a.example", b"a.example", b"/"),
        (b"http://a.example?x", b"a.example", b"/?x"),
        (b"http://m%C3%BCller.example/", "müller.example".encode(), b"/"),
        (b"http://user@a.example/", b"user@a.example", b"/"),
        (b"/http://a.example/", b"b.example", b"/http://a.example/"),
        (b"*", b"b.example", b"*"),
        (b"a.example:443", b"b.example", b"a.example:443"),
    ],
)
def test_origin_form(target: bytes, host: bytes, origin: bytes) -> None:
    """Of an absolute target the host counts; other forms are left alone."""
    headers = [(b"accept", b"*/*"), (b"host", b"b.example")]

    assert origin_form(target, headers, host_needed=True) == origin
    assert headers == [(b"accept", b"*/*"), (b"host", host)]


@pytest.mark.parametrize(
    ("hosts", "needed", "expected"),
    [
        ([], True, []),
        ([], False, [b"a.example"]),
        ([b"b.example", b"c.example"], True, [b"b.example", b"c.example"]),
    ],
    ids=["none", "none before HTTP/1.1", "two"],
)
def test_number_of_hosts(hosts: list[bytes], needed: bool, expected: list[bytes]) -> None:
    """Where the Host header does not stand there as it has to, an absolute target does not mend that."""
    headers = [(b"host", host) for host in hosts]
    origin_form(b"http://a.example/", headers, host_needed=needed)

    assert [value for _, value in headers] == expected


def test_absolute_target(server: Server) -> None:
    """The target's host decides, by the short cut too, and the Host header does not count."""
    target, host = b"http://autoconfig.sample.co.jp" + PATH, b"Host: autoconfig.sample.co.jp"
    asked = request(target).replace(host, b"Host: autoconfig.old-shop.example")

    assert server.talk(Connection, [asked]).written == server.talk(Connection, [request()]).written
    assert server.talk(Connection, [asked], settle=False).written
