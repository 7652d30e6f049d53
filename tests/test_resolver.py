from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable, PlanUnusable, UnknownDomain
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import with_plan
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.resolver import FixedPlans, How, Policy, Resolution, Resolver
from autoconfig.settings import Settings
from tests.support.resolving import CELL, NOW, SHOP, demo_and_rules

if TYPE_CHECKING:
    from autoconfig.mapping.timeline import Row, Timeline
    from autoconfig.plans import Plans

CELL_PARAMS = '{"server":"cs312.xbit.jp"}'


@pytest.fixture(scope="module")
def plans() -> Plans:
    """The demo's plans, and some more."""
    return demo_and_rules()


@pytest.fixture
def finder() -> MemoryFinder:
    """An empty mapping."""
    return MemoryFinder()


def ask(
    finder: MemoryFinder,
    plans: Plans,
    mail_domain: Domain | None = SHOP,
    asked: Domain | None = None,
    now: float = NOW,
    default: str | None = None,
) -> Resolution:
    """The resolution, waited for."""
    resolver = Resolver(finder, FixedPlans(plans), Policy(default))
    return asyncio.run(resolver.resolve(mail_domain, asked, now))


def test_row(finder: MemoryFinder, plans: Plans) -> None:
    """A row answers before a rule, and a rule before the default plan."""
    row = finder.add("shop.example", "xserver", '{"server":"sv1.xserver.jp"}')
    found = ask(finder, plans, SHOP, CELL, default="shared-managed")

    assert (SHOP, "xserver", '{"server":"sv1.xserver.jp"}', How.ROW, row.id, None) == (
        found.domain,
        found.plan,
        found.params,
        found.how,
        found.row,
        found.until,
    )
    assert [server.host for server in found.bound.account(SHOP, None).servers] == ["sv1.xserver.jp"] * 3


def test_host_rule(finder: MemoryFinder, plans: Plans) -> None:
    """Without a row, the host that was asked decides, with the rule's groups as params."""
    found = ask(finder, plans, SHOP, CELL, default="shared-managed")

    assert (
        found.domain,
        found.plan,
        found.params,
        found.how,
        found.row,
        found.until,
    ) == (SHOP, "shared-standard", CELL_PARAMS, How.HOST_RULE, None, None)


@pytest.mark.parametrize(
    "asked", [None, SHOP, Domain("other.example"), Domain("x.cs312.xbit.jp"), Domain("cs12.xbit.jp")]
)
def test_default(finder: MemoryFinder, plans: Plans, asked: Domain | None) -> None:
    """Without a row and a rule that matches the whole host, the default plan answers."""
    found = ask(finder, plans, SHOP, asked, default="shared-managed")

    assert (found.plan, found.params, found.how, found.row) == ("shared-managed", "{}", How.DEFAULT, None)


@pytest.mark.parametrize("asked", [None, SHOP, Domain("other.example")])
def test_unknown(finder: MemoryFinder, plans: Plans, asked: Domain | None) -> None:
    """Without any of them the name is unknown, whoever else has a row."""
    finder.add("other.example", "shared-managed")

    with pytest.raises(UnknownDomain, match=r"^shop\.example is not ours$"):
        ask(finder, plans, SHOP, asked)


def test_neither(finder: MemoryFinder, plans: Plans) -> None:
    """Where neither an address nor the host says a domain, not even the default plan answers."""
    with pytest.raises(UnknownDomain, match=r"^neither an address nor the host"):
        ask(finder, plans, None, None, default="shared-managed")


def test_asked_domain(finder: MemoryFinder, plans: Plans) -> None:
    """Without an address the host's own row answers."""
    finder.add("shop.example", "shared-managed")
    found = ask(finder, plans, None, SHOP)

    assert (found.domain, found.plan, found.how) == (SHOP, "shared-managed", How.ROW)


def test_address_before_host(finder: MemoryFinder, plans: Plans) -> None:
    """The address's domain is answered for, never the host's, not even when only the host has a row."""
    finder.add("host.example", "shared-managed")

    with pytest.raises(UnknownDomain):
        ask(finder, plans, SHOP, Domain("host.example"))
    finder.add("shop.example", "server-setup")
    assert ask(finder, plans, SHOP, Domain("host.example")).plan == "server-setup"


@pytest.mark.parametrize("mail_domain", [SHOP, CELL], ids=["a customer", "a host of ours"])
def test_ended(finder: MemoryFinder, plans: Plans, mail_domain: Domain) -> None:
    """A name that was ended is unknown, whatever a rule or the default plan would say."""
    finder.add(mail_domain.name, "shared-managed")
    finder.add(mail_domain.name, None, valid_from=NOW)

    assert ask(finder, plans, mail_domain, CELL, NOW - 1).plan == "shared-managed"
    with pytest.raises(UnknownDomain):
        ask(finder, plans, mail_domain, CELL, NOW, "shared-managed")


SCHEDULE = {
    "before all": (99.9, None, 100),
    "first": (100, "shared-managed", 200),
    "just before the second": (199.999, "shared-managed", 200),
    "second": (200, "server-setup", 300),
    "ended": (300, None, 400),
    "back": (400, "server-maintenance", None),
    "much later": (10**10, "server-maintenance", None),
}


@pytest.mark.parametrize(("now", "plan", "until"), SCHEDULE.values(), ids=SCHEDULE)
def test_schedule(finder: MemoryFinder, plans: Plans, now: float, plan: str | None, until: int | None) -> None:
    """Scheduled rows take effect by themselves when their time comes, and the answer says until when it holds."""
    finder.add("shop.example", "server-maintenance", valid_from=400)
    finder.add("shop.example", "shared-managed", valid_from=100)
    finder.add("shop.example", "xserver", valid_from=200)
    finder.add("shop.example", "server-setup", valid_from=200)
    finder.add("shop.example", None, valid_from=300)

    if plan is None:
        with pytest.raises(UnknownDomain):
            ask(finder, plans, now=now)
    else:
        found = ask(finder, plans, now=now)
        assert (plan, until) == (found.plan, found.until)


def test_until_of_a_rule(finder: MemoryFinder, plans: Plans) -> None:
    """What a rule or the default plan answers holds until the name's first row."""
    finder.add("shop.example", "shared-managed", valid_from=NOW + 60)

    assert (ask(finder, plans, SHOP, CELL).how, ask(finder, plans, SHOP, CELL).until) == (How.HOST_RULE, NOW + 60)
    assert ask(finder, plans, default="shared-managed").until == NOW + 60


NEEDS_DOMAIN = ["by-host", "by-user", "by-redirect", "by-url"]


@pytest.mark.parametrize("plan", NEEDS_DOMAIN)
def test_rule_without_address(finder: MemoryFinder, plans: Plans, plan: str) -> None:
    """Without an address a rule does not answer where its plan depends on the mail domain; with one it does."""
    host = Domain(f"{plan}.xbit.jp")

    with pytest.raises(UnknownDomain, match="depends on the mail domain"):
        ask(finder, plans, None, host)
    assert (plan, SHOP) == ask(finder, plans, SHOP, host)[1::-1]


@pytest.mark.parametrize("host", [CELL, Domain("by-address.xbit.jp")], ids=["address", "local part"])
def test_rule_without_address_or_domain(finder: MemoryFinder, plans: Plans, host: Domain) -> None:
    """Without an address a rule answers where hosts and user names are the same for every domain of the server."""
    found = ask(finder, plans, None, host)

    assert (host, How.HOST_RULE) == (found.domain, found.how)


@pytest.mark.parametrize("plan", NEEDS_DOMAIN)
def test_row_without_address(finder: MemoryFinder, plans: Plans, plan: str) -> None:
    """A row or the default plan answers for its own name, whatever its plan needs."""
    finder.add("shop.example", plan)

    assert plan == ask(finder, plans, None, SHOP).plan
    assert plan == ask(finder, plans, None, Domain("other.example"), default=plan).plan


SETTLED = {
    "before its time": ([("shared-managed", 100)], SHOP, 99.9, False),
    "for good": ([("shared-managed", 100)], SHOP, 100, True),
    "another one to come": ([("shared-managed", 100), ("xserver", 200)], SHOP, 199.9, False),
    "ended": ([("shared-managed", 100), (None, 200)], SHOP, 200, False),
    "no row": ([], SHOP, 100, False),
    "no room for its hosts": ([("shared-managed", 100)], Domain(".".join(["a" * 62] * 4)), 100, False),
}


@pytest.mark.parametrize(("rows", "domain", "now", "settled_"), SETTLED.values(), ids=SETTLED)
def test_settled(
    finder: MemoryFinder,
    plans: Plans,
    rows: list[tuple[str | None, int]],
    domain: Domain,
    now: float,
    settled_: bool,
) -> None:
    """What a row decides by itself and for good needs no waiting, and is what is found with it."""
    for plan, valid_from in rows:
        finder.add(domain.name, plan, valid_from=valid_from)
    found = Resolver(finder, FixedPlans(plans), Policy()).settled(domain.name, now)

    assert (plans.share(with_plan(*ask(finder, plans, domain, now=now)[1:3])) if settled_ else None) is found


UNUSABLE = {
    "no such plan": ("gone", "{}", "gone", None),
    "missing param": ("shared-standard", "{}", "shared-standard", "server"),
    "unknown param": ("shared-managed", '{"sever":"x"}', "shared-managed", "sever"),
    "bad host": ("shared-managed", '{"incoming":"a b"}', "shared-managed", "incoming"),
    "not JSON": ("shared-managed", "{", "shared-managed", None),
}


@pytest.mark.parametrize(("plan", "params", "named", "param"), UNUSABLE.values(), ids=UNUSABLE)
def test_unusable_row(
    finder: MemoryFinder, plans: Plans, plan: str, params: str, named: str, param: str | None
) -> None:
    """A row that makes no account names everything that an operator has to look for, every time."""
    finder.add("other.example", "shared-managed")
    row = finder.add("shop.example", plan, params)

    for _ in range(2):
        with pytest.raises(PlanUnusable) as caught:
            ask(finder, plans, SHOP, CELL, default="shared-managed")
        error = caught.value
        assert (row.id, "shop.example", named, param) == (error.row, error.domain, error.plan, error.param)


def test_unusable_domain(finder: MemoryFinder, plans: Plans) -> None:
    """A domain that makes no host names is reported as the plan's trouble with it."""
    row = finder.add("a_b.example", "shared-managed")

    with pytest.raises(PlanUnusable, match="not allowed in a host name") as caught:
        ask(finder, plans, Domain("a_b.example"))
    assert (row.id, "a_b.example") == (caught.value.row, caught.value.domain)


def test_unusable_rule(finder: MemoryFinder, plans: Plans) -> None:
    """A rule whose groups make no host name is reported with the plan and param, and without a row."""
    with pytest.raises(PlanUnusable) as caught:
        ask(finder, plans, SHOP, Domain("a_b.bad.xbit.jp"))
    assert (
        caught.value.row,
        caught.value.domain,
        caught.value.plan,
        caught.value.param,
    ) == (None, "shop.example", "shared-standard", "server")


STRANGERS = {"too long": (f"{'a.' * 125}jp", "by-redirect"), "its spelling": ("a_b.example", "by-host")}


@pytest.mark.parametrize(("mail_domain", "host"), STRANGERS.values(), ids=STRANGERS)
def test_rule_and_a_stranger(finder: MemoryFinder, plans: Plans, mail_domain: str, host: str) -> None:
    """A stranger's name that the plan's hosts cannot have is unknown under a host of ours too."""
    with pytest.raises(UnknownDomain, match="does not fit the plan"):
        ask(finder, plans, Domain(mail_domain), Domain(f"{host}.xbit.jp"))


POLICIES = {
    "nothing": (Policy(), []),
    "good": (Policy("server-maintenance", {"3": "xserver", "*": ""}), []),
    "no such default plan": (Policy("no-such"), ["default_plan = 'no-such': plan 'no-such': there is no such plan"]),
    "default plan with params": (Policy("xserver"), ["default_plan = 'xserver': plan 'xserver', param 'server': "]),
    "all at once": (
        Policy("no-such", {"3": "platinum", "4": "gold", "5": "xserver"}),
        ["default_plan = ", "query_plans: '3' is on the plan 'platinum'", "query_plans: '4' is on the plan 'gold'"],
    ),
}


@pytest.mark.parametrize(("policy", "said"), POLICIES.values(), ids=POLICIES)
def test_policy(plans: Plans, policy: Policy, said: list[str]) -> None:
    """The plans have to have those that the settings name, and the default plan has to need no row."""
    found = [str(fault) for fault in policy.faults(plans)]

    assert [True] * len(said) == [fault.startswith(start) for fault, start in zip(found, said, strict=True)]


def test_policy_of_settings() -> None:
    """It is read from the settings."""
    settings = Settings(default_plan="a", query="SELECT 1 AS plan WHERE 1 = :domain", query_plans={"3": "b"})

    assert Policy("a", {"3": "b"}) == Policy.of(settings)
    assert Policy() == Policy.of(Settings())


class GoneFinder(MemoryFinder):
    """A mapping that cannot be asked."""

    async def find(self, name: Domain) -> Timeline[Row]:
        """Say so."""
        raise MappingUnavailable(f"no answer about {name}")


def test_unavailable(plans: Plans) -> None:
    """Where the mapping cannot be asked, nothing else answers in its place."""
    with pytest.raises(MappingUnavailable):
        ask(GoneFinder(), plans, SHOP, CELL, default="shared-managed")
    with pytest.raises(MappingUnavailable):
        asyncio.run(Resolver(GoneFinder(), FixedPlans(plans), Policy()).is_ours(CELL, NOW))


OURS = {
    "row": ("shop.example", True),
    "ended": ("ended.example", False),
    "not yet": ("later.example", False),
    "ended host": ("cs999.xbit.jp", False),
    "host rule": ("cs312.xbit.jp", True),
    "under a host": ("x.cs312.xbit.jp", False),
    "stranger": ("stranger.example", False),
    "row whose plan is missing": ("broken.example", True),
}


@pytest.mark.parametrize(("name", "ours"), OURS.values(), ids=OURS)
def test_is_ours(finder: MemoryFinder, plans: Plans, name: str, ours: bool) -> None:
    """A name is ours by its current row, or else by a host rule, and by nothing else."""
    finder.add("shop.example", "shared-managed")
    finder.add("ended.example", "shared-managed")
    finder.add("ended.example", None, valid_from=NOW)
    finder.add("later.example", "shared-managed", valid_from=NOW + 1)
    finder.add("cs999.xbit.jp", None)
    finder.add("broken.example", "gone")

    resolver = Resolver(finder, FixedPlans(plans), Policy())

    assert ours is asyncio.run(resolver.is_ours(Domain(name), NOW))


def test_default_that_does_not_fit(finder: MemoryFinder, plans: Plans) -> None:
    """A stranger's name that the default plan's hosts cannot have is unknown: no row has to be mended for it."""
    with pytest.raises(UnknownDomain):
        ask(finder, plans, Domain("a_b.example"), None, default="shared-managed")
