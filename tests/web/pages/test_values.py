from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING, Any

import pytest
from lxml import etree, html

from autoconfig.web.pages.programs import Program
from tests.support.demo import DOMAINS
from tests.web.pages.conftest import URL, Shown, page_for, shown

if TYPE_CHECKING:
    from tests.web.conftest import Site

TLS = {"SSL": "SSL/TLS", "STARTTLS": "STARTTLS", "plain": "None"}
LOGIN = {"password-cleartext": "Normal password", "password-encrypted": "Encrypted password"}
KIND = {"imap": "IMAP", "pop3": "POP", "smtp": "SMTP"}
APPLE_LOGIN = {"EmailAuthPassword": "Normal password", "EmailAuthCRAMMD5": "Encrypted password"}
MICROSOFT = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"
REQUEST = "<Autodiscover><Request><EMailAddress>{}</EMailAddress></Request></Autodiscover>"


@pytest.mark.parametrize("domain", DOMAINS)
def test_mozilla(site: Site, domain: str) -> None:
    """People read the values that Thunderbird reads."""
    address = f"taro@{domain}"
    document = etree.fromstring(site.fetch(f"{URL}/mail/config-v1.1.xml?emailaddress={address}").content)
    expected = [
        Shown(
            KIND[server.get("type", "")],
            server.findtext("hostname", ""),
            server.findtext("port", ""),
            TLS[server.findtext("socketType", "")],
            LOGIN[server.findtext("authentication", "")],
            server.findtext("username", "").replace("%EMAILADDRESS%", address),
        )
        for server in document.xpath("//incomingServer | //outgoingServer")
    ]

    assert len(expected) == 3
    assert expected == shown(page_for(site, address))


@pytest.mark.parametrize("domain", DOMAINS)
def test_microsoft(site: Site, domain: str) -> None:
    """People read the values that Outlook reads."""
    address = f"taro@{domain}"
    answer = site.fetch(f"{URL}/autodiscover/autodiscover.xml", "POST", body=REQUEST.format(address).encode())
    protocols = etree.fromstring(answer.content).iter(f"{MICROSOFT}Protocol")
    names = {"SSL": "SSL/TLS", "TLS": "STARTTLS", "None": "None"}
    expected = [
        (
            KIND[protocol.findtext(f"{MICROSOFT}Type", "").lower()],
            protocol.findtext(f"{MICROSOFT}Server"),
            protocol.findtext(f"{MICROSOFT}Port"),
            names[protocol.findtext(f"{MICROSOFT}Encryption", "")],
            protocol.findtext(f"{MICROSOFT}LoginName"),
        )
        for protocol in protocols
    ]

    assert len(expected) == 3
    assert expected == [(v.protocol, v.host, v.port, v.tls, v.username) for v in shown(page_for(site, address))]


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize(("kind", "index"), [("imap", 0), ("pop3", 1)])
def test_apple(site: Site, domain: str, kind: str, index: int) -> None:
    """People read the values that the profile behind the button of IMAP, and of POP, has."""
    answer = page_for(site, f"taro@{domain}", program="iphone")
    page = html.document_fromstring(answer.text)
    url = page.xpath("//a[starts-with(@href, '/email.mobileconfig')]/@href")[index]
    (payload,) = plistlib.loads(site.fetch(f"{URL}{url}").content)["PayloadContent"]
    incoming = next(value for value in shown(answer) if value.protocol == KIND[kind])
    outgoing = next(value for value in shown(answer) if value.protocol == "SMTP")

    assert payload["EmailAccountType"] == {"imap": "EmailTypeIMAP", "pop3": "EmailTypePOP"}[kind]
    for direction, value in (("Incoming", incoming), ("Outgoing", outgoing)):
        expected = (value.host, value.port, value.tls != "None", value.login, value.username)
        assert as_apple(payload, direction) == expected


def as_apple(payload: dict[str, Any], direction: str) -> tuple[object, ...]:
    """The values of one direction, in the page's words."""
    name = f"{direction}MailServer"
    return (
        payload[f"{name}HostName"],
        str(payload[f"{name}PortNumber"]),
        payload[f"{name}UseSSL"],
        APPLE_LOGIN[payload[f"{name}Authentication"]],
        payload[f"{name}Username"],
    )


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_steps(site: Site, domain: str, language: str) -> None:
    """The steps of every program name the same hosts, ports and user names, and no other."""
    address = f"taro@{domain}"
    for program in Program:
        answer = page_for(site, address, lang=language, program=program.value)
        values = shown(answer)
        known = {part for value in values for part in (value.host, value.port, value.username)}
        (card,) = html.document_fromstring(answer.text).find_class("guide")
        named = {code.text_content() for code in card.xpath(".//*[@data-value]")}

        assert named == {code.get("data-value") for code in card.xpath(".//*[@data-value]")}
        assert named <= known | {address}, program
        if not card.xpath(".//*[@id='verdict']//ol"):
            assert {part for value in values for part in (value.host, value.port)} <= named, program
            assert 3 <= len(card.xpath(".//*[@data-step]")) <= 6, program


@pytest.mark.parametrize("domain", DOMAINS)
def test_copied(site: Site, domain: str) -> None:
    """What a button copies is what stands beside it."""
    page = html.document_fromstring(page_for(site, f"taro@{domain}").text)
    rows = [row for card in page.find_class("card") for row in card.find_class("value")]
    pairs = [(row.xpath("string(.//@data-copy)"), row.xpath("string(dd)")) for row in rows if row.xpath(".//button")]

    assert len(pairs) == 9
    assert all(copied == beside for copied, beside in pairs)
