from __future__ import annotations

import csv
from collections.abc import Callable

import pytest

from autoconfig.mail import params
from autoconfig.mail.account import Account, Text
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.mail.pattern import Pattern
from autoconfig.mail.server import Login, Protocol, Server, TLSMode
from autoconfig.plans import Plans, read_plans
from autoconfig.resources import templates

Accounts = Callable[..., Account]
Servers = Callable[..., Server]


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
        Domain.parse(line.pop("name")): (
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
    ) -> Account:
        return Account(
            Domain("example.jp"),
            EmailAddress.parse(address) if address else None,
            Text({"ja": "例のメール", "en": "Example mail"}),
            None,
            servers,
            redirect_url=redirect_url,
            redirect_domain=Domain(redirect_domain) if redirect_domain else None,
        )

    return make
