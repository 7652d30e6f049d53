from __future__ import annotations

import html
import json
import plistlib
import re
from typing import TYPE_CHECKING
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from autoconfig.cli.main import app
from tests.support.demo import DOMAINS
from tests.web.desk.asking import INSIDE

if TYPE_CHECKING:
    from tests.web.conftest import Site

SERVER = tuple[str, str, int, str]
"""Protocol, host, port, user name."""


def rows_of(page: str, key: str) -> list[list[str]]:
    """The cells of a table on the desk's page."""
    section = page.partition(f'<h2 id="{key}">')[2].partition("</section>")[0]
    return [
        [html.unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in re.findall(r"<tr>(<td.*?)</tr>", section)
    ]


def on_page(page: str) -> list[SERVER]:
    """The mail servers on the desk's page."""
    return [(row[0], row[1], int(row[2]), row[5]) for row in rows_of(page, "servers") if row[2]]


def in_mozilla(document: bytes, address: str) -> list[SERVER]:
    """The mail servers in Mozilla's document, as Thunderbird fills its places for an address."""
    local, _, domain = address.partition("@")
    places = {"%EMAILADDRESS%": address, "%EMAILLOCALPART%": local, "%EMAILDOMAIN%": domain}
    for place, value in places.items():
        document = document.replace(place.encode(), value.encode())
    return [
        (
            server.attrib["type"],
            server.findtext("hostname") or "",
            int(server.findtext("port") or 0),
            server.findtext("username") or "",
        )
        for server in ET.fromstring(document).iterfind(".//emailProvider/*[@type]")
    ]


def in_autodiscover(document: bytes) -> list[SERVER]:
    """The mail servers in Outlook's document."""
    names = {"IMAP": "imap", "POP3": "pop3", "SMTP": "smtp"}
    space = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
    return [
        (
            names[one.findtext(f"{space}Type") or ""],
            one.findtext(f"{space}Server") or "",
            int(one.findtext(f"{space}Port") or 0),
            one.findtext(f"{space}LoginName") or "",
        )
        for one in ET.fromstring(document).iter(f"{space}Protocol")
        if one.findtext(f"{space}Type") in names
    ]


def in_profile(document: bytes) -> set[SERVER]:
    """The mail servers in an unsigned profile."""
    found = set()
    for payload in plistlib.loads(document)["PayloadContent"]:
        if payload["PayloadType"] == "com.apple.mail.managed":
            for way, kind in (
                ("Incoming", payload["EmailAccountType"].removeprefix("EmailType")),
                ("Outgoing", "SMTP"),
            ):
                protocol = {"IMAP": "imap", "POP": "pop3", "SMTP": "smtp"}[kind]
                place = f"{way}MailServer"
                host, port = payload[f"{place}HostName"], payload[f"{place}PortNumber"]
                found.add((protocol, host, port, payload[f"{place}Username"]))
    return found


@pytest.mark.parametrize("domain", DOMAINS)
def test_same_values(desk: Site, domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk's page, `autoconfig desk` in both languages and as JSON, and every document name the same values."""
    address = f"hanako@{domain}"
    page = desk.ask("/desk", "localhost", query=f"address={quote(address)}".encode(), client=INSIDE).text
    shown = on_page(page)
    folder = desk.services.settings.state_dir.parent / "demo"
    for name, value in {"MX_NAMESERVERS": "127.0.0.1:9", "MX_TIMEOUT": "0.05", "TIMEZONE": "Asia/Tokyo"}.items():
        monkeypatch.setenv(f"AUTOCONFIG_{name}", value)
    monkeypatch.setenv("COLUMNS", "400")

    def said(*options: str) -> str:
        command = ["--config", str(folder / "autoconfig.toml"), "desk", address, *options]
        return CliRunner().invoke(app, command, catch_exceptions=False).stdout

    mozilla = desk.ask(
        "/mail/config-v1.1.xml", f"autoconfig.{domain}", query=f"emailaddress={quote(address)}".encode()
    ).content
    request = f"<Autodiscover><Request><EMailAddress>{address}</EMailAddress></Request></Autodiscover>".encode()
    outlook = desk.ask("/autodiscover/autodiscover.xml", f"autodiscover.{domain}", method="POST", body=request).content
    profile = desk.ask("/email.mobileconfig", "autoconfig.xbit.jp", query=f"email={quote(address)}".encode()).content

    assert len(shown) >= 2
    assert in_mozilla(mozilla, address) == shown
    assert set(in_autodiscover(outlook)) <= set(shown)
    assert in_autodiscover(outlook)
    assert in_profile(profile) <= set(shown)
    for language in ("ja", "en"):
        lines = [" ".join(line.split()) for line in said("--lang", language).splitlines()]
        for protocol, host, port, username in shown:
            assert [line for line in lines if line.startswith(f"{protocol} {host} {port} ") and username in line]
    assert [
        (server["protocol"], server["host"], server["port"], server["username"])
        for server in json.loads(said("--json"))["servers"]
    ] == shown


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("ja", ["なし", "暗号化されたパスワード認証"]),
        ("en", ["None", "Encrypted password"]),
    ],
)
def test_words(desk: Site, lang: str, words: list[str]) -> None:
    """The servers are in the words that the customer reads on his page."""
    page = desk.ask("/desk", "localhost", query=f"address=old-shop.example&lang={lang}".encode(), client=INSIDE).text

    assert rows_of(page, "servers")[0][3:5] == words
