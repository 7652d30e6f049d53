"""The bytes of published documents: however they are written, and what is refused."""

from __future__ import annotations

import codecs

import pytest

from autoconfig.errors import DocumentInvalid
from autoconfig.migrate.config_v11 import MAX_OCTETS, read_document, read_published
from tests.formats.imports.forms import FOLDER

SIMPLE = (FOLDER / "simple.xml").read_text(encoding="utf-8").replace("Example Net", "例のメール")
ENCODINGS = {
    "UTF-8 with a byte order mark": codecs.BOM_UTF8 + SIMPLE.encode(),
    "blank lines before the declaration": b" \n\n" + SIMPLE.encode(),
    "no declaration": SIMPLE.partition("\n")[2].encode(),
    "UTF-16": SIMPLE.replace("UTF-8", "UTF-16").encode("utf-16"),
    "Shift_JIS": SIMPLE.replace("UTF-8", "Shift_JIS").encode("shift_jis"),
    "EUC-JP": SIMPLE.replace("UTF-8", "EUC-JP").encode("euc_jp"),
    "CDATA": SIMPLE.replace("例のメール", "<![CDATA[例の]]>メール").encode(),
    "character references": SIMPLE.replace("例", "&#x4f8b;").replace("imap.", "im&#97;p.").encode(),
    "CRLF": SIMPLE.replace("\n", "\r\n").encode(),
    "pretty-printed leaves": SIMPLE.replace("例のメール", "\n  例のメール\n\t").encode(),
}


@pytest.mark.parametrize("body", ENCODINGS.values(), ids=ENCODINGS)
def test_encodings(body: bytes) -> None:
    """However the same document is written, it makes the same plan."""
    assert read_document(body).plan == read_document(SIMPLE.encode()).plan


PROVIDER = '<clientConfig version="1.1"><emailProvider id="a.example">{}</emailProvider></clientConfig>'
SERVER = (
    '<{tag} type="{type}"><hostname>m.example</hostname><port>1</port><socketType>SSL</socketType>'
    "<authentication>OAuth2</authentication><username>x</username></{tag}>"
)
INCOMING = SERVER.format(tag="incomingServer", type="imap")
OUTGOING_SERVER = SERVER.format(tag="outgoingServer", type="smtp")
GOOD = PROVIDER.format(INCOMING + OUTGOING_SERVER)
BOMB = "<!DOCTYPE a [" + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha"}">' for n in range(9)) + "]>"
REFUSED = {
    "empty": (b"", "it is not XML: "),
    "blank": (b" \n", "it is not XML: "),
    "no XML": (b"imap.example.net:993", "it is not XML: "),
    "binary": (bytes(range(256)), "it is not XML: "),
    "cut off": (GOOD[:-20].encode(), "it is not XML: "),
    "an unknown entity": (PROVIDER.format("&nbsp;").encode(), "it is not XML: "),
    "another encoding than it says": (SIMPLE.encode("shift_jis"), "it is not XML: "),
    "an encoding that nobody knows": (SIMPLE.replace("UTF-8", "x-klingon").encode(), "it is not XML: "),
    "nested without end": (("<a>" * 100_000).encode(), "it is not XML: "),
    "HTML": (b"<!DOCTYPE html><html><body>404</body></html>", "it has a DOCTYPE"),
    "a DOCTYPE": (b"<!DOCTYPE clientConfig>" + GOOD.encode(), "it has a DOCTYPE"),
    "an external DTD": (b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + GOOD.encode(), "it has a DOCTYPE"),
    "an external entity": (
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + GOOD.replace("m.example", "&x;")).encode(),
        "it has a DOCTYPE",
    ),
    "an entity bomb": ((BOMB + GOOD.replace("m.example", "&e8;")).encode(), "it "),
    "Autodiscover": (b"<Autodiscover/>", "its root element is <Autodiscover>, not <clientConfig>"),
    "no provider": (b'<clientConfig version="1.1"/>', "it has no <emailProvider>"),
    "a provider of another namespace": (
        b'<clientConfig><x:emailProvider xmlns:x="urn:x"/></clientConfig>',
        "it has no <emailProvider>",
    ),
    "no server": (PROVIDER.format("").encode(), "it has no usable server for receiving"),
    "nothing to receive by": (PROVIDER.format(OUTGOING_SERVER).encode(), "it has no usable server for receiving"),
    "nothing to send by": (PROVIDER.format(INCOMING).encode(), "it has no usable server for sending"),
    "ManageSieve alone to receive by": (
        PROVIDER.format(SERVER.format(tag="incomingServer", type="managesieve") + OUTGOING_SERVER).encode(),
        "it has no usable server for receiving",
    ),
    "Exchange alone": (
        PROVIDER.format(SERVER.format(tag="incomingServer", type="exchange") + OUTGOING_SERVER).encode(),
        (
            "it has no usable server for receiving\n"
            "  line 1: this exchange section is left out: a plan has no Exchange servers"
        ),
    ),
    "too long": (GOOD.encode() + b" " * MAX_OCTETS, "it is longer than 1 MiB"),
}


@pytest.mark.parametrize(("body", "sentence"), REFUSED.values(), ids=REFUSED)
def test_refused(body: bytes, sentence: str) -> None:
    """What is no such document, or has no server that counts, is refused with a sentence that says why."""
    with pytest.raises(DocumentInvalid) as caught:
        read_document(body)

    assert str(caught.value).startswith(sentence)
    assert "<string>" not in str(caught.value)
    assert "root:" not in str(caught.value)


def test_longest() -> None:
    """A document of just 1 MiB is read."""
    assert read_document(GOOD.encode().ljust(MAX_OCTETS)).plan.key == "a-example"


LABOUR = {
    "spaces in what a plan has no place for": b"<x>a%bb</x>" % (b" " * 1_000_000),
    "spaces in what a plan has": b"<displayName>a%bb</displayName>" % (b" " * 1_000_000),
    "domains": b"<domain>a.example</domain>" * 40_000,
    "services": b"".join(
        b'<calendar type="caldav"><url>https://a.example/%d</url><authentication>Basic</authentication></calendar>'
        % number
        for number in range(9000)
    ),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("inner", LABOUR.values(), ids=LABOUR)
def test_labour(inner: bytes) -> None:
    """No document of 1 MiB takes more than seconds, whatever there is much of in it."""
    body = GOOD.encode().replace(b'<emailProvider id="a.example">', b'<emailProvider id="a.example">' + inner)
    assert len(GOOD) + len(inner) == len(body) <= MAX_OCTETS

    assert read_document(body).losses
    assert read_published(body).incoming
