from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from autoconfig.dns.mx_answer import MXAnswer, MXStatus
from autoconfig.errors import DNSUnavailable, PlanUnusable, UnknownDomain
from autoconfig.mail.domain import Domain
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.plans import Plans, read_plans
from autoconfig.resolver import FixedPlans, How, Policy, Resolution, Resolver
from tests.support.resolving import CELL, NOW, SHOP, demo_and_rules

if TYPE_CHECKING:
    from collections.abc import Hashable


@pytest.fixture(scope="module")
def plans() -> Plans:
    """The demo's plans, and some more."""
    return demo_and_rules()


@pytest.fixture
def finder() -> MemoryFinder:
    """An empty mapping."""
    return MemoryFinder()


class Mail:
    """Knows where the mail of every domain goes."""

    def __init__(self, *hosts: str, status: MXStatus = MXStatus.FOUND) -> None:
        self._answer = MXAnswer(status, tuple((10 * number, host) for number, host in enumerate(hosts)))
        self.asked: list[Domain] = []

    async def of(self, domain: Domain, client: Hashable = None) -> MXAnswer:  # noqa: ARG002 (as the protocol)
        """See `MXSource`."""
        self.asked.append(domain)
        return self._answer


def ask(
    finder: MemoryFinder,
    plans: Plans,
    mail: Mail,
    mail_domain: Domain | None = SHOP,
    asked: Domain | None = None,
    default: str | None = None,
) -> Resolution:
    """The resolution, waited for."""
    resolver = Resolver(finder, FixedPlans(plans), Policy(default), mail)
    return asyncio.run(resolver.resolve(mail_domain, asked, NOW))


@pytest.mark.parametrize(
    ("mail_domain", "asked"),
    [(SHOP, None), (SHOP, SHOP), (None, SHOP), (SHOP, Domain("autoconfig.xbit.jp"))],
    ids=["address", "under its own name", "host alone", "under a name of ours"],
)
def test_mx(finder: MemoryFinder, plans: Plans, mail_domain: Domain | None, asked: Domain | None) -> None:
    """Without a row the rule answers that matches the domain's exchanger, with its groups as params."""
    mail = Mail("cs312.xbit.jp")
    found = ask(finder, plans, mail, mail_domain, asked, default="shared-managed")

    assert (found.domain, found.plan, found.params, found.how, found.exchanger, found.row) == (
        SHOP,
        "shared-standard",
        '{"server":"cs312.xbit.jp"}',
        How.MX,
        CELL,
        None,
    )
    assert mail.asked == [SHOP]


@pytest.mark.parametrize("plan", ["by-host", "by-user", "by-url"])
def test_mx_needs_no_address(finder: MemoryFinder, plans: Plans, plan: str) -> None:
    """By its MX a plan answers that depends on the mail domain, which is the domain asked about and never the host."""
    found = ask(finder, plans, Mail(f"{plan}.xbit.jp"), None, SHOP)
    account = found.bound.account(found.domain, None)

    assert (SHOP, plan) == (found.domain, found.plan)
    assert "by-" not in f"{account.servers}{account.redirect_url}{account.redirect_domain}"


def test_mx_by_preference(finder: MemoryFinder, plans: Plans) -> None:
    """The most preferred exchanger counts that a rule matches, whichever rule stands first."""
    mail = Mail("mail.elsewhere.jp", "by-user.xbit.jp", "cs312.xbit.jp")

    assert ask(finder, plans, mail).exchanger == Domain("by-user.xbit.jp")


NO_MATCH = {
    "elsewhere": Mail("mail.elsewhere.jp", "x.cs312.xbit.jp"),
    "no host": Mail(),
    "null MX": Mail(status=MXStatus.NONE_OFFERED),
    "NODATA": Mail(status=MXStatus.NO_MX),
    "NXDOMAIN": Mail(status=MXStatus.NO_DOMAIN),
    "not asked": Mail(status=MXStatus.NOT_ASKED),
}


@pytest.mark.parametrize("mail", NO_MATCH.values(), ids=NO_MATCH)
def test_mx_elsewhere(finder: MemoryFinder, plans: Plans, mail: Mail) -> None:
    """Where the mail goes elsewhere or nowhere, it goes on to the default plan, and without one the name is unknown."""
    assert ask(finder, plans, mail, default="shared-managed").how is How.DEFAULT
    with pytest.raises(UnknownDomain):
        ask(finder, plans, mail)


@pytest.mark.parametrize("status", [MXStatus.FAILED, MXStatus.TIMED_OUT, MXStatus.OVER_BUDGET])
def test_mx_not_known(finder: MemoryFinder, plans: Plans, status: MXStatus) -> None:
    """Where the DNS did not say it, the name is neither unknown nor on the default plan: it cannot be said now."""
    with pytest.raises(DNSUnavailable, match=rf"^the MX of shop\.example {status}"):
        ask(finder, plans, Mail(status=status), default="shared-managed")


def test_mx_is_not_asked(finder: MemoryFinder, plans: Plans) -> None:
    """For a name with a row, one that was ended, one under a host of ours, and a host of ours nothing is asked."""
    finder.add("row.example", "shared-managed")
    finder.add("ended.example", None)
    mail = Mail("cs312.xbit.jp", status=MXStatus.FAILED)

    assert ask(finder, plans, mail, Domain("row.example")).how is How.ROW
    assert ask(finder, plans, mail, SHOP, CELL).how is How.HOST_RULE
    assert ask(finder, plans, mail, CELL, None, default="shared-managed").how is How.DEFAULT
    with pytest.raises(UnknownDomain):
        ask(finder, plans, mail, Domain("ended.example"))
    assert mail.asked == []


def test_mx_without_rules(finder: MemoryFinder) -> None:
    """Without a host rule no MX could lead anywhere, so that none is asked for."""
    mail = Mail("cs312.xbit.jp", status=MXStatus.FAILED)
    plans = read_plans(b'[plans.a]\nname = "A"\nredirect_url = "https://a.example/"\n')

    assert ask(finder, plans, mail, default="a").how is How.DEFAULT
    assert mail.asked == []


def test_until_of_mx(finder: MemoryFinder, plans: Plans) -> None:
    """What the MX led to holds until the name's first row."""
    finder.add("shop.example", "shared-managed", valid_from=NOW + 60)

    assert ask(finder, plans, Mail("cs312.xbit.jp")).until == NOW + 60


def test_mx_that_does_not_fit(finder: MemoryFinder, plans: Plans) -> None:
    """A stranger's name that the plan's hosts cannot have is unknown, wherever its MX points."""
    with pytest.raises(UnknownDomain):
        ask(finder, plans, Mail("by-host.xbit.jp"), Domain("a_b.example"))


def test_mx_that_is_unusable(finder: MemoryFinder, plans: Plans) -> None:
    """A rule whose groups do not fit its plan is reported with the plan and param, without a row."""
    with pytest.raises(PlanUnusable) as caught:
        ask(finder, plans, Mail("cell-1.xbit.jp"))
    assert (caught.value.row, caught.value.domain, caught.value.param) == (None, "shop.example", "server")


def test_is_ours(finder: MemoryFinder, plans: Plans) -> None:
    """A name is never ours because of its MX: nobody may get a certificate by pointing it here."""
    assert ask(finder, plans, Mail("cs312.xbit.jp")).how is How.MX
    resolver = Resolver(finder, FixedPlans(plans), Policy(), Mail("cs312.xbit.jp"))
    assert not asyncio.run(resolver.is_ours(SHOP, NOW))
