from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import Inexpressible
from autoconfig.formats import microsoft
from autoconfig.formats.microsoft import ErrorCode
from autoconfig.formats.template import Prepared
from autoconfig.mail.account import Account
from autoconfig.mail.address import EmailAddress, carriable
from autoconfig.mail.domain import Domain
from autoconfig.mail.server import MAIL, Login, Protocol, Server, TLSMode
from autoconfig.mail.service import Service, ServiceKind

if TYPE_CHECKING:
    from autoconfig.mail.binding import BoundPlan

Accounts = Callable[..., Account]
Servers = Callable[..., Server]
Services = Callable[..., Service]

ROOT = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
MOBILESYNC = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"

ORDER = [
    *("Type", "Server", "Port", "DomainRequired", "LoginName", "SPA", "SSL", "Encryption", "AuthRequired"),
    *("UsePOPAuth", "SMTPLast"),
]


def protocols(document: bytes) -> list[dict[str, str | None]]:
    """The texts of each `Protocol`."""
    return [
        {leaf.tag.removeprefix(f"{{{OUTLOOK}}}"): leaf.text for leaf in protocol}
        for protocol in ET.fromstring(document).iter(f"{{{OUTLOOK}}}Protocol")
    ]


MODES = {TLSMode.SSL: ("on", "SSL"), TLSMode.STARTTLS: ("on", "TLS"), TLSMode.PLAIN: ("off", "None")}


@pytest.mark.parametrize("protocol", MAIL)
@pytest.mark.parametrize(("tls", "mode"), MODES.items(), ids=MODES)
def test_tls(account: Accounts, server: Servers, protocol: Protocol, tls: TLSMode, mode: tuple[str, str]) -> None:
    """`Encryption` says which kind of TLS, and `SSL` is off only where there is none, whatever the port is."""
    (only,) = protocols(microsoft.document(account(server(protocol, tls, port=4711))))

    assert mode == (only["SSL"], only["Encryption"])
    assert (protocol.value.upper(), "4711") == (only["Type"], only["Port"])


@pytest.mark.parametrize("protocol", MAIL)
def test_elements(account: Accounts, server: Servers, protocol: Protocol) -> None:
    """Every element whose absence means something bad is there, in the specification's order."""
    (only,) = protocols(microsoft.document(account(server(protocol))))

    assert ORDER[: None if protocol is Protocol.SMTP else -2] == list(only)
    assert (only["SPA"], only["DomainRequired"], only["AuthRequired"]) == ("off", "off", "on")


def test_one_of_each(account: Accounts, server: Servers) -> None:
    """IMAP, POP3, SMTP in this order, the preferred server of each and no other."""
    document = microsoft.document(
        account(
            server(Protocol.SMTP, host="smtp1"),
            server(Protocol.SMTP, host="smtp2"),
            server(Protocol.POP3, host="pop1"),
            server(Protocol.IMAP, host="imap1"),
            server(Protocol.IMAP, host="imap2"),
        )
    )

    assert [protocol["Server"] for protocol in protocols(document)] == ["imap1", "pop1", "smtp1"]


REUSE = {
    "the same": ("{address}", "{address}", "on"),
    "another": ("{local}", "{address}", "off"),
}


@pytest.mark.parametrize(("incoming", "outgoing", "reuse"), REUSE.values(), ids=REUSE)
def test_use_pop_auth(account: Accounts, server: Servers, incoming: str, outgoing: str, reuse: str) -> None:
    """Outlook reuses the login for sending only where the user names are the same."""
    document = microsoft.document(
        account(server(Protocol.IMAP, username=incoming), server(Protocol.SMTP, username=outgoing))
    )

    assert reuse == protocols(document)[-1]["UsePOPAuth"]


@pytest.mark.parametrize(
    ("login", "required"),
    [((Login.NONE,), "off"), ((Login.CLIENT_IP_ADDRESS,), "off"), ((Login.CLEARTEXT, Login.NONE), "on")],
    ids=["none", "by IP address", "a password first"],
)
def test_auth_required(account: Accounts, server: Servers, login: tuple[Login, ...], required: str) -> None:
    """Outlook is told not to log in for sending where the plan's first choice is no login."""
    (only,) = protocols(microsoft.document(account(server(Protocol.SMTP, login=login))))

    assert required == only["AuthRequired"]


def test_without_address(account: Accounts, server: Servers) -> None:
    """Without an address neither a display name nor a login name is there, not even an empty one."""
    document = microsoft.document(account(server(Protocol.IMAP), server(Protocol.SMTP), address=None))

    assert b"DisplayName" not in document
    assert all("LoginName" not in protocol for protocol in protocols(document))


def test_head(account: Accounts, server: Servers) -> None:
    """What comes before the servers says for whom the settings are, and that they are settings for mail."""
    response = ET.fromstring(microsoft.document(account(server(Protocol.IMAP))))[0]

    assert response.findtext(f"{{{OUTLOOK}}}User/{{{OUTLOOK}}}DisplayName") == "taro@example.jp"
    assert [(leaf.tag.removeprefix(f"{{{OUTLOOK}}}"), leaf.text) for leaf in response[1][:2]] == [
        ("AccountType", "email"),
        ("Action", "settings"),
    ]


def test_redirect_url(account: Accounts) -> None:
    """Where a URL is known, the client is sent there, with or without an address."""
    for address in ("taro@example.jp", None):
        moved = microsoft.document(account(address=address, redirect_url="https://new.example/a.xml?b=1&c=2"))
        element = ET.fromstring(moved).find(f".//{{{OUTLOOK}}}Account")
        assert element is not None

        assert [leaf.text for leaf in element] == ["email", "redirectUrl", "https://new.example/a.xml?b=1&c=2"]
        assert f"{{{OUTLOOK}}}RedirectUrl" == element[2].tag


def test_redirect_domain(account: Accounts) -> None:
    """Where a domain is known, the client goes on with the same mailbox of that domain."""
    moved = microsoft.document(account(address="<タロ>@example.jp", redirect_domain="new.example"))
    element = ET.fromstring(moved).find(f".//{{{OUTLOOK}}}Account")
    assert element is not None

    assert [leaf.text for leaf in element] == ["email", "redirectAddr", "<タロ>@new.example"]
    assert f"{{{OUTLOOK}}}RedirectAddr" == element[2].tag


def test_redirect_domain_without_address(account: Accounts) -> None:
    """Nobody can be sent to a mailbox of another domain who does not say a mailbox."""
    with pytest.raises(Inexpressible, match="ask with an address"):
        microsoft.document(account(address=None, redirect_domain="new.example"))


def test_dav(account: Accounts, server: Servers, service: Services) -> None:
    """A calendar and an address book come after the mail servers, in this order, one of each, and without a port."""
    services = (
        service(ServiceKind.CARDDAV, "https://dav.example.jp/contacts/"),
        service(ServiceKind.CALDAV, "https://dav.example.jp/calendars/", username="{local}"),
        service(ServiceKind.CALDAV, "https://other.example/"),
        service(ServiceKind.JMAP),
        service(ServiceKind.ACTIVESYNC),
    )
    found = protocols(microsoft.document(account(server(Protocol.SMTP), server(Protocol.IMAP), services=services)))

    assert [protocol["Type"] for protocol in found] == ["IMAP", "SMTP", "CalDAV", "CardDAV"]
    assert found[2] == {
        "Type": "CalDAV",
        "Server": "https://dav.example.jp/calendars/",
        "DomainRequired": "off",
        "LoginName": "taro",
        "SPA": "off",
        "SSL": "on",
        "AuthRequired": "on",
    }


def test_dav_without_address(account: Accounts, service: Services) -> None:
    """Without an address a calendar has no login name, and one that needs no login says so."""
    calendar = service(ServiceKind.CALDAV, login=(Login.NONE,))
    (only,) = protocols(microsoft.document(account(address=None, services=(calendar,))))

    assert "LoginName" not in only
    assert only["AuthRequired"] == "off"


def mobilesync_texts(document: bytes) -> list[tuple[str, str | None]]:
    """Names and texts of all elements of the answer, in order."""
    root = ET.fromstring(document)
    assert root.tag == f"{{{ROOT}}}Autodiscover"
    assert all(element.tag.startswith(f"{{{MOBILESYNC}}}") for element in list(root.iter())[1:])
    return [
        (element.tag.removeprefix(f"{{{MOBILESYNC}}}"), element.text)
        for element in list(root.iter())[1:]
        if not len(element)
    ]


def test_mobilesync(account: Accounts, service: Services) -> None:
    """A phone is told the URL of ActiveSync, under both names that phones read, and nothing of mail servers."""
    url = "https://eas.example.jp/Microsoft-Server-ActiveSync?a&b"
    document = microsoft.mobilesync_document(account(services=(service(ServiceKind.ACTIVESYNC, url),)))

    assert mobilesync_texts(document) == [
        ("Culture", "en:us"),
        ("EMailAddress", "taro@example.jp"),
        ("Type", "MobileSync"),
        ("Url", url),
        ("Name", url),
    ]


def test_mobilesync_redirect(account: Accounts) -> None:
    """A phone of a domain that moved to another one goes on with the same mailbox there."""
    moved = microsoft.mobilesync_document(account(redirect_domain="new.example"))

    assert mobilesync_texts(moved)[-1] == ("Redirect", "taro@new.example")


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({}, id="no ActiveSync"),
        pytest.param({"redirect_url": "https://new.example/"}, id="moved to a URL"),
        pytest.param({"redirect_domain": "new.example", "address": None}, id="no address"),
    ],
)
def test_no_mobilesync(account: Accounts, server: Servers, values: dict[str, str | None]) -> None:
    """A phone is told nothing that would make an account that cannot work."""
    with pytest.raises(Inexpressible, match="there is no ActiveSync for this mail address"):
        microsoft.mobilesync_document(account(server(Protocol.IMAP), server(Protocol.SMTP), **values))


@given(local=st.text(min_size=1, max_size=16).filter(carriable))
def test_mobilesync_prepared(suite: BoundPlan, local: str) -> None:
    """The prepared answer for phones is the direct one, for any mailbox."""
    address = EmailAddress(local, Domain("suite.example"))
    prepared = Prepared(microsoft.mobilesync_document, suite, with_address=True)

    assert microsoft.mobilesync_document(suite.account(address.domain, address)) == prepared.fill(
        address.domain, address
    )


@pytest.mark.parametrize("code", ErrorCode, ids=lambda code: code.name)
def test_error(code: ErrorCode) -> None:
    """An error is in the framework's own namespace, with number and message, and a time with seven digits."""
    document = microsoft.error_document(code, datetime(2026, 11, 24, 9, 5, 3, 7, UTC))
    error = ET.fromstring(document)[0][0]

    assert error.attrib == {"Time": "09:05:03.0000070", "Id": "1"}
    assert [
        (f"{{{ROOT}}}ErrorCode", str(code.value[0])),
        (f"{{{ROOT}}}Message", code.value[1]),
        (f"{{{ROOT}}}DebugData", None),
    ] == [(leaf.tag, leaf.text) for leaf in error]


def test_error_time() -> None:
    """Without a time given the error says that of now, in the same form."""
    assert re.search(rb' Time="\d\d:\d\d:\d\d\.\d{7}" ', microsoft.error_document(ErrorCode.INVALID_REQUEST))


EXPECTED = sorted(
    path
    for form in ("autodiscover", "mobilesync")
    for path in (Path(__file__).parent / "expected").glob(f"*.{form}.xml")
)


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.name)
def test_namespaces(path: Path) -> None:
    """Namespaces are defaults of the elements, so that readers of raw names see no prefix."""
    text = path.read_text(encoding="utf-8")
    declared = re.findall(r"<(\w+) xmlns=\"([^\"]+)\"", text)

    inner = MOBILESYNC if "mobilesync" in path.name else OUTLOOK
    assert [("Autodiscover", ROOT), ("Response", inner)][: 1 if "error" in path.name else 2] == declared
    assert len(declared) == text.count("xmlns")
