"""What stands beside mail in Mozilla's document harms no mail program: each reads the same servers without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from autoconfig.formats import mozilla
from autoconfig.mail.account import Account, Documentation, Text
from autoconfig.mail.server import Login, Protocol, Server
from autoconfig.mail.service import OAuth2, Service, ServiceKind
from tests.clients.readers.client import AUTOCONFIG, Person
from tests.clients.readers.every import CLIENTS

if TYPE_CHECKING:
    from tests.clients.readers.client import Client, Found

Accounts = Callable[..., Account]
Servers = Callable[..., Server]
Services = Callable[..., Service]

TARO = Person("example.jp")
READERS = {name: client for name, client in CLIENTS.items() if any(s.format == AUTOCONFIG for s in client.steps(TARO))}
USERNAMES = ["{address}", "{local}", "{local}.{domain}", "shared"]


def read(client: Client, document: bytes) -> list[tuple[Found, ...]]:
    """What the program reads in each of its steps."""
    return [step.read(document) for step in client.steps(TARO) if step.format == AUTOCONFIG]


URLS = ("https://login.example.jp/", "https://login.example.jp/auth", "https://login.example.jp/token")
TOKENS = OAuth2(*URLS, ("mail", "offline_access"), "id", "secret")


@pytest.mark.parametrize("client", READERS.values(), ids=READERS)
@pytest.mark.parametrize("username", USERNAMES)
@pytest.mark.parametrize("other", USERNAMES)
@pytest.mark.parametrize("address", ["taro@example.jp", None], ids=["address", "no address"])
def test_harmless(
    account: Accounts,
    server: Servers,
    service: Services,
    client: Client,
    username: str,
    other: str,
    address: str | None,
) -> None:
    """Calendars, address books, pages and ManageSieve change nothing in what is read, whatever their user name is."""
    login = (Login.OAUTH2, Login.CLEARTEXT)
    mail = [
        server(Protocol.IMAP, login=login, username=username),
        server(Protocol.POP3, login=login, username=username, port=995),
        server(Protocol.SMTP, login=login, username=username, port=465),
    ]
    plain = account(*mail, address=address, oauth2=TOKENS)
    everything = replace(
        plain,
        servers=(*mail, server(Protocol.MANAGESIEVE, host="sieve.example.jp", port=4190, username=other)),
        services=tuple(service(kind, login=login, username=other) for kind in (*ServiceKind, *ServiceKind)),
        documentation=(Documentation("https://help.example.jp/", Text({"ja": "案内", "en": "", "und": "?"})),),
        webmail="https://webmail.example.jp/",
    )

    assert read(client, mozilla.document(plain)) == read(client, mozilla.document(everything))


@pytest.mark.parametrize("client", READERS.values(), ids=READERS)
def test_harmless_tokens(account: Accounts, server: Servers, client: Client) -> None:
    """Where tokens come from changes nothing where no server takes tokens."""
    plain = account(server(Protocol.IMAP), server(Protocol.SMTP, port=465))

    assert read(client, mozilla.document(plain)) == read(client, mozilla.document(replace(plain, oauth2=TOKENS)))


def test_tokens_are_read(account: Accounts, server: Servers) -> None:
    """Himalaya offers OAuth2 where the document says where tokens come from."""
    login = (Login.OAUTH2, Login.CLEARTEXT)
    mail = account(server(Protocol.IMAP, login=login), server(Protocol.SMTP, login=login), oauth2=TOKENS)

    assert {found.logins for found in read(CLIENTS["Himalaya"], mozilla.document(mail))[0]} == {("OAuth2", "password")}
