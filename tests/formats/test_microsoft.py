from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from autoconfig.errors import Inexpressible
from autoconfig.formats import microsoft
from autoconfig.formats.microsoft import ErrorCode
from autoconfig.mail.account import Account
from autoconfig.mail.server import MAIL, Login, Protocol, Server, TLSMode

Accounts = Callable[..., Account]
Servers = Callable[..., Server]

ROOT = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"

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


EXPECTED = sorted((Path(__file__).parent / "expected").glob("*.autodiscover.xml"))


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: path.name)
def test_namespaces(path: Path) -> None:
    """Namespaces are defaults of the elements, so that readers of raw names see no prefix."""
    text = path.read_text(encoding="utf-8")
    declared = re.findall(r"<(\w+) xmlns=\"([^\"]+)\"", text)

    assert [("Autodiscover", ROOT), ("Response", OUTLOOK)][: 1 if "error" in path.name else 2] == declared
    assert len(declared) == text.count("xmlns")
