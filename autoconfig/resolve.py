"""
Which plan answers: the one place with policy.

In this order: the row of the mail domain; a host rule that matches the asked host; the default plan. A name that was
ended is unknown, whatever a rule or a default would say: the operator said that it is not ours.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import PlanUnusable, UnknownDomain
from autoconfig.mail.params import NONE

if TYPE_CHECKING:
    from autoconfig.mail.bound import BoundPlan
    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.timeline import Finder
    from autoconfig.plans import Plans


class How(StrEnum):
    """What led to the plan."""

    ROW = "row"
    """The mapping has a row of the domain."""
    HOST_RULE = "host rule"
    """The host that was asked is one of the provider's own."""
    DEFAULT = "default plan"


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
    """The id of the row, where a row led here."""
    until: int | None
    """Unix seconds from which another row of the name holds, if one is scheduled."""


async def resolve(
    finder: Finder,
    plans: Plans,
    mail_domain: Domain | None,
    asked: Domain | None,
    now: float,
    default: str | None = None,
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

    Raises:
        UnknownDomain: nobody here answers for it.
        PlanUnusable: the plan is missing, or the params or the domain do not make an account of it.
        MappingUnavailable: the mapping cannot be asked.
    """
    domain = mail_domain or asked
    if domain is None:
        raise UnknownDomain("neither an address nor the host says which domain is meant")
    timeline = await finder.find(domain)
    row, later = timeline.at(now), timeline.next_after(now)
    if row is not None and row.plan is not None:
        how, plan, params = How.ROW, row.plan, row.params
    elif row is None and (found := _without_row(plans, asked, default)):
        how, plan, params = found
    else:
        raise UnknownDomain(f"{domain} is not ours")
    try:
        bound = plans.bind(plan, params)
        bound.check(domain)
    except PlanUnusable as error:
        if how is How.DEFAULT and error.param is None and plan in plans.plans:
            raise UnknownDomain(f"{domain} does not fit the default plan") from error
        raise error.found_at(domain.name, row.id if row else None) from None
    if how is How.HOST_RULE and mail_domain is None and bound.needs_domain:
        raise UnknownDomain(f"{domain} is one of our hosts, and its plan depends on the mail domain")
    return Resolution(domain, plan, params, bound, how, row.id if row else None, later.valid_from if later else None)


async def is_ours(finder: Finder, plans: Plans, name: Domain, now: float) -> bool:
    """
    Whether a row or a host rule speaks for the name now; a default plan does not count.

    Raises:
        MappingUnavailable: the mapping cannot be asked.
    """
    row = (await finder.find(name)).at(now)
    return row.plan is not None if row else plans.rule_for(name) is not None


def _without_row(plans: Plans, asked: Domain | None, default: str | None) -> tuple[How, str, str] | None:
    """What speaks for a name that no row speaks for: a host rule, else the default plan."""
    if asked is not None and (matched := plans.rule_for(asked)):
        rule, params = matched
        return How.HOST_RULE, rule.plan, params
    return None if default is None else (How.DEFAULT, default, NONE)
