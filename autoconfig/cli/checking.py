"""Rows against plans: before they are written, and where they are already."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.cli.looking import prospect
from autoconfig.errors import Fault, InputInvalid, PlanUnusable, SettingsInvalid
from autoconfig.mail.domain import Domain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.mapping.journal import Reading
    from autoconfig.mapping.query.listing import QueryReading
    from autoconfig.plans import Plans
    from autoconfig.settings import Settings


def check_row(plans: Plans, name: Domain, plan: str, params: str) -> None:
    """
    See that what somebody typed makes an account.

    Raises:
        InputInvalid: it makes none.
    """
    try:
        plans.check(name, plan, params)
    except PlanUnusable as error:
        known = f"; plans are {', '.join(plans.plans)}" if plan not in plans.plans else ""
        raise InputInvalid(f"{name}: {error}{known}; nothing was written") from error


def check_default(plans: Plans, settings: Settings) -> None:
    """
    See that the default plan, if there is one, answers for a name without a row.

    Raises:
        SettingsInvalid: there is no such plan, or it requires a param.
    """
    default = settings.default_plan
    if default is None:
        return
    try:
        plans.check_default(default)
    except PlanUnusable as error:
        raise SettingsInvalid(
            f"default_plan = {default!r}: {error}; name one of {settings.plans} that requires no param"
        ) from error


def check_query_plans(plans: Plans, settings: Settings) -> None:
    """
    See that each plan that `query_plans` names is there.

    Raises:
        SettingsInvalid: one is not.
    """
    for value, key in (settings.query_plans or {}).items():
        if key and key not in plans.plans:
            raise SettingsInvalid(
                f"query_plans: {value!r} is on the plan {key!r}, and {settings.plans} has no such plan, only "
                f"{', '.join(plans.plans)}"
            )


def query_warnings(looked: Reading | QueryReading, plans: Plans) -> list[Fault]:
    """
    What is allowed in a query, but will keep some names from an answer; nothing where the mapping is a table of ours.

    Raises:
        MappingUnavailable, SettingsInvalid: the query cannot be put.
    """
    if not isinstance(looked, _query_reading()):
        return []
    looked.check()
    found = undeclared(looked.columns, plans)
    if not looked.can_list:
        found.append(
            Fault("query", "its rows were not checked", "a query for all names, query_all, lets them be checked")
        )
    return found


def undeclared(columns: Sequence[str], plans: Plans) -> list[Fault]:
    """A warning for each column of a query that is a param of no plan."""
    declared = {param for plan in plans.plans.values() for param in plan.params}
    return [
        Fault(
            "query", f"its column {column!r} is a param of no plan", "leave it out, or declare it in the plan's params"
        )
        for column in columns
        if column not in declared
    ]


class Unfit(NamedTuple):
    """A row that holds now or will hold, and does not make an account."""

    id: int | None
    """`None`: another program's database has it."""
    name: str | None
    plan: str | None
    param: str | None
    problem: str
    sentence: str

    def __str__(self) -> str:
        """Where it is, and what is wrong."""
        row = f"row {self.id} of {self.name}" if self.id is not None else self.name
        return f"{row}: {self.sentence}" if row else self.sentence


def unfit_rows(looked: Reading | QueryReading, plans: Plans) -> Iterator[Unfit]:
    """All that do not fit, as far as they can be listed."""
    queried = looked if isinstance(looked, _query_reading()) else None
    if queried is not None and not queried.can_list:
        return
    now = int(time.time())
    for name, timeline in looked.timelines():
        for record in [timeline.at(now), *prospect(timeline, now)]:
            if record is not None and record.plan is not None:
                try:
                    plans.bind(record.plan, record.params).check_row(Domain(name))
                except PlanUnusable as error:
                    yield Unfit(record.id or None, name, error.plan, error.param, error.problem, str(error))
    for fault in queried.faults if queried else ():
        yield Unfit(None, fault.domain, None, fault.column, fault.problem, fault.sentence)


def _query_reading() -> type[QueryReading]:
    from autoconfig.mapping.query.listing import QueryReading

    return QueryReading
