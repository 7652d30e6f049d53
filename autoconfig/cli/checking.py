"""Check rows against plans, before they are written and after."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.cli.read_only import prospect
from autoconfig.errors import Fault, InputInvalid, PlansInvalid, PlanUnusable
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import EXCHANGER, encode
from autoconfig.mail.pattern import DOMAIN
from autoconfig.mapping.clocks import now_for
from autoconfig.plans import read_file
from autoconfig.resolver import Policy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.mail.host_rule import HostRule
    from autoconfig.mapping.lookup.listing import QueryReading
    from autoconfig.mapping.store import Reading
    from autoconfig.plans import Plans
    from autoconfig.settings import Settings


def check_row(plans: Plans, name: Domain, plan: str, params: str) -> None:
    """
    Check that a row that somebody typed makes an account.

    Raises:
        InputInvalid: it does not.
    """
    try:
        plans.check(name, plan, params)
    except PlanUnusable as error:
        known = f"; plans are {', '.join(plans.plans)}" if plan not in plans.plans else ""
        raise InputInvalid(f"{name}: {error}{known}; nothing was written") from error


def read_served(settings: Settings) -> Plans:
    """
    Read plans.toml as a server does that starts with these settings.

    Raises:
        PlansInvalid: it has faults, or the settings want plans of it that it does not have.
    """
    plans = read_file(settings.plans)
    if faults := Policy.of(settings).faults(plans):
        raise PlansInvalid(str(settings.plans), faults)
    return plans


def query_warnings(looked: Reading | QueryReading, plans: Plans) -> list[Fault]:
    """
    Warn of what a query may do although some names then get no answer; no warnings if the mapping is our own table.

    Raises:
        MappingUnavailable, SettingsInvalid: the query cannot be run.
    """
    if not isinstance(looked, _query_reading()):
        return []
    looked.check()
    found = undeclared(looked.columns, plans)
    if not looked.can_list:
        found.append(Fault("query", "its rows were not checked", "set query_all, a query for all names, to check them"))
    return found


def undeclared(columns: Sequence[str], plans: Plans) -> list[Fault]:
    """Warn of each column of a query that is a param of no plan."""
    declared = {param for plan in plans.plans.values() for param in plan.params}
    return [
        Fault(
            "query", f"its column {column!r} is a param of no plan", "leave it out, or declare it in the plan's params"
        )
        for column in columns
        if column not in {*declared, EXCHANGER}
    ]


def unsigned(settings: Settings, plans: Plans) -> list[Fault]:
    """Warn of each way to a plan by which profiles are not signed although a key for profiles is set."""
    if settings.profile_key is None:
        return []
    found = [
        Fault(
            f"host[{number}]",
            f"profiles are not signed: the plan {rule.plan!r} has {{domain}} in a host, so strangers could choose it",
            "name your own hosts in the plan, or give the domains rows",
        )
        for number, rule in enumerate(plans.rules, 1)
        if _names_domain(plans, rule)
    ]
    if settings.default_plan is not None:
        remedy = "give your domains rows; any domain in the world is on this plan"
        found.append(Fault("default_plan", "profiles of this plan are not signed", remedy))
    return found


def _names_domain(plans: Plans, rule: HostRule) -> bool:
    """Whether a host of the rule's plan has `{domain}` in it, whatever the groups of the rule match."""
    try:
        return plans.bind(rule.plan, encode(dict.fromkeys(rule.groups, "group.invalid"))).host_names_domain
    except PlanUnusable:  # a group is only a part of a name
        hosts = [server.host for server in plans.get(rule.plan).servers]
        return any(DOMAIN in host.names for host in hosts)


ALIKE = 5
"""How many rows with the same problem are shown one by one."""


class Unfit(NamedTuple):
    """A row that holds now or is scheduled, and that does not make an account."""

    id: int | None
    """`None` if another program's database has it."""
    name: str | None
    plan: str | None
    param: str | None
    problem: str
    sentence: str

    def __str__(self) -> str:
        """The row and its problem."""
        row = f"row {self.id} of {self.name}" if self.id is not None else self.name
        return f"{row}: {self.sentence}" if row else self.sentence


def summed_up(unfit: Sequence[Unfit]) -> Iterator[str]:
    """A line for each row; of rows with the same problem the first `ALIKE`, and how many more there are."""
    alike: dict[tuple[str | None, str | None, str], list[Unfit]] = {}
    for row in unfit:
        alike.setdefault((row.plan, row.param, row.problem), []).append(row)
    for rows in alike.values():
        yield from map(str, rows[:ALIKE])
        if (more := len(rows) - ALIKE) > 0:
            yield f"… and {more} more {'row' if more == 1 else 'rows'} with the same problem; --json lists them"


def unfit_rows(looked: Reading | QueryReading, plans: Plans) -> Iterator[Unfit]:
    """All rows that do not fit their plan, as far as they can be listed."""
    queried = looked if isinstance(looked, _query_reading()) else None
    if queried is not None and not queried.can_list:
        return
    clock = int(time.time())
    for name, timeline in looked.timelines():
        now = now_for(timeline, clock)
        for record in [timeline.at(now), *prospect(timeline, now)]:
            if record is not None and record.plan is not None:
                try:
                    plans.bind(record.plan, record.params).check_row(Domain(name))
                except PlanUnusable as error:
                    yield Unfit(record.id or None, name, error.plan, error.param, error.problem, str(error))
    for fault in queried.faults if queried else ():
        yield Unfit(None, fault.domain, None, fault.column, fault.problem, fault.sentence)


def _query_reading() -> type[QueryReading]:
    from autoconfig.mapping.lookup.listing import QueryReading

    return QueryReading
