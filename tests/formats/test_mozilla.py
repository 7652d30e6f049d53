from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from lxml import etree

from autoconfig.errors import Inexpressible
from autoconfig.formats import mozilla
from autoconfig.mail.account import Account, Text
from autoconfig.mail.domain import Domain
from autoconfig.mail.server import MAIL, Login, Protocol, Server, TLSMode
from autoconfig.mail.service import OAuth2, Service, ServiceKind

if TYPE_CHECKING:
    from autoconfig.mail.binding import BoundPlan

Accounts = Callable[..., Account]
Servers = Callable[..., Server]
Services = Callable[..., Service]

GRAMMAR = etree.RelaxNG(etree.parse(Path(__file__).parent / "autoconfig.rng"))
DOCUMENTS = sorted(
    path for path in (Path(__file__).parent / "expected").glob("*.xml") if not path.name.endswith(".autodiscover.xml")
)


def values(document: bytes, name: str) -> list[str | None]:
    """The texts of all elements with this name, in document order."""
    return [element.text for element in ET.fromstring(document).iter(name)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_valid(path: Path) -> None:
    """Every golden document is what the draft's grammar asks for."""
    GRAMMAR.assertValid(etree.parse(path))


INVALID = {
    "no version": ('version="1.1"', ""),
    "no id": ('id="sample.co.jp"', ""),
    "a server without type": ('<incomingServer type="imap">', "<incomingServer>"),
    "port zero": ("<port>993</port>", "<port>0</port>"),
    "a port that is no number": ("<port>993</port>", "<port>imaps</port>"),
    "a namespace": ("<clientConfig ", '<clientConfig xmlns="urn:x" '),
    "misplaced": ("<domain>sample.co.jp</domain>", "<hostname>sample.co.jp</hostname>"),
}


@pytest.mark.parametrize(("old", "new"), INVALID.values(), ids=INVALID)
def test_grammar_refuses(old: str, new: str) -> None:
    """The grammar here is not one that lets everything pass."""
    text = (Path(__file__).parent / "expected" / "sample.co.jp.xml").read_text(encoding="utf-8")
    assert old in text

    assert not GRAMMAR.validate(etree.fromstring(text.replace(old, new).encode()))


SOCKET_TYPES = {TLSMode.SSL: "SSL", TLSMode.STARTTLS: "STARTTLS", TLSMode.PLAIN: "plain"}


@pytest.mark.parametrize("protocol", MAIL)
@pytest.mark.parametrize(("tls", "socket_type"), SOCKET_TYPES.items(), ids=SOCKET_TYPES)
def test_socket_type(account: Accounts, server: Servers, protocol: Protocol, tls: TLSMode, socket_type: str) -> None:
    """The TLS mode has the same spelling for each protocol, whatever the port is."""
    document = mozilla.document(account(server(protocol, tls, port=4711)))

    assert [socket_type] == values(document, "socketType")
    assert values(document, "port") == ["4711"]
    section = ET.fromstring(document)[0][-1]
    assert ("outgoingServer" if protocol is Protocol.SMTP else "incomingServer") == section.tag
    assert {"type": protocol.value} == section.attrib


@pytest.mark.parametrize("login", Login)
def test_login(account: Accounts, server: Servers, login: Login) -> None:
    """Login methods are Mozilla's own words."""
    assert [login.value] == values(mozilla.document(account(server(Protocol.SMTP, login=(login,)))), "authentication")


def test_login_order(account: Accounts, server: Servers) -> None:
    """Several login methods are all listed, in the plan's order."""
    document = mozilla.document(account(server(Protocol.IMAP, login=(Login.OAUTH2, Login.CLEARTEXT))))

    assert values(document, "authentication") == ["OAuth2", "password-cleartext"]


def test_several_servers(account: Accounts, server: Servers) -> None:
    """All servers of a protocol are listed, in the plan's order, those for reading mail first."""
    document = mozilla.document(
        account(
            server(Protocol.SMTP, host="smtp1"),
            server(Protocol.IMAP, host="imap1"),
            server(Protocol.IMAP, host="imap2"),
            server(Protocol.POP3, host="pop"),
            server(Protocol.SMTP, host="smtp2"),
        )
    )

    assert values(document, "hostname") == ["imap1", "imap2", "pop", "smtp1", "smtp2"]


USERNAMES = {
    "address": ("{address}", "%EMAILADDRESS%", "%EMAILADDRESS%"),
    "local part": ("{local}", "taro", "%EMAILLOCALPART%"),
    "mixed": ("{local}.{domain}", "taro.example.jp", "%EMAILLOCALPART%.example.jp"),
    "address in a text": ("u-{address}", "u-taro@example.jp", "u-%EMAILADDRESS%"),
    "domain": ("{domain}", "example.jp", "example.jp"),
    "literal": ("shared", "shared", "shared"),
}


@pytest.mark.parametrize(("username", "known", "unknown"), USERNAMES.values(), ids=USERNAMES)
def test_username(account: Accounts, server: Servers, username: str, known: str, unknown: str) -> None:
    """A placeholder stands alone or is worked out; only who did not say the address gets one within a text."""
    of_username = server(Protocol.IMAP, username=username)

    assert [known] == values(mozilla.document(account(of_username)), "username")
    assert [unknown] == values(mozilla.document(account(of_username, address=None)), "username")


def test_names(account: Accounts, server: Servers) -> None:
    """Names are in the plan's first language, without attributes, and the only domain is the one asked for."""
    named = replace(account(server(Protocol.IMAP)), short_name=Text({"en": "Mail", "ja": "メール"}))
    provider = ET.fromstring(mozilla.document(named))[0]

    assert [(leaf.tag, leaf.text, leaf.attrib) for leaf in provider[:3]] == [
        ("domain", "example.jp", {}),
        ("displayName", "例のメール", {}),
        ("displayShortName", "Mail", {}),
    ]
    assert provider.attrib == {"id": "example.jp"}


def test_no_short_name(account: Accounts, server: Servers) -> None:
    """A plan without a short name has no empty element for it."""
    assert b"displayShortName" not in mozilla.document(account(server(Protocol.IMAP)))


def test_markup_is_escaped(account: Accounts, server: Servers) -> None:
    """Names with markup characters arrive as they are."""
    named = replace(account(server(Protocol.IMAP)), name=Text({"ja": "<&>\"'"}), domain=Domain("a_b.example"))

    assert values(mozilla.document(named), "displayName") == ["<&>\"'"]


@pytest.mark.parametrize("redirect", ["redirect_url", "redirect_domain"])
def test_redirect(account: Accounts, redirect: str) -> None:
    """The format cannot say that a domain moved away."""
    with pytest.raises(Inexpressible, match=r"^this domain has moved to another provider$"):
        mozilla.document(account(**{redirect: "new.example"}))


def children(document: bytes) -> list[str]:
    """The names of the root's children, in document order."""
    return [element.tag for element in ET.fromstring(document)]


OAUTH2 = OAuth2(
    "https://login.example.jp/realms/mail", "https://login.example.jp/a?b&c", "https://login.example.jp/t", ("a", "b")
)


def test_oauth2(account: Accounts, server: Servers) -> None:
    """Where tokens come from stands under the root, with all that Himalaya requires, the issuer as a host name."""
    document = mozilla.document(account(server(Protocol.IMAP), oauth2=OAUTH2))

    assert children(document) == ["emailProvider", "oAuth2"]
    assert [(leaf.tag, leaf.text) for leaf in ET.fromstring(document)[1]] == [
        ("issuer", "login.example.jp"),
        ("scope", "a b"),
        ("authURL", "https://login.example.jp/a?b&c"),
        ("tokenURL", "https://login.example.jp/t"),
    ]


def test_oauth2_client(account: Accounts, server: Servers) -> None:
    """A client ID and secret of the plan are told."""
    client = replace(OAUTH2, client_id="id", client_secret="<secret>")
    document = mozilla.document(account(server(Protocol.IMAP), oauth2=client))

    assert (values(document, "clientID"), values(document, "clientSecret")) == (["id"], ["<secret>"])


def test_calendar(account: Accounts, server: Servers, service: Services) -> None:
    """A calendar has both spellings of its URL and of a password by HTTP, in one element."""
    login = (Login.OAUTH2, Login.ENCRYPTED)
    document = mozilla.document(account(server(Protocol.SMTP), services=(service(ServiceKind.CALDAV, login=login),)))
    calendar = ET.fromstring(document)[1]

    assert (calendar.tag, calendar.attrib) == ("calendar", {"type": "caldav"})
    assert [(leaf.tag, leaf.text, leaf.attrib) for leaf in calendar] == [
        ("url", "https://dav.example.jp/dav/", {}),
        ("serverURL", "https://dav.example.jp/dav/", {}),
        ("authentication", "OAuth2", {}),
        ("authentication", "Digest", {"system": "http"}),
        ("authentication", "http-digest", {}),
        ("username", "%EMAILADDRESS%", {}),
    ]


def test_address_book(account: Accounts, server: Servers, service: Services) -> None:
    """An address book has an element in the draft's spelling, and one in that of before."""
    document = mozilla.document(account(server(Protocol.SMTP), services=(service(ServiceKind.CARDDAV),)))
    new, old = ET.fromstring(document)[1:]

    assert [(leaf.tag, leaf.text, leaf.attrib) for leaf in new] == [
        ("url", "https://dav.example.jp/dav/", {}),
        ("authentication", "Basic", {"system": "http"}),
        ("username", "%EMAILADDRESS%", {}),
    ]
    assert [(leaf.tag, leaf.text, leaf.attrib) for leaf in old] == [
        ("serverURL", "https://dav.example.jp/dav/", {}),
        ("authentication", "http-basic", {}),
        ("username", "%EMAILADDRESS%", {}),
    ]
    assert [(new.tag, new.attrib), (old.tag, old.attrib)] == [
        ("addressbook", {"type": "carddav"}),
        ("addressBook", {"type": "carddav"}),
    ]


def test_calendar_with_another_user_name(account: Accounts, server: Servers, service: Services) -> None:
    """A user name that is not the mail servers' is not told: FairEmail takes the document's last one for theirs."""
    services = (service(ServiceKind.CALDAV, username="{local}"), service(ServiceKind.CARDDAV, username="x"))
    mail = (server(Protocol.IMAP, username="{local}"), server(Protocol.SMTP))

    assert children(mozilla.document(account(*mail, services=services))) == ["emailProvider"]


@pytest.mark.parametrize("kind", [ServiceKind.JMAP, ServiceKind.ACTIVESYNC])
def test_services_without_place(account: Accounts, server: Servers, service: Services, kind: ServiceKind) -> None:
    """JMAP and ActiveSync have no place that harms nobody."""
    assert children(mozilla.document(account(server(Protocol.IMAP), services=(service(kind),)))) == ["emailProvider"]


def test_managesieve(account: Accounts, server: Servers) -> None:
    """Himalaya fails a document with a type that is not mail."""
    document = mozilla.document(account(server(Protocol.IMAP), server(Protocol.MANAGESIEVE), server(Protocol.SMTP)))

    assert b"sieve" not in document
    assert len(values(document, "hostname")) == 2


def test_webmail(account: Accounts, server: Servers) -> None:
    """The webmail's page stands under the root."""
    document = mozilla.document(account(server(Protocol.IMAP), webmail="https://x.example/?a&b"))

    assert children(document) == ["emailProvider", "webMail"]
    assert [(page.tag, page.text, page.attrib) for page in ET.fromstring(document)[1]] == [
        ("loginPage", None, {"url": "https://x.example/?a&b"})
    ]


def test_everything(suite: BoundPlan) -> None:
    """A plan with everything makes a valid document, the provider first (KMail), with mail alone in it."""
    document = mozilla.document(suite.account(Domain("example.jp"), None))

    GRAMMAR.assertValid(etree.fromstring(document))
    assert children(document) == ["emailProvider", "oAuth2", "calendar", "addressbook", "addressBook", "webMail"]
    assert {leaf.get("type") for leaf in ET.fromstring(document)[0] if leaf.get("type")} == {"imap", "smtp"}
    assert {"https://dav.example.jp/calendars/", "https://dav.example.jp/contacts/"} == set(
        values(document, "url") + values(document, "serverURL")
    )
