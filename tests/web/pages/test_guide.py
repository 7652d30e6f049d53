"""The card with the steps: which program, which buttons, which way of receiving."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lxml import html

from autoconfig.web.pages.programs import Program
from tests.support.demo import DOMAINS
from tests.web.conftest import PLANS
from tests.web.pages.conftest import RICH, URL, page_for, shown, words

if TYPE_CHECKING:
    from tests.web.conftest import OpenSite, Site


def chosen(site: Site, user_agent: str, query: str = "", domain: str = "sample.co.jp") -> tuple[str, str, list[str]]:
    """The program of the card, the chosen one of the devices, and the texts of the codes on the page."""
    url = f"{URL}/setup?email=taro@{domain}{query}"
    page = html.document_fromstring(site.fetch(url, headers=[(b"user-agent", user_agent.encode())]).text)
    (card,) = page.find_class("guide")
    (current,) = page.xpath("//nav[@class='devices']//a[@aria-current]")
    codes = [code.get("data-code", "page") for code in page.xpath("//div[@role='img']")]
    assert all(link.get("href") for link in page.xpath("//a[@data-program]"))
    return str(card.get("data-program")), str(current.get("data-program")), codes


def test_program_at_hand(site: Site) -> None:
    """The program at hand is shown, or the one that a link names; a phone needs no QR code to get there."""
    assert chosen(site, "iPhone") == ("iphone", "iphone", [])
    assert chosen(site, "Android") == ("gmail", "gmail", [])
    assert chosen(site, "Windows NT 10.0") == ("outlook", "outlook", ["page"])
    assert chosen(site, "Macintosh") == ("mac", "mac", ["page"])
    assert chosen(site, "iPhone", "&program=outlook-classic") == ("outlook-classic", "outlook-classic", [])
    assert chosen(site, "Android", "&program=iphone") == ("iphone", "iphone", ["page"])
    assert chosen(site, "iPhone", "&program=thunderbird-android")[2] == ["imap", "pop3"]


PRIMARY = "//*[contains(concat(' ', @class, ' '), ' primary ')]"


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("program", Program)
def test_primary_buttons(site: Site, domain: str, program: Program) -> None:
    """Only Apple's devices have the profile as a button; elsewhere no button that is filled leads to one."""
    for user_agent in ("Windows NT 10.0", "Android", "X11; Linux", "iPhone", "Macintosh"):
        url = f"{URL}/setup?email=taro@{domain}&program={program}"
        page = html.document_fromstring(site.fetch(url, headers=[(b"user-agent", user_agent.encode())]).text)
        profiles = [link for link in page.xpath(f"{PRIMARY}/@href") if "mobileconfig" in link]
        apple = user_agent in {"iPhone", "Macintosh"} and program in {Program.IPHONE, Program.MAC}

        assert len(profiles) == (2 if apple else 0), user_agent


@pytest.mark.parametrize(
    ("recommend", "query", "protocols"),
    [
        ("", "", ["imap"]),
        ("", "&protocol=pop3", ["pop3"]),
        ('recommend = "pop3"\n', "", ["pop3"]),
        ('recommend = "pop3"\n', "&protocol=imap", ["imap"]),
        ('recommend = "both"\n', "", ["imap", "pop3"]),
        ('recommend = "both"\n', "&protocol=imap", ["imap"]),
    ],
)
def test_way_of_receiving(open_site: OpenSite, recommend: str, query: str, protocols: list[str]) -> None:
    """IMAP is preselected, or what the plan recommends; the other way is one link away, and all values are listed."""
    plans = PLANS.replace('recommend = "both"\n', "")
    name = "[plans.xserver]\n"
    site = open_site(plans=plans.replace(name, f"{name}{recommend}"))
    answer = site.fetch(f"{URL}/setup?email=taro@recommended.example&program=thunderbird-android{query}")
    page = html.document_fromstring(answer.text)
    links = page.xpath("//div[@class='ways']//a")
    current = [link.get("href") for link in links if link.get("aria-current")]

    assert page.xpath("//@data-code") == protocols
    assert len(current) == (1 if len(protocols) == 1 else 0)
    assert [f"protocol={kind}" in link.get("href") for kind, link in zip(("imap", "pop3"), links, strict=True)] == [
        True,
        True,
    ]
    assert [value.protocol for value in shown(answer)] == ["IMAP", "POP", "SMTP"]


def test_one_way_of_receiving(open_site: OpenSite) -> None:
    """Where there is one way of receiving only, there is nothing to choose."""
    site = open_site(plans=RICH)
    site.finder.add("plain.example", "plain-sending")

    assert "Receive by" not in words(page_for(site, "taro@plain.example"))


def test_customer_name(site: Site) -> None:
    """Customers read the name that is for them, on the page and in what mail programs show."""
    assert "Plan: Maintained server with mail" in words(page_for(site, "taro@old-shop.example"))
    for path in ("/mail/config-v1.1.xml?emailaddress=", "/email.mobileconfig?lang=en&email="):
        text = site.fetch(f"{URL}{path}taro@old-shop.example").text

        assert "Old system" not in text
        assert "old system" not in text


def test_password(open_site: OpenSite) -> None:
    """Customers read where their password is, in their language, and where to get a new one."""
    advice = {"ja": "通知にあります。", "en": "It is in our notice."}
    site = open_site(password_help=advice, password_reset_url="https://www.provider.example/password")
    answer = page_for(site, "taro@sample.co.jp")

    assert words(answer).count("It is in our notice.") == 2
    assert "https://www.provider.example/password" in html.document_fromstring(answer.text).xpath("//main//a/@href")
    assert "The password of the mail address" in words(page_for(open_site(), "taro@sample.co.jp"))


@pytest.mark.parametrize("typed", ["taro@sample.co.jp", "taro@stranger.example", "taro", "taro@gmail.com"])
def test_no_dead_end(open_site: OpenSite, typed: str) -> None:
    """Without settings about support, a page names somebody to ask; with them, it names the support."""
    without = words(page_for(open_site(), typed))
    with_support = page_for(open_site(support_phone="03-1234-5678"), typed)

    assert "person who gave you the address" in without
    assert "person who gave you the address" not in words(with_support)
    assert "03-1234-5678" in with_support.text


FIELDS = {
    ("hidemaru", "sample.co.jp"): [
        *("POP over SSL, IMAP over SSL On", "Use STARTTLS (receiving) Off"),
        *("SMTP over SSL On", "Use STARTTLS (sending) Off", "SMTP-AUTH method CRAM-MD5"),
    ],
    ("hidemaru", "hanako-flowers.example"): ["SMTP over SSL On", "Use STARTTLS (sending) On", "SMTP-AUTH method PLAIN"],
    ("hidemaru", "old-shop.example"): [
        *("POP over SSL, IMAP over SSL Off", "Use STARTTLS (receiving) Off"),
        *("SMTP over SSL On", "Use STARTTLS (sending) On", "SMTP-AUTH method CRAM-MD5"),
    ],
    ("becky", "sample.co.jp"): ["SSL/TLS for sending Default", "Method of SMTP authentication CRAM-MD5"],
    ("becky", "hanako-flowers.example"): [
        *("Login method Standard", "SSL/TLS for receiving Default", "SSL/TLS for sending STARTTLS"),
        "Method of SMTP authentication PLAIN",
    ],
    ("outlook-classic", "old-shop.example"): [
        "Require logon using Secure Password Authentication (SPA) Not ticked",
        "Use the following type of encrypted connection STARTTLS",
    ],
}


@pytest.mark.parametrize(("program", "domain"), FIELDS)
def test_own_words(site: Site, program: str, domain: str) -> None:
    """Programs that have choices of their own for TLS and logins are described in their words."""
    page = html.document_fromstring(page_for(site, f"taro@{domain}", program=program).text)
    fields = {" ".join(one.text_content() for one in field) for field in page.xpath("//dl[@class='fields']/div")}

    assert [field for field in FIELDS[program, domain] if field not in fields] == []


@pytest.mark.parametrize(
    ("domain", "receiving", "sending"),
    [
        ("hanako-flowers.example", "Tick POP3S or IMAPS.", "Tick SMTPS and OP25B."),
        ("old-shop.example", "Do not tick POP3S or IMAPS.", "Tick SMTPS and OP25B."),
    ],
)
def test_becky_encrypts_with_starttls(site: Site, domain: str, receiving: str, sending: str) -> None:
    """In Becky! the tick that turns TLS on is set for STARTTLS too; without it the password would be readable."""
    text = words(page_for(site, f"taro@{domain}", program="becky"))

    assert f"{receiving} {sending}" in text
