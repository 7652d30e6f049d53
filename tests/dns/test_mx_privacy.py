"""Which names the resolver asks the DNS for, and what an MX may lead to: nothing that belongs to another customer."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from autoconfig.dns.lookups import MXLookups
from autoconfig.dns.mx_answer import MXAnswer, MXStatus
from autoconfig.errors import DNSUnavailable, UnknownDomain
from autoconfig.mail.domain import Domain
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.resolver import FixedPlans, How, Policy, Resolver
from autoconfig.web.cache_control import PRIVATE, DocumentHeaders
from autoconfig.web.host_header import AskedHost
from tests.support.resolving import CELL, NOW, demo_and_rules

if TYPE_CHECKING:
    from autoconfig.resolver import Resolution

STRANGER = Domain("stranger.co.jp")
CUSTOMER = Domain("customer.co.jp")
ENDED = Domain("ended.co.jp")
MAIL_HOST = Domain("mail.customer.co.jp")
"""A customer's own mail host, whose row answers for other domains' addresses."""


class Asked:
    """A DNS in which every domain has the same MX; remembers the questions."""

    def __init__(self, *hosts: str, status: MXStatus = MXStatus.FOUND) -> None:
        self.names: list[str] = []
        self._answer = MXAnswer(status, tuple((10 * place, host) for place, host in enumerate(hosts)), 60)

    async def __call__(self, name: str) -> MXAnswer:
        """Answer a question."""
        self.names.append(name)
        return self._answer


def resolver_of(asked: Asked, default: str | None = None) -> Resolver:
    """A resolver with rows of some customers."""
    finder = MemoryFinder()
    finder.add(CUSTOMER.name, "shared-standard", '{"server":"mail.customer.co.jp","subdomains":"yes"}')
    finder.add(MAIL_HOST.name, "shared-standard", '{"exchanger":"yes","server":"mail.customer.co.jp"}')
    finder.add(ENDED.name, None)
    lookups = MXLookups(asked, budget=100, limit=20, own=frozenset({"autoconfig.xbit.jp"}))
    return Resolver(finder, FixedPlans(demo_and_rules()), Policy(default), lookups)


def resolved(asked: Asked, mail_domain: Domain | None, host: Domain | None = None, **options: bool) -> Resolution:
    """What answers for an address or a host."""
    return asyncio.run(resolver_of(asked).resolve(mail_domain, host, NOW, **options))


@pytest.mark.parametrize("host", [None, STRANGER, Domain("other.co.jp")], ids=["no host", "same host", "other host"])
def test_only_the_mail_domain_is_asked_for(host: Domain | None) -> None:
    """A question has the mail domain and nothing else: not the host of the request, and no name above."""
    asked = Asked(CELL.name)
    below = Domain(f"mail.{STRANGER}")

    assert resolved(asked, STRANGER, host).how is How.MX
    assert resolved(asked, below, host).domain == below
    assert asked.names == [STRANGER.name, below.name]


NEVER_ASKED = {
    "has a row": (CUSTOMER, None),
    "ended": (ENDED, None),
    "below a customer's domain": (Domain("sub.customer.co.jp"), None),
    "asked at one of our hosts": (STRANGER, CELL),
    "one of our hosts": (None, CELL),
    "one of our hosts, in an address": (CELL, None),
    "a name of this server": (Domain("autoconfig.xbit.jp"), None),
    "special-use name": (Domain("shop.example"), None),
    "private name": (Domain("printer.local"), None),
    "single label": (Domain("intranet"), None),
    "IPv4 address": (None, Domain("192.0.2.1")),
}


@pytest.mark.parametrize(("mail_domain", "host"), NEVER_ASKED.values(), ids=NEVER_ASKED)
def test_never_asked_for(mail_domain: Domain | None, host: Domain | None) -> None:
    """The DNS learns no name that has a row or rule here, none of our own, and none that it cannot know."""
    asked = Asked(CELL.name)
    with contextlib.suppress(UnknownDomain):
        assert resolved(asked, mail_domain, host).how is not How.MX

    assert asked.names == []


def test_the_exchangers_host_answers_before_the_mx() -> None:
    """If the asked host says in its row that it takes mail for others, the DNS is not asked."""
    asked = Asked(CELL.name)

    assert resolved(asked, STRANGER, MAIL_HOST, by_exchanger=True).how is How.EXCHANGER
    assert asked.names == []


@pytest.mark.parametrize(
    "hosts",
    [(), (CUSTOMER.name,), (MAIL_HOST.name,), ("sub.customer.co.jp",), ("mx.elsewhere.co.jp",)],
    ids=[
        "none",
        "a customer's domain",
        "a customer's mail host",
        "below a customer's domain",
        "another provider's host",
    ],
)
def test_an_mx_leads_to_no_row(hosts: tuple[str, ...]) -> None:
    """An MX that points to a customer's name reveals nothing of that customer: only host rules place a domain."""
    asked = Asked(*hosts)
    with pytest.raises(UnknownDomain, match=r"stranger\.co\.jp is not ours"):
        resolved(asked, STRANGER)

    assert asked.names == [STRANGER.name]


def test_a_host_rule_answers() -> None:
    """The first exchanger with a host rule places the domain; the answer is for that domain, not for the exchanger."""
    found = resolved(Asked("mx.elsewhere.co.jp", MAIL_HOST.name, CELL.name), STRANGER)

    assert (found.domain, found.how, found.exchanger, found.row, found.row_of) == (STRANGER, How.MX, CELL, None, None)


def test_an_mx_is_not_the_operators_word() -> None:
    """No cache may keep what an MX led to, and no certificate is allowed for it."""
    asked = Asked(CELL.name)
    host = AskedHost("", STRANGER)
    found = resolved(asked, None, STRANGER)
    headers = DocumentHeaders("text/xml").of(found, host, NOW, names_mailbox=False)

    assert found.how is How.MX
    assert PRIVATE in headers
    assert not asyncio.run(resolver_of(asked).is_ours(STRANGER, NOW))


def test_no_answer_is_no_no() -> None:
    """If the MX cannot be found out, the domain is neither unknown nor on the default plan."""
    asked = Asked(status=MXStatus.FAILED)
    with pytest.raises(DNSUnavailable, match=r"the MX of stranger\.co\.jp could not be asked"):
        asyncio.run(resolver_of(asked, "server-maintenance").resolve(STRANGER, None, NOW))
