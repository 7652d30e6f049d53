from __future__ import annotations

import plistlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autoconfig.errors import Inexpressible
from autoconfig.formats import apple
from autoconfig.mail.account import Account, Text
from autoconfig.mail.server import Login, Protocol, Server, TLSMode
from autoconfig.mail.service import Service
from tests.formats.apple_schema import ALWAYS, CALDAV, CARDDAV, MAIL, SCHEMAS, TOP_LEVEL, faults

Accounts = Callable[..., Account]
Servers = Callable[..., Server]
Services = Callable[..., Service]

IDENTIFIER = "jp.xbit.autoconfig"


def payload(document: bytes) -> dict[str, Any]:
    """The first payload of a profile: the mail account."""
    first = plistlib.loads(document)["PayloadContent"][0]
    assert isinstance(first, dict)
    return first


def mailbox(account: Accounts, server: Servers, address: str = "taro@example.jp", **rest: Any) -> Account:
    """An account with one server of each protocol."""
    return account(*(server(protocol) for protocol in Protocol), address=address, **rest)


PROFILES = sorted((Path(__file__).parent / "expected").glob("*.mobileconfig"))


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.name)
def test_schema(path: Path) -> None:
    """Every golden profile has the keys, types and values of Apple's schema, and no others."""
    profile = plistlib.loads(path.read_bytes())

    assert faults(profile, TOP_LEVEL) == []
    assert all(isinstance(text, str) for text in profile["ConsentText"].values())
    assert [faults(content, SCHEMAS[content["PayloadType"]]) for content in profile["PayloadContent"]] == [
        [] for _ in profile["PayloadContent"]
    ]
    assert payload(path.read_bytes()).keys() >= ALWAYS


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"IncomingMailServerPortNumber": 993.0}, "IncomingMailServerPortNumber is a float"),
        ({"IncomingMailServerUseSSL": 1}, "IncomingMailServerUseSSL is a int"),
        (
            {"IncomingMailServerAuthentication": "EmailAuthOAuth"},
            "IncomingMailServerAuthentication is 'EmailAuthOAuth'",
        ),
        ({"IncomingPassword": "secret"}, "IncomingPassword is unknown"),
    ],
    ids=["real", "integer", "value", "unknown"],
)
def test_schema_refuses(account: Accounts, server: Servers, change: dict[str, object], fault: str) -> None:
    """The table here is not one that lets everything pass."""
    assert [fault] == faults(payload(apple.document(mailbox(account, server), IDENTIFIER)) | change, MAIL)
    assert all("PayloadUUID is missing" in faults({}, schema) for schema in SCHEMAS.values())
    assert "CalDAVPort is a float" in faults({"CalDAVPort": 443.0}, CALDAV)
    assert "CalDAVPort is unknown" in faults({"CalDAVPort": 443}, CARDDAV)


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.POP3, Protocol.SMTP])
@pytest.mark.parametrize(
    ("tls", "use_ssl"), [(TLSMode.SSL, True), (TLSMode.STARTTLS, True), (TLSMode.PLAIN, False)], ids=list(TLSMode)
)
def test_tls(account: Accounts, server: Servers, protocol: Protocol, tls: TLSMode, use_ssl: bool) -> None:
    """`UseSSL` stands for any kind of TLS, whatever the port is."""
    incoming = server(protocol if protocol.incoming else Protocol.IMAP, tls if protocol.incoming else TLSMode.SSL)
    outgoing = server(Protocol.SMTP, TLSMode.SSL if protocol.incoming else tls, port=4711)
    described = payload(apple.document(account(incoming, outgoing), IDENTIFIER))

    assert use_ssl is described[f"{'Incoming' if protocol.incoming else 'Outgoing'}MailServerUseSSL"]
    assert (described["IncomingMailServerPortNumber"], described["OutgoingMailServerPortNumber"]) == (993, 4711)


METHOD = {
    Login.CLEARTEXT: "EmailAuthPassword",
    Login.ENCRYPTED: "EmailAuthCRAMMD5",
    Login.NTLM: "EmailAuthNTLM",
    Login.NONE: "EmailAuthNone",
    Login.CLIENT_IP_ADDRESS: "EmailAuthNone",
}


@pytest.mark.parametrize(("login", "method"), METHOD.items(), ids=METHOD)
def test_login(account: Accounts, server: Servers, login: Login, method: str) -> None:
    """Each login method that Apple has is named, with a user name where there is one to log in with."""
    outgoing = server(Protocol.SMTP, login=(login,))
    described = payload(apple.document(account(server(Protocol.IMAP), outgoing), IDENTIFIER))

    assert method == described["OutgoingMailServerAuthentication"]
    assert (method != "EmailAuthNone") is ("OutgoingMailServerUsername" in described)
    assert described["IncomingMailServerUsername"] == "taro@example.jp"


def test_first_known_login(account: Accounts, server: Servers) -> None:
    """The first method that Apple has is taken."""
    logins = (Login.OAUTH2, Login.GSSAPI, Login.ENCRYPTED, Login.CLEARTEXT)
    described = payload(apple.document(account(server(Protocol.IMAP, login=logins), server(Protocol.SMTP)), IDENTIFIER))

    assert described["IncomingMailServerAuthentication"] == "EmailAuthCRAMMD5"


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.SMTP])
@pytest.mark.parametrize("login", [login for login in Login if login not in METHOD])
def test_other_logins(account: Accounts, server: Servers, protocol: Protocol, login: Login) -> None:
    """A mailbox that only other methods open, in one direction, has no profile."""
    servers = [server(each, login=(login if each is protocol else Login.CLEARTEXT,)) for each in Protocol]

    with pytest.raises(Inexpressible, match="which Apple's profiles cannot describe"):
        apple.document(account(*servers), IDENTIFIER)


def test_oauth_alone(account: Accounts, server: Servers) -> None:
    """A mailbox that only OAuth2 opens is refused with a sentence that says so."""
    servers = [server(each, login=(Login.OAUTH2,)) for each in Protocol]

    with pytest.raises(
        Inexpressible, match=r"^this mail address logs in by OAuth2 alone, which Apple's profiles cannot describe$"
    ):
        apple.document(account(*servers), IDENTIFIER)


PREFERENCE = {
    "IMAP": ([Protocol.IMAP, Protocol.POP3], None, "EmailTypeIMAP"),
    "POP3 where there is nothing else": ([Protocol.POP3], None, "EmailTypePOP"),
    "POP3 on demand": ([Protocol.IMAP, Protocol.POP3], Protocol.POP3, "EmailTypePOP"),
    "IMAP on demand": ([Protocol.IMAP, Protocol.POP3], Protocol.IMAP, "EmailTypeIMAP"),
}


@pytest.mark.parametrize(("offered", "wanted", "kind"), PREFERENCE.values(), ids=PREFERENCE)
def test_preference(
    account: Accounts, server: Servers, offered: list[Protocol], wanted: Protocol | None, kind: str
) -> None:
    """A profile has one protocol: the one that was asked for, else IMAP, else POP3."""
    some = account(*(server(protocol) for protocol in [*offered, Protocol.SMTP]))

    assert kind == payload(apple.document(some, IDENTIFIER, wanted))["EmailAccountType"]


def test_several_servers(account: Accounts, server: Servers) -> None:
    """The preferred server of each direction is taken."""
    hosts = [(Protocol.IMAP, "imap1"), (Protocol.IMAP, "imap2"), (Protocol.SMTP, "smtp1"), (Protocol.SMTP, "smtp2")]
    described = payload(apple.document(account(*(server(kind, host=host) for kind, host in hosts)), IDENTIFIER))

    assert (described["IncomingMailServerHostName"], described["OutgoingMailServerHostName"]) == ("imap1", "smtp1")


@pytest.mark.parametrize(
    ("offered", "wanted", "sentence"),
    [
        ([Protocol.IMAP, Protocol.SMTP], Protocol.POP3, "this mail address has no POP3 server"),
        ([Protocol.SMTP], None, "this mail address has no mail server"),
        ([Protocol.IMAP], None, "this mail address has no mail server"),
    ],
    ids=["no POP3", "no incoming", "no outgoing"],
)
def test_missing_server(
    account: Accounts, server: Servers, offered: list[Protocol], wanted: Protocol | None, sentence: str
) -> None:
    """A profile has a server for each direction, or there is none."""
    with pytest.raises(Inexpressible, match=f"^{sentence}$"):
        apple.document(account(*map(server, offered)), IDENTIFIER, wanted)


def test_without_address(account: Accounts, server: Servers) -> None:
    """A profile is for one mailbox."""
    with pytest.raises(Inexpressible, match="ask with an address"):
        apple.document(account(server(Protocol.IMAP), server(Protocol.SMTP), address=None), IDENTIFIER)


@pytest.mark.parametrize("redirect", ["redirect_url", "redirect_domain"])
def test_redirect(account: Accounts, redirect: str) -> None:
    """The format cannot say that a domain moved away."""
    with pytest.raises(Inexpressible, match=r"^this domain has moved to another provider;"):
        apple.document(account(**{redirect: "new.example"}), IDENTIFIER)


@pytest.mark.parametrize("language", [None, "ja", "en", "zh"])
def test_language(account: Accounts, server: Servers, language: str | None) -> None:
    """The phone shows the plan's name in the language that was asked for, else in the plan's own."""
    profile = plistlib.loads(apple.document(mailbox(account, server), IDENTIFIER, language=language))
    name = "Example mail" if language == "en" else "例のメール"

    assert (name, f"{name} taro@example.jp") == (profile["PayloadOrganization"], profile["PayloadDisplayName"])
    assert f"{name} IMAP" == profile["PayloadContent"][0]["PayloadDisplayName"]


@pytest.mark.parametrize("same", [True, False])
def test_password(account: Accounts, server: Servers, same: bool) -> None:
    """The phone asks for one password where the user names are the same."""
    outgoing = server(Protocol.SMTP, username="{address}" if same else "{local}")
    described = payload(apple.document(account(server(Protocol.IMAP), outgoing), IDENTIFIER))

    assert same is described["OutgoingPasswordSameAsIncomingPassword"]


def identity(document: bytes) -> tuple[str, str, str, str]:
    """Identifiers and UUIDs: of the profile, then of its payload."""
    profile, inner = plistlib.loads(document), payload(document)
    return profile["PayloadIdentifier"], profile["PayloadUUID"], inner["PayloadIdentifier"], inner["PayloadUUID"]


ADDRESSES = [
    "taro@example.jp",
    "Jiro@example.jp",
    "a&b<c>\"'{}%@example.jp",
    "太郎@example.jp",
    "taro@xn--wgv71a119e.example",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_identity(account: Accounts, server: Servers, address: str) -> None:
    """Identifiers are reverse DNS in ASCII, the payload's below the profile's, and their UUIDs differ."""
    top, top_uuid, inner, inner_uuid = identity(apple.document(mailbox(account, server, address), IDENTIFIER))

    assert top.startswith(f"{IDENTIFIER}.")
    assert inner == f"{top}.imap"
    assert re.fullmatch(r"[A-Za-z0-9.-]+", inner, re.ASCII)
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", top_uuid)
    assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", inner_uuid)
    assert top_uuid != inner_uuid


def test_same_bytes(account: Accounts, server: Servers) -> None:
    """The same mailbox has the same profile every time."""
    assert apple.document(mailbox(account, server), IDENTIFIER) == apple.document(mailbox(account, server), IDENTIFIER)


def test_other_protocol(account: Accounts, server: Servers) -> None:
    """A POP3 profile replaces the IMAP one of the mailbox, as another account."""
    box = mailbox(account, server)
    imap, pop3 = (identity(apple.document(box, IDENTIFIER, protocol)) for protocol in (Protocol.IMAP, Protocol.POP3))

    assert imap[:2] == pop3[:2]
    assert imap[2] != pop3[2]
    assert imap[3] != pop3[3]


def test_other_mailboxes(account: Accounts, server: Servers) -> None:
    """Each mailbox has identifiers and UUIDs of its own, so that a second one replaces nothing."""
    identities = [identity(apple.document(mailbox(account, server, address), IDENTIFIER)) for address in ADDRESSES]

    assert 4 * len(ADDRESSES) == len({text for each in identities for text in each})


@pytest.mark.parametrize(
    ("one", "other"),
    [("info@example.jp", "INFO@example.jp"), ("ÄÖ@example.jp", "äö@example.jp")],
    ids=["ASCII", "beyond"],
)
def test_same_mailbox(account: Accounts, server: Servers, one: str, other: str) -> None:
    """A mailbox is the same in upper and lower case, as an account in it is; the login is what was typed."""
    documents = [apple.document(mailbox(account, server, address), IDENTIFIER) for address in (one, other)]

    assert identity(documents[0]) == identity(documents[1])
    assert [payload(document)["IncomingMailServerUsername"] for document in documents] == [one, other]


def test_sender(account: Accounts, server: Servers) -> None:
    """The sender's name stands in the account alone, and is no part of its identity."""
    box = mailbox(account, server)
    named, unnamed = apple.document(box, IDENTIFIER, sender="山田太郎 & Co."), apple.document(box, IDENTIFIER)

    assert payload(named) == payload(unnamed) | {"EmailAccountName": "山田太郎 & Co."}
    assert identity(named) == identity(unnamed)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_organization(account: Accounts, server: Servers, language: str) -> None:
    """The profile is the provider's, in the language of the profile."""
    provider = Text({"ja": "例ホスティング", "en": "Example Hosting"})
    document = apple.document(mailbox(account, server), IDENTIFIER, language=language, provider=provider)

    assert provider.in_language(language) == plistlib.loads(document)["PayloadOrganization"]


def test_other_installation(account: Accounts, server: Servers) -> None:
    """Another server's profile for the same mailbox is another profile."""
    box = mailbox(account, server)
    ours, theirs = (identity(apple.document(box, identifier)) for identifier in (IDENTIFIER, "example.autoconfig"))

    assert set(ours).isdisjoint(theirs)


def test_other_server(account: Accounts, server: Servers) -> None:
    """A mailbox that moves to another server keeps its identity, so that its account is updated in place."""
    boxes = [account(server(Protocol.IMAP, host=host), server(Protocol.SMTP)) for host in ("old", "new")]
    before, after = (identity(apple.document(box, IDENTIFIER)) for box in boxes)

    assert before == after


ASCII = 'attachment; filename="{}.mobileconfig"'
FILES = {
    "sample.co.jp": ASCII.format("sample.co.jp"),
    "日本語.example": ASCII.format("xn--wgv71a119e.example")
    + "; filename*=UTF-8''%E6%97%A5%E6%9C%AC%E8%AA%9E.example.mobileconfig",
}


@pytest.mark.parametrize(("domain", "header"), FILES.items(), ids=FILES)
def test_disposition(customer: Accounts, domain: str, header: str) -> None:
    """The file is named by the domain, in ASCII, and for Japanese domains also as people write it."""
    assert header == apple.disposition(customer(domain))
