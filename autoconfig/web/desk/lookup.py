"""Look up an address or the beginning of a domain's name, for the desk's page."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.dns.factory import open_mx_lookups
from autoconfig.errors import AutoconfigError, UnknownDomain
from autoconfig.explain.explanation import Explanation, Facts
from autoconfig.explain.last_findings import last_result
from autoconfig.mapping.local_reading import as_records, local_reading
from autoconfig.mapping.timeline import Timeline
from autoconfig.web.desk.sheet import DeskAnswer, DeskUnknown
from autoconfig.web.microsoft import document_url
from autoconfig.web.pages.repair import repaired

if TYPE_CHECKING:
    from autoconfig.dns.mx_answer import MXAnswer
    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.timeline import Row
    from autoconfig.plans import Plans
    from autoconfig.resolver import Resolution
    from autoconfig.settings import Settings
    from autoconfig.web.executor import BoundedExecutor
    from autoconfig.web.pages.address_input import AddressInput
    from autoconfig.web.services import Services

MOST_NAMES = 20
"""Names that a search shows."""
_BEGINNING = re.compile(r"[a-z0-9][a-z0-9._-]{0,252}")


class FoundName(NamedTuple):
    """A name that a search found."""

    name: str
    plan: str | None
    """The plan now; `None` if the domain ended, or has not begun."""


class FoundNames(NamedTuple):
    """The result of a search."""

    names: list[FoundName]
    has_more: bool


async def look_up(services: Services, executor: BoundedExecutor, typed: AddressInput) -> DeskAnswer | DeskUnknown:
    """
    Find what answers for an address, and everything that the desk shows about it.

    Raises:
        Overloaded: too many requests at the desk wait.
        MappingUnavailable, ConfigurationInvalid: the local file of the mapping cannot be read.
    """
    domain, now, plans = typed.domain, int(time.time()), services.plans.current
    found: Resolution | AutoconfigError
    try:
        found = await services.resolver.resolve(domain, domain, now)
    except AutoconfigError as error:
        found = error
    exchangers = await _exchangers(services, domain)
    name = domain if isinstance(found, AutoconfigError) else found.row_of or domain
    queried = None if services.settings.query is None else await _queried(services, name)
    return await executor.run(_put_together, services.settings, plans, typed, found, exchangers, name, queried)


def _put_together(
    settings: Settings,
    plans: Plans,
    typed: AddressInput,
    found: Resolution | AutoconfigError,
    exchangers: MXAnswer,
    name: Domain,
    queried: Timeline[Row] | None,
) -> DeskAnswer | DeskUnknown:
    now = int(time.time())
    if queried is None:
        with local_reading(settings.database, settings.state_dir) as reading:
            timeline = reading.timeline(name.name)
    else:
        timeline = as_records(name, queried, now)
    last = last_result(settings.state_dir, typed.domain.name)
    if isinstance(found, AutoconfigError):
        is_known = isinstance(found, UnknownDomain)
        reason = found.reason if isinstance(found, UnknownDomain) else str(found)
        return DeskUnknown(typed.domain, reason, is_known, timeline, exchangers, last, settings.timezone, now)
    facts = Facts(found, timeline, exchangers, last, None)
    outlook_url = document_url(found, settings.public_url)
    return DeskAnswer.of(Explanation.of(settings, plans, facts, typed.address, outlook_url, now))


async def _exchangers(services: Services, domain: Domain) -> MXAnswer:
    """Where the mail goes, also if the settings place no domain by its MX."""
    if services.mx_lookups is not None:
        return await services.mx_lookups.of(domain)
    lookups = open_mx_lookups(services.settings)
    try:
        return await lookups.of(domain)
    finally:
        await lookups.close()


async def _queried(services: Services, name: Domain) -> Timeline[Row]:
    try:
        return await services.finder.find(name)
    except AutoconfigError:  # `found` has the reason
        return Timeline(())


def beginning_of(typed: str) -> str | None:
    """The beginning of a domain's name that was typed, in lower case; `None` if it cannot be one."""
    beginning = repaired(typed[:300]).rpartition("@")[2].lower()
    return beginning if _BEGINNING.fullmatch(beginning) else None


def search(settings: Settings, beginning: str) -> FoundNames:
    """
    The first names that begin so. It reads a few rows, however many there are: call it in a thread.

    Raises:
        MappingUnavailable, ConfigurationInvalid: the local file of the mapping cannot be read.
    """
    with local_reading(settings.database, settings.state_dir) as reading:
        names = reading.names_from(beginning, MOST_NAMES + 1)
        now = int(time.time())
        shown = [FoundName(name, reading.plan_of(name, now)) for name in names[:MOST_NAMES]]
    return FoundNames(shown, len(names) > MOST_NAMES)
