from __future__ import annotations

import contextlib
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autoconfig.errors import RequestInvalid
from autoconfig.formats.microsoft_request import Schema, read_request
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from tests.support.autodiscover_requests import (
    MOBILESYNC,
    OUTLOOK,
    READABLE,
    SHIFT_JIS,
    TEXT,
    UNREADABLE,
    doctype,
    request_text,
)


@pytest.mark.parametrize("body", READABLE.values(), ids=READABLE)
def test_readable(body: bytes) -> None:
    """Whatever else clients do to it, a request for Outlook's schema gives the address."""
    request = read_request(body)

    assert (request.schema, str(request.address)) == (Schema.OUTLOOK, "taro@example.jp")


SCHEMAS = {
    "Outlook": (OUTLOOK, Schema.OUTLOOK),
    "MobileSync": (MOBILESYNC, Schema.MOBILESYNC),
    "MobileSync with https": (MOBILESYNC.replace("http:", "https:"), Schema.MOBILESYNC),
    "unknown": ("http://schemas.microsoft.com/exchange/2010/Autodiscover", Schema.UNKNOWN),
    "nonsense": ("outlook", Schema.UNKNOWN),
}


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.values(), ids=SCHEMAS)
def test_schema(name: str, schema: Schema) -> None:
    """The schema that the client can read decides, not the request's own namespace."""
    assert schema is read_request(request_text(schema=name).encode()).schema


ADDRESSES = {
    "IDN": ("太郎@日本語.example", "太郎", "xn--wgv71a119e.example"),
    "IDN in A-labels": ("taro@xn--wgv71a119e.example", "taro", "xn--wgv71a119e.example"),
    "full-width domain": ("taro@ｅｘａｍｐｌｅ．ｃｏ．ｊｐ", "taro", "example.co.jp"),
    "ideographic full stop": ("taro@日本語。example", "taro", "xn--wgv71a119e.example"),
    "upper case": ("Taro@EXAMPLE.JP", "Taro", "example.jp"),
    "two dots": ("a..b.@docomo.example", "a..b.", "docomo.example"),
    "plus": ("a+b@example.jp", "a+b", "example.jp"),
    "markup": ("a&amp;b&lt;c&gt;@example.jp", "a&b<c>", "example.jp"),
    "ideographic space around it": ("\u3000taro@example.jp\u3000", "taro", "example.jp"),
    "outside the BMP": ("𠮷野@example.jp", "𠮷野", "example.jp"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(("sent", "local", "domain"), ADDRESSES.values(), ids=ADDRESSES)
def test_address(encoding: str, sent: str, local: str, domain: str) -> None:
    """Addresses arrive as they are meant, with the domain in A-labels."""
    body = request_text(sent).encode(encoding)

    assert EmailAddress(local, Domain(domain)) == read_request(body).address


def test_declared_encoding() -> None:
    """The declared encoding is the body's."""
    assert read_request(SHIFT_JIS.encode("shift_jis")).address.local == "太郎"


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable(body: bytes) -> None:
    """What is no request, has no address, or might attack a parser, is refused as invalid."""
    with pytest.raises(RequestInvalid):
        read_request(body)


def test_reason() -> None:
    """The sentence says what is wrong; what came is repeated only where it was to be an address."""
    with pytest.raises(RequestInvalid, match=r"^the body has a DOCTYPE$"):
        read_request(doctype(TEXT))
    with pytest.raises(RequestInvalid, match=r"^the root element is not Autodiscover$"):
        read_request(b"<secret/>")
    with pytest.raises(RequestInvalid, match=r"^the body is not XML$"):
        read_request(b"secret")
    with pytest.raises(RequestInvalid, match=r"^'taro' is not a mail address"):
        read_request(request_text("taro").encode())


def refused_or_read(body: bytes) -> None:
    """Call it; nothing but an answer or `RequestInvalid` comes back."""
    with contextlib.suppress(RequestInvalid):
        read_request(body)


@given(st.binary(max_size=300))
@example(b"\xff\xfe\x00\xd8")
@example(b"<\x00\x00")
def test_any_bytes(body: bytes) -> None:
    """No bytes at all make anything worse than an invalid request."""
    refused_or_read(body)


@given(
    st.sampled_from(sorted([*READABLE.values(), *UNREADABLE.values()], key=len)[:-2]),
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 8), st.binary(max_size=4)), min_size=1, max_size=4),
)
def test_mutated(body: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    """No damage to a real request makes anything worse than an invalid request."""
    for start, length, new in edits:
        body = body[:start] + new + body[start + length :]
    refused_or_read(body)


@given(st.text(), st.text(), st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-16-be"]))
def test_any_texts(address: str, schema: str, encoding: str) -> None:
    """No text in the place of the address or the schema makes anything worse than an invalid request."""
    refused_or_read(request_text(escape(address), escape(schema)).encode(encoding, "replace"))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<?xml " * 2700 + b'encoding="utf-16' * 1000, id="declarations of UTF-16"),
        pytest.param(b"<?xml " * 10900, id="declarations"),
        pytest.param(("<?xml " * 5000).encode("utf-16"), id="declarations in UTF-16"),
    ],
)
def test_costly_bodies(body: bytes) -> None:
    """A body made to keep a search busy is refused as any other; with a search that starts again it takes minutes."""
    with pytest.raises(RequestInvalid):
        read_request(body)
