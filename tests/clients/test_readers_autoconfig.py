from __future__ import annotations

import re
from typing import Any

import pytest

from tests.clients.readers.altered import NO, NO_IMAP, NOTHING, expected, found_by, imap
from tests.clients.readers.client import (
    AUTOCONFIG,
    AUTOMATIC,
    CLEARTEXT,
    ENCRYPTED,
    IMAP,
    OAUTH2,
    PLAIN,
    POP3,
    SMTP,
    SSL,
    STARTTLS,
    Person,
)
from tests.clients.readers.every import CLIENTS
from tests.clients.readers.thunderbird import read_autoconfig

TARO = Person("example.jp")


def section(kind: str, host: str, port: int, socket: str) -> str:
    """A server section."""
    name = "outgoingServer" if kind == SMTP else "incomingServer"
    return f"""<{name} type="{kind}">
      <hostname>{host}.example.jp</hostname>
      <port>{port}</port>
      <socketType>{socket}</socketType>
      <authentication>password-cleartext</authentication>
      <username>%EMAILADDRESS%</username>
    </{name}>
    """


IMAP_SECTION, POP3_SECTION = section(IMAP, "imap", 993, "SSL"), section(POP3, "pop", 110, "STARTTLS")
SMTP_SECTION = section(SMTP, "smtp", 587, "STARTTLS")
DOCUMENT = f"""<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="example.jp">
    <domain>example.jp</domain>
    <displayName>Example</displayName>
    {IMAP_SECTION}{POP3_SECTION}{SMTP_SECTION}
  </emailProvider>
</clientConfig>
"""
READERS = {
    "TB": CLIENTS["Thunderbird"],
    "TA": CLIENTS["Thunderbird Android"],
    "EV": CLIENTS["Evolution"],
    "E3": CLIENTS["Evolution 3.46"],
    "GO": CLIENTS["GNOME Online Accounts"],
    "KM": CLIENTS["KMail"],
    "K2": CLIENTS["KMail 22.12"],
    "GE": CLIENTS["Geary"],
    "FE": CLIENTS["FairEmail"],
    "HI": CLIENTS["Himalaya"],
    "AE": CLIENTS["aerc"],
    "NC": CLIENTS["Nextcloud Mail"],
    "SN": CLIENTS["SnappyMail"],
    "DC": CLIENTS["Delta Chat"],
}
ALL = " ".join(READERS)


def each(**changes: Any) -> dict[str, dict[str, Any]]:
    """A change of what is read of all three."""
    return dict.fromkeys((IMAP, POP3, SMTP), changes)


def smtp_ssl() -> dict[str, dict[str, Any]]:
    """The other SMTP server is taken."""
    return {SMTP: {"host": "smtps.example.jp", "port": 465, "tls": SSL}}


NO_SMTP: dict[str, None] = {SMTP: None}
SOCKET, PORT, HOST = "<socketType>SSL</socketType>", "<port>993</port>", "<hostname>imap.example.jp</hostname>"
LOGIN, USER = "<authentication>password-cleartext</authentication>", "<username>%EMAILADDRESS%</username>"
END = "  </emailProvider>"


def method(*names: str) -> str:
    """Login methods."""
    return "".join(f"<authentication>{name}</authentication>" for name in names)


# What is done to the document, and what that does to whom; who is not named reads what stood there before.
EDITS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "nothing": ("", "", {}),
    "lower case socketType": (SOCKET, "<socketType>ssl</socketType>",
        {"TB": NO_IMAP, "TA HI": NO, "EV E3 KM K2 GE": imap(tls=PLAIN)}),
    "socketType TLS": (SOCKET, "<socketType>TLS</socketType>",
        {"TB": NO_IMAP, "TA HI": NO, "EV E3 KM K2 GE": imap(tls=PLAIN), "NC": imap(tls=STARTTLS),
         "DC": imap(tls=AUTOMATIC)}),
    "socketType plain": (SOCKET, "<socketType>plain</socketType>",
        {"TA": NO, "TB EV E3 KM K2 GE HI NC DC": imap(tls=PLAIN)}),
    "no socketType": (SOCKET, "",
        {"TB": NO_IMAP, "TA": NO, "EV E3 KM K2 GE NC": imap(tls=PLAIN), "DC": imap(tls=AUTOMATIC)}),
    "no port": (PORT, "", {"TB KM K2 DC": NO_IMAP, "TA GE FE": NO, "EV E3 NC": imap(port=0)}),
    "port in upper case": (PORT, "<PORT>993</PORT>", {"TB KM K2": NO_IMAP, "TA GE FE": NO, "EV E3 NC": imap(port=0)}),
    "spaces around the port": (PORT, "<port> 993 </port>", {"TA GE FE HI": NO}),
    "port 70000": (PORT, "<port>70000</port>",
        {"TB": NO_IMAP, "TA GE HI": NO, "EV E3 DC": imap(port=0), "KM K2 FE NC": imap(port=70000)}),
    "no user name": (USER, "",
        {"TB": imap(username="undefined"), "TA": NO, "EV E3 KM K2 NC": imap(username=""), "DC": NO_IMAP}),
    "encrypted password": (LOGIN, method(ENCRYPTED), {"TB TA EV E3 KM K2": imap(logins=(ENCRYPTED,))}),
    "only an unknown method": (LOGIN, method("SCRAM-SHA-256"), {"TB": NO_IMAP, "TA HI": NO}),
    "only GSSAPI": (LOGIN, method("GSSAPI"), {"TB KM K2": imap(logins=("GSSAPI",)), "TA HI": NO}),
    "no method": (LOGIN, "", {"TB": NO_IMAP, "TA": NO, "HI": imap(logins=())}),
    "cleartext, encrypted": (LOGIN, method(CLEARTEXT, ENCRYPTED),
        {"TA": imap(logins=(CLEARTEXT, ENCRYPTED)), "EV E3 KM K2": imap(logins=(ENCRYPTED,))}),
    "encrypted, cleartext": (LOGIN, method(ENCRYPTED, CLEARTEXT),
        {"TA": imap(logins=(ENCRYPTED, CLEARTEXT)), "TB KM K2": imap(logins=(ENCRYPTED,))}),
    "OAuth2, cleartext": (LOGIN, method(OAUTH2, CLEARTEXT),
        {"TA": imap(logins=(OAUTH2, CLEARTEXT)), "KM K2": imap(logins=(OAUTH2,))}),
    "POP3 first": (IMAP_SECTION + POP3_SECTION, POP3_SECTION + IMAP_SECTION, {"GE FE": NO}),
    "a second IMAP server": (POP3_SECTION, section(IMAP, "other", 993, "SSL") + POP3_SECTION,
        {"EV E3": imap(host="other.example.jp")}),
    "a second SMTP server": (SMTP_SECTION, section(SMTP, "smtps", 465, "SSL") + SMTP_SECTION,
        {"TB TA GE FE HI NC DC": smtp_ssl()}),
    "a JMAP section": (POP3_SECTION, POP3_SECTION + section("jmap", "jmap", 443, "SSL"), {"HI": NO}),
    "a section without type": (POP3_SECTION, POP3_SECTION + section("", "none", 1, "SSL").replace(' type=""', ""),
        {"EV E3 HI": NO}),
    "no SMTP server": (SMTP_SECTION, "", {"TB TA GE FE": NO, "EV E3 KM K2 HI NC DC": NO_SMTP}),
    "CDATA": (HOST, "<hostname><![CDATA[imap.example.jp]]></hostname>", {"EV E3": imap(host=""), "DC": NO_IMAP}),
    "a comment in a host name": (HOST, "<hostname>imap<!-- -->.example.jp</hostname>",
        {"EV E3 DC": imap(host=".example.jp")}),
    "spaces around a host name": (HOST, "<hostname> imap.example.jp </hostname>",
        {"TA": NO, "EV E3 KM K2 GE FE HI NC": imap(host=" imap.example.jp ")}),
    "a host name with underscore": (HOST, "<hostname>imap_1.example.jp</hostname>",
        {"TB": NO_IMAP, "TA": NO, "EV E3 KM K2 GE FE HI NC DC": imap(host="imap_1.example.jp")}),
    "an attribute on a host name": (HOST, '<hostname lang="ja">imap.example.jp</hostname>', {"TB": NO_IMAP}),
    "a placeholder in a host name": (HOST, "<hostname>imap.%EMAILDOMAIN%</hostname>",
        {"EV E3": imap(host="imap."), "GE FE NC": imap(host="imap.%EMAILDOMAIN%")}),
    "an element in a port": (PORT, "<port>993<b/></port>", {"TA": NO}),
    "local part": (USER, "<username>%EMAILLOCALPART%</username>",
        {"TB TA EV E3 KM K2 HI FE NC DC": each(username="taro")}),
    "local.domain": (USER, "<username>%EMAILLOCALPART%.%EMAILDOMAIN%</username>",
        {"TB TA KM K2 HI NC DC": each(username="taro.example.jp"), "EV E3": each(username="taro."),
         "FE": each(username="%EMAILLOCALPART%.%EMAILDOMAIN%")}),
    "a number": (USER, "<username>0012345</username>",
        {"TB": each(username="12345"), "TA EV E3 KM K2 FE HI NC DC": each(username="0012345")}),
    "no id": (' id="example.jp"', "", {"TB TA HI": NO}),
    "a name as id": (' id="example.jp"', ' id="My ISP"', {"TB TA": NO}),
    "no version": (' version="1.1"', "", {"HI": NO}),
    "no domain": ("<domain>example.jp</domain>", "", {"TB TA": NO}),
    "a Unicode domain": ("<domain>example.jp</domain>", "<domain>日本語.jp</domain>", {"TB TA": NO}),
    "documentation without url": (END, f"<documentation/>{END}", {"HI": NO}),
    "an empty descr": (END, f'<documentation url="https://example.jp/"><descr lang="ja"/></documentation>{END}',
        {"HI": NO}),
    "an incomplete oAuth2": (END, f"{END}<oAuth2><issuer>example.jp</issuer></oAuth2>", {"HI": NO}),
    "a default namespace": ("<clientConfig", '<clientConfig xmlns="urn:example"', {}),
    "prefixes": ("", "", {"TB TA EV E3 KM K2 FE NC": NO, "DC": NOTHING}),
    "an unclosed element": ("</emailProvider>", "", {ALL: NO}),
    "a web page": (DOCUMENT, "<html><body><p>Not found</p></body></html>",
        {"TB TA EV E3 KM K2 GE FE HI NC": NO, "DC": NOTHING}),
}  # fmt: skip
# The same of those that came later: GNOME Online Accounts, aerc and SnappyMail.
LATER: dict[str, dict[str, Any]] = {
    "lower case socketType": {"SN": imap(tls=PLAIN)},
    "socketType TLS": {"AE": imap(tls=STARTTLS), "SN": imap(tls=PLAIN)},
    "socketType plain": {"AE SN": imap(tls=PLAIN)},
    "no socketType": {"AE": imap(tls=STARTTLS), "SN": imap(tls=PLAIN)},
    "no port": {"AE": NO, "SN": imap(port=0)},
    "port in upper case": {"AE": NO, "SN": imap(port=0)},
    "spaces around the port": {"AE": NO},
    "port 70000": {"AE SN": imap(port=70000)},
    "no user name": {"GO AE": imap(username=""), "SN": imap(username="taro")},
    "POP3 first": {"SN": NO},
    "a second SMTP server": {"GO SN": smtp_ssl()},
    "no SMTP server": {"GO": NO_SMTP, "AE SN": NO},
    "spaces around a host name": {"GO AE SN": imap(host=" imap.example.jp ")},
    "a host name with underscore": {"GO AE SN": imap(host="imap_1.example.jp")},
    "a placeholder in a host name": {"GO AE SN": imap(host="imap.%EMAILDOMAIN%")},
    "local part": {"GO SN": each(username="taro"), "AE": each(username="%EMAILLOCALPART%")},
    "local.domain": {
        "GO": each(username=""),
        "SN": each(username="taro"),
        "AE": each(username="%EMAILLOCALPART%.%EMAILDOMAIN%"),
    },
    "a number": {"GO": each(username=""), "SN": each(username="taro"), "AE": each(username="0012345")},
    "prefixes": {"SN": NO},
    "an unclosed element": {ALL: NO},
    "a web page": {"GO AE SN": NO},
}
# Horde by itself, for it takes every one of these servers for sending without TLS: what it has for receiving.
HORDE: dict[str, Any] = {
    "nothing": (IMAP, "imap.example.jp", 993, SSL, "taro@example.jp"),
    "lower case socketType": (IMAP, "imap.example.jp", 993, SSL, "taro@example.jp"),
    "socketType TLS": (IMAP, "imap.example.jp", 993, PLAIN, "taro@example.jp"),
    "no port": (IMAP, "imap.example.jp", 0, SSL, "taro@example.jp"),
    "no user name": (IMAP, "imap.example.jp", 993, SSL, ""),
    "POP3 first": (POP3, "pop.example.jp", 110, PLAIN, "taro@example.jp"),
    "local part": (IMAP, "imap.example.jp", 993, SSL, "taro"),
    "local.domain": (IMAP, "imap.example.jp", 993, SSL, "taro.%EMAILDOMAIN%"),
    "a placeholder in a host name": (IMAP, "imap.%EMAILDOMAIN%", 993, SSL, "taro@example.jp"),
    "no SMTP server": NO,
    "prefixes": NO,
    "an unclosed element": NO,
    "a web page": NO,
}
EVERYWHERE = {"local part", "local.domain", "a number"}
"""Edits of all sections; others are of the first place alone."""


def edited(name: str) -> bytes:
    """The document after an edit."""
    old, new, _ = EDITS[name]
    assert old in DOCUMENT
    if name == "prefixes":
        prefixed = re.sub(r"<(/?)(\w)", r"<\1m:\2", DOCUMENT)
        return prefixed.replace("<m:clientConfig", '<m:clientConfig xmlns:m="urn:example"').encode()
    return DOCUMENT.replace(old, new, -1 if name in EVERYWHERE else 1).encode()


@pytest.mark.parametrize("short", READERS, ids=[client.name for client in READERS.values()])
@pytest.mark.parametrize("name", EDITS)
def test_reading(name: str, short: str) -> None:
    """Each program accepts, refuses and misreads a document as the real one does (A5)."""
    client = READERS[short]
    read = client.steps(TARO)[0].read

    effects = {**EDITS[name][2], **LATER.get(name, {})}

    assert expected(client, AUTOCONFIG, short, effects) == found_by(read, edited(name))


@pytest.mark.parametrize("name", HORDE)
def test_horde(name: str) -> None:
    """Horde's first server for receiving; what it has for sending is never with STARTTLS."""
    read = CLIENTS["Horde"].steps(TARO)[0].read
    if HORDE[name] == NO:
        assert found_by(read, edited(name)) == NO
        return
    receiving, sending = read(edited(name))

    assert HORDE[name] == (receiving.protocol, receiving.host, receiving.port, receiving.tls, receiving.username)
    assert (sending.port, sending.tls) == (587, PLAIN)


def test_thunderbird_prefers_what_stands_first() -> None:
    """The first good incoming server is the one that is preselected, be it POP3."""
    assert [server.protocol for server in read_autoconfig(edited("nothing"), TARO)] == [IMAP, POP3, SMTP]
    assert [server.protocol for server in read_autoconfig(edited("POP3 first"), TARO)] == [POP3, IMAP, SMTP]


@pytest.mark.parametrize("short", READERS, ids=[client.name for client in READERS.values()])
def test_nobody_reads_everything(short: str) -> None:
    """Of these documents each program misreads or refuses several."""
    tables = [*(effects for _, _, effects in EDITS.values()), *LATER.values()]

    assert sum(any(short in names.split() for names in effects) for effects in tables) >= 4
