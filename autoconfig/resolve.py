"""
Which plan answers: the one place with policy.

In this order: the row of the mail domain; a host rule that matches the asked host; where it is switched on, a host rule
that matches one of the domain's mail exchangers; the default plan. A name that was ended is unknown, whatever a rule or
a default would say: the operator said that it is not ours.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from autoconfig.errors import DNSUnavailable, PlanUnusable, UnknownDomain
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import NONE

if TYPE_CHECKING:
    from autoconfig.dns.answer import MXAnswer
    from autoconfig.mail.bound import BoundPlan
    from autoconfig.mapping.timeline import Finder, Row, Timeline
    from autoconfig.plans import Plans


class How(StrEnum):
    """What led to the plan."""

    ROW = "row"
    """The mapping has a row of the domain."""
    HOST_RULE = "host rule"
    """The host that was asked is one of the provider's own."""
    MX = "MX"
    """The domain's mail goes to one of the provider's own hosts."""
    DEFAULT = "default plan"


class Exchangers(Protocol):
    """Knows where mail goes (`dns.lookups`)."""

    async def of(self, domain: Domain) -> MXAnswer:
        """The mail exchangers of a domain, or why they are not known."""
        ...


class Resolution(NamedTuple):
    """The plan that answers for a domain, with its params."""

    domain: Domain
    """The domain answered for."""
    plan: str
    params: str
    """Canonical JSON, as in a row."""
    bound: BoundPlan
    how: How
    row: int | None
    """The id of the row, where a row of ours led here; the rows of a query have none."""
    until: int | None
    """Unix seconds from which another row of the name holds, if one is scheduled."""
    exchanger: Domain | None = None
    """The mail exchanger that a host rule matched, where the MX led here."""


class _Placed(NamedTuple):
    """What speaks for a name that no row speaks for."""

    how: How
    plan: str
    params: str
    exchanger: Domain | None = None


async def resolve(
    finder: Finder,
    plans: Plans,
    mail_domain: Domain | None,
    asked: Domain | None,
    now: float,
    default: str | None = None,
    exchangers: Exchangers | None = None,
) -> Resolution:
    """
    Find the plan for a mail domain, asked for under some host.

    Args:
        finder: where the rows are.
        plans: the plans of now.
        mail_domain: the domain of the address, or of the URL; `None` if only the host says which domain is meant.
        asked: the host that was asked, without `autoconfig.` and its like; `None` if it says nothing.
        now: Unix seconds.
        default: the key of the default plan, if there is one.
        exchangers: where mail goes, if the MX of a domain without a row is to be looked at.

    Raises:
        UnknownDomain: nobody here answers for it.
        DNSUnavailable: the MX would decide, and is not known now.
        PlanUnusable: the plan is missing, or the params or the domain do not make an account of it.
        RowInvalid: what a query says of the domain cannot be read.
        MappingUnavailable: the mapping cannot be asked.
    """
    domain = mail_domain or asked
    if domain is None:
        raise UnknownDomain("neither an address nor the host says which domain is meant")
    timeline = await finder.find(domain)
    row, later = timeline.at(now), timeline.next_after(now)
    identity = (row.id or None) if row else None
    exchanger = None
    if row is not None and row.plan is not None:
        how, plan, params = How.ROW, row.plan, row.params
    elif row is None and (placed := await _without_row(plans, domain, asked, default, exchangers)):
        how, plan, params, exchanger = placed
    else:
        raise UnknownDomain(f"{domain} is not ours")
    try:
        bound = plans.bind(plan, params)
    except PlanUnusable as error:
        raise error.found_at(domain.name, identity) from None
    try:
        bound.check(domain)
    except PlanUnusable as error:
        if how is not How.ROW:  # a stranger's name: no row has to be mended for it, and no plan
            raise UnknownDomain(f"{domain} does not fit the plan {plan!r}") from error
        raise error.found_at(domain.name, identity) from None
    if how is How.HOST_RULE and mail_domain is None and bound.needs_domain:
        raise UnknownDomain(f"{domain} is one of our hosts, and its plan depends on the mail domain")
    until = later.valid_from if later else None
    return Resolution(domain, plan, params, bound, how, identity, until, exchanger)


def settled(timeline: Timeline[Row], plans: Plans, domain: Domain, now: float) -> BoundPlan | None:
    """
    The plan that `resolve` would find for a mail domain, where its row decides that by itself and for good.

    `None`: ask `resolve`. The `domain` is a host name, `timeline` its rows, `now` in Unix seconds.

    Raises:
        PlanUnusable: the plan is missing, or the params do not make an account of it.
    """
    row = timeline.settled(now)
    if row is None or row.plan is None:
        return None
    bound = plans.bind(row.plan, row.params)
    return bound if len(domain.name) <= bound.longest_domain else None


async def is_ours(finder: Finder, plans: Plans, name: Domain, now: float) -> bool:
    """
    Whether a row or a host rule speaks for the name now; neither its MX nor a default plan counts.

    Raises:
        MappingUnavailable: the mapping cannot be asked.
    """
    row = (await finder.find(name)).at(now)
    return row.plan is not None if row else plans.rule_for(name) is not None


async def _without_row(
    plans: Plans, domain: Domain, asked: Domain | None, default: str | None, exchangers: Exchangers | None
) -> _Placed | None:
    """What speaks for a name that no row speaks for: a host rule, else its MX, else the default plan."""
    if asked is not None and (matched := plans.rule_for(asked)):
        rule, params = matched
        return _Placed(How.HOST_RULE, rule.plan, params)
    if exchangers is not None and (placed := await _by_mx(plans, domain, exchangers)):
        return placed
    return None if default is None else _Placed(How.DEFAULT, default, NONE)


async def _by_mx(plans: Plans, domain: Domain, exchangers: Exchangers) -> _Placed | None:
    """
    The first host rule that matches the most preferred exchanger that any matches.

    Raises:
        DNSUnavailable: the exchangers are not known now. It is no reason to say that the name is not ours, nor to give
            out the default plan to one that is.
    """
    if not plans.rules or plans.rule_for(domain):  # one of our hosts: its MX says nothing about it
        return None
    answer = await exchangers.of(domain)
    if answer.temporary:
        raise DNSUnavailable(f"the MX of {domain} {answer.status}; see `mx_nameservers`, `mx_timeout`, `mx_budget`")
    for _, host in answer.hosts:
        exchanger = Domain(host)
        if matched := plans.rule_for(exchanger):
            rule, params = matched
            return _Placed(How.MX, rule.plan, params, exchanger)
    return None
