from __future__ import annotations

import plistlib
from collections.abc import Callable
from typing import Any

import pytest

from autoconfig.formats import apple
from autoconfig.mail.account import Account
from autoconfig.mail.server import Login, Protocol, Server
from autoconfig.mail.service import Service, ServiceKind
from tests.formats.apple_schema import SCHEMAS, faults

Accounts = Callable[..., Account]
Servers = Callable[..., Server]
Services = Callable[..., Service]

IDENTIFIER = "jp.xbit.autoconfig"


def mailbox(account: Accounts, server: Servers, address: str = "taro@example.jp", **rest: Any) -> Account:
    """An account with one server of each protocol."""
    return account(*(server(protocol) for protocol in Protocol), address=address, **rest)


def dav(document: bytes) -> list[dict[str, Any]]:
    """The payloads after the mail account."""
    return list(plistlib.loads(document)["PayloadContent"][1:])


URLS = {
    "a path": ("https://dav.example.jp/dav/", 443),
    "a port": ("https://dav.example.jp:8443/dav/", 8443),
    "a query": ("https://dav.example.jp/dav?a=b&c", 443),
    "a bare origin": ("https://dav.example.jp", 443),
    "a bare origin with a slash": ("https://dav.example.jp:8443/", 8443),
}


@pytest.mark.parametrize(("url", "port"), URLS.values(), ids=URLS)
@pytest.mark.parametrize("principal", [True, False], ids=["principal", "no principal"])
@pytest.mark.parametrize("kind", [ServiceKind.CALDAV, ServiceKind.CARDDAV])
def test_dav(
    account: Accounts, server: Servers, service: Services, kind: ServiceKind, principal: bool, url: str, port: int
) -> None:
    """A calendar or an address book is a payload of its own; where there is no principal the device looks for it."""
    services = (service(kind, url, principal=principal),)
    (described,) = dav(apple.document(mailbox(account, server, services=services), IDENTIFIER))
    prefix = "CalDAV" if kind is ServiceKind.CALDAV else "CardDAV"

    assert faults(described, SCHEMAS[described["PayloadType"]]) == []
    assert {key: value for key, value in described.items() if not key.startswith("Payload")} == {
        f"{prefix}AccountDescription": "taro@example.jp",
        f"{prefix}HostName": "dav.example.jp",
        f"{prefix}Port": port,
        f"{prefix}UseSSL": True,
        f"{prefix}Username": "taro@example.jp",
    } | ({f"{prefix}PrincipalURL": url} if principal else {})


def test_dav_order(account: Accounts, server: Servers, service: Services) -> None:
    """The preferred calendar, then the preferred address book; other services have no payload."""
    kinds = [ServiceKind.JMAP, ServiceKind.CARDDAV, ServiceKind.CALDAV, ServiceKind.ACTIVESYNC, ServiceKind.CALDAV]
    services = tuple(service(kind, f"https://dav{n}.example.jp/") for n, kind in enumerate(kinds))
    found = dav(apple.document(mailbox(account, server, services=services), IDENTIFIER))

    assert [content["PayloadType"] for content in found] == ["com.apple.caldav.account", "com.apple.carddav.account"]
    assert found[0]["CalDAVHostName"] == "dav2.example.jp"


@pytest.mark.parametrize(
    ("login", "there"),
    [
        ((Login.CLEARTEXT,), True),
        ((Login.OAUTH2, Login.ENCRYPTED), True),
        ((Login.OAUTH2,), False),
        ((Login.TLS_CLIENT_CERT,), False),
        ((Login.NONE,), False),
    ],
)
def test_dav_login(
    account: Accounts, server: Servers, service: Services, login: tuple[Login, ...], there: bool
) -> None:
    """A calendar that no password opens is left out; the mail account is there all the same."""
    box = mailbox(account, server, services=(service(ServiceKind.CALDAV, login=login, username="{local}"),))

    assert [content["CalDAVUsername"] for content in dav(apple.document(box, IDENTIFIER))] == ["taro"] * there


def test_mail_only(account: Accounts, server: Servers, service: Services) -> None:
    """Without calendars and contacts the profile does not speak of them, and the mail account is the same."""
    box = mailbox(account, server, services=(service(ServiceKind.CALDAV), service(ServiceKind.CARDDAV)))
    whole, mail = apple.document(box, IDENTIFIER), apple.document(box, IDENTIFIER, mail_only=True)
    there, here = plistlib.loads(whole), plistlib.loads(mail)

    assert (len(dav(whole)), dav(mail)) == (2, [])
    assert there["PayloadContent"][0] == here["PayloadContent"][0]
    assert apple.document(mailbox(account, server), IDENTIFIER) == mail


def test_dav_identity(account: Accounts, server: Servers, service: Services) -> None:
    """A calendar keeps its identity beside IMAP and POP3 and at another URL; no two payloads share one."""

    def identities(url: str, protocol: Protocol) -> list[tuple[str, str]]:
        services = (service(ServiceKind.CALDAV, url), service(ServiceKind.CARDDAV, url))
        profile = plistlib.loads(apple.document(mailbox(account, server, services=services), IDENTIFIER, protocol))
        return [(content["PayloadIdentifier"], content["PayloadUUID"]) for content in profile["PayloadContent"]]

    imap = identities("https://a.example/dav/", Protocol.IMAP)
    pop3 = identities("https://b.example/dav/", Protocol.POP3)

    assert imap[1:] == pop3[1:]
    assert len({*imap, *pop3}) == len({uuid for _, uuid in (*imap, *pop3)}) == 4
