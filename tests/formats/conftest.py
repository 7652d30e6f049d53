from __future__ import annotations

import csv
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.mail import params
from autoconfig.mail.account import Account, Text
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.mail.pattern import Pattern
from autoconfig.mail.server import Login, Protocol, Server, TLSMode
from autoconfig.mail.service import Service, ServiceKind
from autoconfig.plans import Plans, read_plans
from autoconfig.resources import templates

if TYPE_CHECKING:
    from autoconfig.mail.binding import BoundPlan

Accounts = Callable[..., Account]
Servers = Callable[..., Server]
Services = Callable[..., Service]


@pytest.fixture(scope="session")
def demo_plans() -> str:
    """The text of the demo's plans.toml."""
    return (templates() / "demo" / "plans.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def demo(demo_plans: str) -> Plans:
    """The demo's plans."""
    return read_plans(demo_plans.encode())


@pytest.fixture(scope="session")
def rows() -> dict[Domain, tuple[str, str]]:
    """The demo's domains: plan and params, as a row has them."""
    text = (templates() / "demo" / "mapping.csv").read_text(encoding="utf-8")
    return {
        Domain.parse(line.pop("domain")): (
            line.pop("plan"),
            params.encode({name: value for name, value in line.items() if value}),
        )
        for line in csv.DictReader(text.splitlines())
    }


@pytest.fixture(scope="session")
def customer(demo: Plans, rows: dict[Domain, tuple[str, str]]) -> Accounts:
    """The account of one of the demo's domains, for `local@` it, or with `None` for all of its addresses."""

    def account(name: str, local: str | None = "taro") -> Account:
        domain = Domain.parse(name)
        address = None if local is None else EmailAddress(local, domain)
        return demo.bind(*rows[domain]).account(domain, address)

    return account


@pytest.fixture(scope="session")
def server() -> Servers:
    """A server, with all that the test does not care about filled in."""

    def make(
        protocol: Protocol,
        tls: TLSMode = TLSMode.SSL,
        host: str = "mail.example.jp",
        *,
        port: int = 993,
        login: tuple[Login, ...] = (Login.CLEARTEXT,),
        username: str = "{address}",
    ) -> Server:
        return Server(protocol, host, port, tls, login, Pattern.parse(username))

    return make


@pytest.fixture(scope="session")
def account() -> Accounts:
    """An account of example.jp with the servers given."""

    def make(
        *servers: Server,
        address: str | None = "taro@example.jp",
        redirect_url: str | None = None,
        redirect_domain: str | None = None,
        **rest: Any,
    ) -> Account:
        return Account(
            Domain("example.jp"),
            EmailAddress.parse(address) if address else None,
            Text({"ja": "例のメール", "en": "Example mail"}),
            None,
            servers,
            redirect_url=redirect_url,
            redirect_domain=Domain(redirect_domain) if redirect_domain else None,
            **rest,
        )

    return make


@pytest.fixture(scope="session")
def service() -> Services:
    """A service, with all that the test does not care about filled in."""

    def make(
        kind: ServiceKind,
        url: str = "https://dav.example.jp/dav/",
        *,
        login: tuple[Login, ...] = (Login.CLEARTEXT,),
        username: str = "{address}",
        principal: bool = False,
        of_mailbox: bool = False,
    ) -> Service:
        return Service(kind, url, login, Pattern.parse(username), principal, of_mailbox)

    return make


SUITE = """
[plans.suite]
name = { ja = "グループウェア", en = "Groupware" }
short_name = { ja = "グループ", en = "Group" }
documentation = [{ url = "https://www.provider.example/mail/", ja = "メール設定のご案内", en = "Mail settings" }]
webmail = "https://webmail.provider.example/"
oauth2 = { issuer = "https://login.provider.example/", auth_url = "https://login.provider.example/auth", \
           token_url = "https://login.provider.example/token", scope = ["mail", "offline_access"] }
servers = [
  { protocol = "imap", host = "mail.{domain}", port = 993, tls = "ssl", \
    login = ["OAuth2", "password-cleartext"], username = "{address}" },
  { protocol = "smtp", host = "mail.{domain}", port = 465, tls = "ssl", \
    login = ["OAuth2", "password-cleartext"], username = "{address}" },
  { protocol = "managesieve", host = "mail.{domain}", port = 4190, tls = "starttls", \
    login = ["password-cleartext"], username = "{address}" },
  { protocol = "caldav", url = "https://dav.{domain}/calendars/", \
    login = ["OAuth2", "password-cleartext"], username = "{address}" },
  { protocol = "carddav", url = "https://dav.{domain}/contacts/", \
    login = ["OAuth2", "password-cleartext"], username = "{address}" },
  { protocol = "jmap", url = "https://jmap.{domain}/.well-known/jmap", \
    login = ["OAuth2", "password-cleartext"], username = "{address}" },
  { protocol = "activesync", url = "https://mail.{domain}/Microsoft-Server-ActiveSync", \
    login = ["password-cleartext"], username = "{address}" },
]
"""


@pytest.fixture(scope="session")
def suite() -> BoundPlan:
    """A plan with everything that a plan can have."""
    return read_plans(SUITE.encode()).bind("suite", params.NONE)
