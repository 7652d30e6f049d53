from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from autoconfig.mail.domain import Domain
from autoconfig.plans import read_plans
from autoconfig.web.pages.explanations import Explanations, UserNameForm

if TYPE_CHECKING:
    from tests.web.conftest import Site

OF_DEMO: dict[str, dict[str, Any]] = {
    "sample.co.jp": {"certified": "sample.co.jp", "foreign": False, "apart": None, "starttls": False},
    "hanako-flowers.example": {"certified": "cs312.xbit.jp", "foreign": True, "apart": None, "starttls": True},
    "yamada-law.example": {
        "certified": "pop.yamada-law.example",
        "foreign": False,
        "apart": ("pop.yamada-law.example", "smap.yamada-law.example"),
        "starttls": False,
    },
    "vps-customer.example": {
        "certified": None,
        "foreign": False,
        "apart": ("mail.vps-customer.example", "smtpd.vps-customer.example"),
        "starttls": False,
    },
    "second-brand.example": {"certified": "vps-customer.example", "foreign": True, "apart": None, "starttls": False},
    "old-shop.example": {"certified": None, "foreign": False, "apart": None, "starttls": True},
    "recommended.example": {"certified": "sv1234.xserver.jp", "foreign": True, "apart": None, "starttls": False},
    "xn--wgv71a119e.example": {
        "certified": "pop.xn--wgv71a119e.example",
        "foreign": False,
        "apart": ("pop.xn--wgv71a119e.example", "smap.xn--wgv71a119e.example"),
        "starttls": False,
    },
}


def facts_of(site: Site, name: str) -> Explanations:
    """What there is to explain to a customer of the demo."""
    resolution = site.runner.run(site.services.resolve({}, Domain.parse(name), None))
    return Explanations.of(resolution.bound.account(resolution.domain, None))


@pytest.mark.parametrize(("name", "expected"), OF_DEMO.items(), ids=OF_DEMO.keys())
def test_servers(site: Site, name: str, expected: dict[str, Any]) -> None:
    """What has to be said of the servers is found in the account."""
    facts = facts_of(site, name)

    assert expected == {
        "certified": facts.certified,
        "foreign": facts.foreign,
        "apart": facts.apart,
        "starttls": facts.starttls is not None,
    }
    assert facts.international == name.startswith("xn--")
    assert facts.customary == ("mail.日本語.example" if facts.international else f"mail.{name}")


def test_plain(site: Site) -> None:
    """The old system's servers for receiving have no TLS, and its passwords cannot be read all the same."""
    facts = facts_of(site, "old-shop.example")

    assert [server.port for server in facts.plain] == [143, 110]
    assert (facts.plain_receiving, facts.readable_password, facts.encrypted_login) == (True, False, True)
    assert facts_of(site, "sample.co.jp").plain == ()


def plan(
    username: str, outgoing: str = "{address}", *, tls: str = "ssl", login: str = "password-cleartext"
) -> Explanations:
    """Facts of a plan of one's own."""

    def server(protocol: str, tls: str, username: str) -> str:
        where = f'protocol = "{protocol}", host = "mail.{{domain}}", port = 25, tls = "{tls}"'
        return f'{{ {where}, login = ["{login}"], username = "{username}" }}'

    servers = ", ".join([server("imap", "ssl", username), server("smtp", tls, outgoing)])
    plans = read_plans(f'[plans.a]\nname = "A"\nservers = [ {servers} ]'.encode())
    return Explanations.of(plans.bind("a", "{}").account(Domain("sample.example"), None))


@pytest.mark.parametrize(
    ("username", "kind"),
    [
        ("{address}", UserNameForm.ADDRESS),
        ("{local}@{domain}", UserNameForm.ADDRESS),
        ("{local}.{domain}", UserNameForm.DOTTED),
        ("{local}", UserNameForm.LOCAL),
        ("{local}-x", UserNameForm.OTHER),
        ("shared", UserNameForm.OTHER),
    ],
)
def test_user_name(username: str, kind: UserNameForm) -> None:
    """How a user name is formed is read off its pattern."""
    assert kind is plan(username).user_name


def test_names_differ() -> None:
    """Another user name for sending is seen."""
    assert (plan("{address}").names_differ, plan("{local}").names_differ) == (False, True)


def test_plain_sending() -> None:
    """A server without TLS for sending is not one for receiving; a normal password over it can be read."""
    facts = plan("{address}", tls="plain")

    assert (facts.plain_receiving, facts.readable_password, len(facts.plain)) == (False, True, 1)
    assert facts.starttls is None
    assert plan("{address}", tls="plain", login="password-encrypted").readable_password is False
