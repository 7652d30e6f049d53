from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autoconfig.check.own_names.http_messages import (
    LONGEST_FIELD,
    MOST_OCTETS,
    ReplyInvalid,
    WebRequest,
    is_complete,
    parsed_reply,
)
from autoconfig.check.own_names.judging import judge_autodiscover, judge_octets, judge_xml
from tests.support.web_front import page, redirect

URL = "https://autoconfig.shop.example/mail/config-v1.1.xml?emailaddress=any%40shop.example"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"

WHOLE = {
    "length": (page(b"hello"), b"hello"),
    "chunks": (CHUNKED, b"hello"),
    "interim": (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + page(b"hello"), b"hello"),
    "until the end": (b"HTTP/1.0 200 OK\n\nhello", b"hello"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "cut off": (b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n".ljust(MOST_OCTETS, b"x"), None),
}


@pytest.mark.parametrize(("received", "body"), WHOLE.values(), ids=WHOLE)
def test_reply(received: bytes, body: bytes | None) -> None:
    """A response is read however its length is given; one that is too long is kept as far as it came."""
    reply = parsed_reply(URL, received)

    assert body in {None, reply.body}
    assert reply.status in {200, 204}


@pytest.mark.parametrize("received", [received for received, _ in WHOLE.values()], ids=WHOLE)
def test_complete(received: bytes) -> None:
    """No more is waited for than comes, where that can be known; an interim response is not the end."""
    known = b"Content-Length" in received or b"chunked" in received or b"204" in received

    assert is_complete(received) is known
    assert not is_complete(received[:-1])
    assert not is_complete(received[: received.find(b"\n") + 1])


def test_request() -> None:
    """A request has one Host, no compression, and nothing of the URL but path and query in its first line."""
    post = WebRequest(
        "https://shop.example:8443/autodiscover/autodiscover.xml", "POST", {"Content-Type": "text/xml"}, b"<x/>"
    )
    sent = post.octets()

    assert (post.host, post.port, post.secure) == ("shop.example", 8443, True)
    assert sent.startswith(b"POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: shop.example:8443\r\n")
    assert sent.endswith(b"Content-Type: text/xml\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<x/>")
    assert WebRequest("http://shop.example/").port == 80


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda rest: b"HTTP/1.1 200 OK\r\n" + rest))
@example(redirect("https://[::1"))
@example(redirect("https://x:99999999/"))
@example(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx")
@example(b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\nx")
@example(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"f" * 5000 + b"\r\n\r\n")
@example(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n")
@example(b"HTTP/1.1 200 OK\r\nContent-Type: \xff\xfe\r\n\r\n")
@example(b"HTTP/9.9 999999 x\r\n\r\n")
def test_any_octets(received: bytes) -> None:
    """Whatever a server sends is a response that can be judged, or none; what is shown of it is printable."""
    is_complete(received)
    try:
        reply = parsed_reply(URL, received)
    except ReplyInvalid:
        return

    assert max(len(reply.location), len(reply.content_type), len(reply.last_modified)) <= LONGEST_FIELD
    for judge in (judge_xml, judge_octets, judge_autodiscover):
        flaw = judge(reply, b"<clientConfig/>")
        assert flaw is None or flaw.seen.isprintable()
