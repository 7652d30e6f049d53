from __future__ import annotations

import plistlib
from typing import TYPE_CHECKING

import pytest
from lxml import etree

if TYPE_CHECKING:
    from tests.support.log_lines import LogLines
    from tests.web.conftest import OpenSite, Site

SSL, STARTTLS, PLAIN = "SSL", "STARTTLS", "plain"
NORMAL, ENCRYPTED = "password-cleartext", "password-encrypted"

# The provider's own table: domain, host, port and TLS mode of IMAP, POP3 and SMTP, login method, user name.
OWN, SHARED = [("{}", 993, SSL), ("{}", 995, SSL), ("{}", 465, SSL)], "cs312.xbit.jp"
MANAGED = [("pop.{}", 993, SSL), ("pop.{}", 995, SSL), ("smap.{}", 465, SSL)]
PROVIDER = [
    ("hanako-flowers.example", [(SHARED, 993, SSL), (SHARED, 995, SSL), (SHARED, 587, STARTTLS)], NORMAL, "taro@{}"),
    ("yamada-law.example", MANAGED, ENCRYPTED, "taro@{}"),
    ("xn--wgv71a119e.example", MANAGED, ENCRYPTED, "taro@{}"),
    ("sample.co.jp", OWN, ENCRYPTED, "taro@{}"),
    (
        "vps-customer.example",
        [("mail.{}", 993, SSL), ("mail.{}", 995, SSL), ("smtpd.{}", 465, SSL)],
        ENCRYPTED,
        "taro@{}",
    ),
    ("second-brand.example", [("vps-customer.example", port, SSL) for port in (993, 995, 465)], ENCRYPTED, "taro@{}"),
    ("old-shop.example", [("{}", 143, PLAIN), ("{}", 110, PLAIN), ("{}", 587, STARTTLS)], ENCRYPTED, "taro.{}"),
    ("recommended.example", [("sv1234.xserver.jp", port, SSL) for port in (993, 995, 465)], NORMAL, "taro@{}"),
]

REQUEST = "<Autodiscover><Request><EMailAddress>taro@{}</EMailAddress></Request></Autodiscover>"


@pytest.mark.parametrize(("domain", "servers", "login", "username"), PROVIDER, ids=[row[0] for row in PROVIDER])
def test_mozilla(site: Site, domain: str, servers: list[tuple[str, int, str]], login: str, username: str) -> None:
    """Thunderbird is told exactly what the provider's page tells."""
    answer = site.request("GET", f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress=taro@{domain}")
    found = [
        [section.findtext(name, "") for name in ("hostname", "port", "socketType", "authentication", "username")]
        for section in etree.fromstring(answer.content).xpath("//incomingServer | //outgoingServer")
    ]

    assert [[*values[:4], values[4].replace("%EMAILADDRESS%", f"taro@{domain}")] for values in found] == [
        [host.format(domain), str(port), tls, login, username.format(domain)] for host, port, tls in servers
    ]


@pytest.mark.parametrize(("domain", "servers", "login", "username"), PROVIDER, ids=[row[0] for row in PROVIDER])
def test_microsoft(site: Site, domain: str, servers: list[tuple[str, int, str]], login: str, username: str) -> None:
    """Outlook is told exactly what the provider's page tells, as far as its document can."""
    url = f"https://autodiscover.{domain}/autodiscover/autodiscover.xml"
    answer = site.request("POST", url, content=REQUEST.format(domain))
    names = ("Server", "Port", "SSL", "Encryption", "LoginName", "SPA")
    modes = {SSL: ("on", "SSL"), STARTTLS: ("on", "TLS"), PLAIN: ("off", "None")}

    assert [
        [section.findtext("{*}" + name) for name in names]
        for section in etree.fromstring(answer.content).iter("{*}Protocol")
    ] == [
        [host.format(domain), str(port), *modes[tls], username.format(domain), "off"] for host, port, tls in servers
    ], login


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
@pytest.mark.parametrize(("domain", "servers", "login", "username"), PROVIDER, ids=[row[0] for row in PROVIDER])
def test_apple(
    site: Site, domain: str, servers: list[tuple[str, int, str]], login: str, username: str, protocol: str
) -> None:
    """An iPhone is told exactly what the provider's page tells."""
    url = f"https://autoconfig.{domain}/email.mobileconfig?email=taro@{domain}&protocol={protocol}"
    (account,) = plistlib.loads(site.request("GET", url).content)["PayloadContent"]
    methods = {NORMAL: "EmailAuthPassword", ENCRYPTED: "EmailAuthCRAMMD5"}
    expected = {"Incoming": servers[0 if protocol == "imap" else 1], "Outgoing": servers[2]}

    for direction, (host, port, tls) in expected.items():
        prefix = f"{direction}MailServer"
        assert account[f"{prefix}HostName"] == host.format(domain)
        assert account[f"{prefix}PortNumber"] == port
        assert account[f"{prefix}UseSSL"] is (tls != PLAIN)
        assert account[f"{prefix}Authentication"] == methods[login]
        assert account[f"{prefix}Username"] == username.format(domain)


def test_bug_in_a_page(open_site: OpenSite, log_lines: LogLines, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug behind a page is the same 500 that machines get, and is logged once, without the address."""
    site = open_site()
    monkeypatch.setattr(site.finder, "_rows", None)
    answer = site.request(
        "GET", "https://autoconfig.xbit.jp/setup?email=taro@sample.co.jp"
    )  # the server would log what is raised
    (line,) = log_lines()

    assert (answer.status_code, answer.text) == (500, "Something went wrong here.\n")
    assert (line["event"], "taro" in str(line)) == ("a bug", False)
