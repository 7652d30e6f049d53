from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mail.account import Account, Text
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.mail.pattern import Pattern
from autoconfig.mail.server import Login, Protocol, Server, TLSMode


def server(protocol: Protocol, port: int, username: str = "{address}") -> Server:
    """A server with TLS from the first byte."""
    return Server(protocol, "mail.example", port, TLSMode.SSL, (Login.CLEARTEXT,), Pattern.parse(username))


def account_of(*servers: Server, address: str | None = "taro@example.jp") -> Account:
    """An account of example.jp."""
    domain = Domain("example.jp")
    return Account(domain, EmailAddress.parse(address) if address else None, Text({"en": "A"}), None, servers)


@pytest.mark.parametrize(
    ("language", "expected"),
    [(None, "サーバ保守"), ("ja", "サーバ保守"), ("en", "Maintained"), ("fr", "サーバ保守")],
    ids=["none asked for", "the first", "another", "one that it has not"],
)
def test_text(language: str | None, expected: str) -> None:
    """A text is given in the language asked for, else in the plan's own."""
    assert expected == Text({"ja": "サーバ保守", "en": "Maintained"}).in_language(language)


LOGIN_NAMES = {
    "address": ("{address}", "taro@example.jp"),
    "another form": ("{local}.{domain}", "taro.example.jp"),
    "fixed": ("taro", "taro"),
}


@pytest.mark.parametrize(("username", "expected"), LOGIN_NAMES.values(), ids=LOGIN_NAMES.keys())
def test_login_name(username: str, expected: str) -> None:
    """The name to log in with is the server's pattern with the address in it."""
    imap = server(Protocol.IMAP, 993, username)

    assert expected == account_of(imap).login_name(imap)


def test_login_name_without_address() -> None:
    """A user name that takes nothing from the address is known without one."""
    imap = server(Protocol.IMAP, 993, "mail-{domain}")

    assert account_of(imap, address=None).login_name(imap) == "mail-example.jp"


@given(st.text("{}domainlcs.+", min_size=1, max_size=64))
def test_login_name_is_one_pass(local: str) -> None:
    """A local part with braces in it, even `{domain}`, comes out as it is."""
    imap = server(Protocol.IMAP, 993, "{local}.{domain}")

    assert f"{local}.example.jp" == account_of(imap, address=f"{local}@example.jp").login_name(imap)


def test_directions() -> None:
    """Servers are told apart by direction, each in order of preference."""
    imap, pop3 = server(Protocol.IMAP, 993), server(Protocol.POP3, 995)
    first, second = server(Protocol.SMTP, 465), server(Protocol.SMTP, 587)
    account = account_of(imap, pop3, first, second)

    assert (imap, pop3) == account.incoming
    assert (first, second) == account.outgoing


def test_first() -> None:
    """The preferred server of some protocols is the first that speaks one of them, if any."""
    imap, pop3 = server(Protocol.IMAP, 993), server(Protocol.POP3, 995)
    account = account_of(imap, pop3)

    assert imap is account.first(Protocol.POP3, Protocol.IMAP)
    assert pop3 is account.first(Protocol.POP3)
    assert account.first(Protocol.SMTP) is None


@pytest.mark.parametrize(
    ("url", "domain", "redirects"),
    [(None, None, False), ("https://example.net/", None, True), (None, Domain("example.net"), True)],
    ids=["stays", "URL", "domain"],
)
def test_redirects(url: str | None, domain: Domain | None, redirects: bool) -> None:
    """An account redirects where a URL or a domain says where it moved."""
    account = Account(Domain("example.jp"), None, Text({"en": "A"}), None, (), redirect_url=url, redirect_domain=domain)

    assert redirects is account.redirects
