"""The provider's table, written out by hand, read back out of every format by plain readers."""

from __future__ import annotations

import plistlib
from collections.abc import Callable
from typing import NamedTuple
from xml.etree import ElementTree as ET

import pytest

from autoconfig.formats import apple, microsoft, mozilla
from autoconfig.mail.account import Account
from autoconfig.mail.server import Protocol

Accounts = Callable[..., Account]


class Line(NamedTuple):
    """A line of the provider's table: host, port and TLS of each server, how to log in, and as whom."""

    imap: str
    pop3: str
    incoming_login: str
    smtp: str
    outgoing_login: str
    username: str


TABLE = {
    "sample.co.jp": Line(
        "sample.co.jp 993 SSL",
        "sample.co.jp 995 SSL",
        "encrypted",
        "sample.co.jp 465 SSL",
        "encrypted",
        "taro@sample.co.jp",
    ),
    "hanako-flowers.example": Line(
        "cs312.xbit.jp 993 SSL",
        "cs312.xbit.jp 995 SSL",
        "normal",
        "cs312.xbit.jp 587 STARTTLS",
        "normal",
        "taro@hanako-flowers.example",
    ),
    "yamada-law.example": Line(
        "pop.yamada-law.example 993 SSL",
        "pop.yamada-law.example 995 SSL",
        "encrypted",
        "smap.yamada-law.example 465 SSL",
        "encrypted",
        "taro@yamada-law.example",
    ),
    "vps-customer.example": Line(
        "mail.vps-customer.example 993 SSL",
        "mail.vps-customer.example 995 SSL",
        "encrypted",
        "smtpd.vps-customer.example 465 SSL",
        "encrypted",
        "taro@vps-customer.example",
    ),
    "second-brand.example": Line(
        "vps-customer.example 993 SSL",
        "vps-customer.example 995 SSL",
        "encrypted",
        "vps-customer.example 465 SSL",
        "encrypted",
        "taro@second-brand.example",
    ),
    "old-shop.example": Line(
        "old-shop.example 143 plain",
        "old-shop.example 110 plain",
        "encrypted",
        "old-shop.example 587 STARTTLS",
        "encrypted",
        "taro.old-shop.example",
    ),
    "recommended.example": Line(
        "sv1234.xserver.jp 993 SSL",
        "sv1234.xserver.jp 995 SSL",
        "normal",
        "sv1234.xserver.jp 465 SSL",
        "normal",
        "taro@recommended.example",
    ),
    "日本語.example": Line(
        "pop.xn--wgv71a119e.example 993 SSL",
        "pop.xn--wgv71a119e.example 995 SSL",
        "encrypted",
        "smap.xn--wgv71a119e.example 465 SSL",
        "encrypted",
        "taro@xn--wgv71a119e.example",
    ),
}

of_table = pytest.mark.parametrize(("name", "line"), TABLE.items(), ids=TABLE)


def same(names: list[str]) -> str:
    """The name that all servers are given."""
    assert len(names) == 3
    assert len(set(names)) == 1
    return names[0]


def read_mozilla(document: bytes, address: str) -> Line:
    """A line out of config-v1.1.xml, as a reader that knows `address` sees it."""
    servers, logins, users = {}, {}, []
    for server in ET.fromstring(document)[0]:
        if server.tag in {"incomingServer", "outgoingServer"}:
            kind = server.attrib["type"]
            assert kind not in servers
            texts = {leaf.tag: leaf.text or "" for leaf in server}
            servers[kind] = f"{texts['hostname']} {texts['port']} {texts['socketType']}"
            logins[kind] = {"password-cleartext": "normal", "password-encrypted": "encrypted"}[texts["authentication"]]
            users.append(
                texts["username"]
                .replace("%EMAILADDRESS%", address)
                .replace("%EMAILLOCALPART%", address.partition("@")[0])
            )
    assert logins["imap"] == logins["pop3"]
    return Line(servers["imap"], servers["pop3"], logins["imap"], servers["smtp"], logins["smtp"], same(users))


def read_microsoft(document: bytes) -> Line:
    """A line out of Autodiscover, which cannot say how to log in."""
    space = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
    servers, users = {}, []
    for protocol in ET.fromstring(document).iter(f"{space}Protocol"):
        texts = {leaf.tag.removeprefix(space): leaf.text for leaf in protocol}
        assert texts["Type"] not in servers
        assert texts["SPA"] == "off"
        tls = {("on", "SSL"): "SSL", ("on", "TLS"): "STARTTLS", ("off", "None"): "plain"}
        mode = tls[str(texts["SSL"]), str(texts["Encryption"])]
        servers[texts["Type"]] = f"{texts['Server']} {texts['Port']} {mode}"
        users.append(str(texts["LoginName"]))
    return Line(servers["IMAP"], servers["POP3"], "", servers["SMTP"], "", same(users))


def read_apple(imap: bytes, pop3: bytes) -> Line:
    """A line out of two profiles, read as iPhones do: `UseSSL` on a STARTTLS port means STARTTLS."""
    profiles = [plistlib.loads(profile)["PayloadContent"][0] for profile in (imap, pop3)]
    assert [profile["EmailAccountType"] for profile in profiles] == ["EmailTypeIMAP", "EmailTypePOP"]

    def server(payload: dict[str, object], direction: str) -> str:
        host, port, tls = (payload[f"{direction}MailServer{key}"] for key in ("HostName", "PortNumber", "UseSSL"))
        return f"{host} {port} {('STARTTLS' if port in (143, 110, 587) else 'SSL') if tls else 'plain'}"

    def login(direction: str) -> str:
        name = same([profiles[n][f"{direction}MailServerAuthentication"] for n in (0, 1, 1)])
        return {"EmailAuthPassword": "normal", "EmailAuthCRAMMD5": "encrypted"}[name]

    outgoing = same([server(profiles[n], "Outgoing") for n in (0, 1, 1)])
    keys = ("IncomingMailServerUsername", "OutgoingMailServerUsername")
    user = same([profiles[0][keys[0]], profiles[1][keys[0]], same([profiles[n][keys[1]] for n in (0, 1, 1)])])
    return Line(
        server(profiles[0], "Incoming"),
        server(profiles[1], "Incoming"),
        login("Incoming"),
        outgoing,
        login("Outgoing"),
        user,
    )


@of_table
def test_mozilla(customer: Accounts, name: str, line: Line) -> None:
    """Thunderbird and its like read the provider's values, whether they say their address or not."""
    address = f"taro@{name.replace('日本語', 'xn--wgv71a119e')}"

    assert line == read_mozilla(mozilla.document(customer(name)), address)
    assert line == read_mozilla(mozilla.document(customer(name, None)), address)


@of_table
def test_microsoft(customer: Accounts, name: str, line: Line) -> None:
    """Outlook and its like read the provider's values."""
    assert line._replace(incoming_login="", outgoing_login="") == read_microsoft(microsoft.document(customer(name)))


@of_table
def test_apple(customer: Accounts, name: str, line: Line) -> None:
    """An iPhone reads the provider's values, by IMAP and by POP3."""
    account = customer(name)
    imap, pop3 = (
        apple.document(account, "jp.xbit.autoconfig", protocol) for protocol in (Protocol.IMAP, Protocol.POP3)
    )

    assert line == read_apple(imap, pop3)


def test_the_demo_has_these_domains(rows: dict[object, object]) -> None:
    """No domain of the demo is left out here."""
    assert {name.replace("日本語", "xn--wgv71a119e") for name in TABLE} == set(map(str, rows))
