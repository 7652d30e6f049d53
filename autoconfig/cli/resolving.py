"""Find what answers for a domain as the server does, for commands."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.cli.read_only import ReadingFinder
from autoconfig.dns.factory import open_mx_lookups
from autoconfig.errors import DNSUnavailable, UnknownDomain
from autoconfig.mapping.finder_factory import open_finder
from autoconfig.resolver import FixedPlans, Policy, Resolver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from autoconfig.dns.lookups import MXLookups
    from autoconfig.dns.mx_answer import MXAnswer
    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.lookup.listing import QueryReading
    from autoconfig.mapping.store import Reading
    from autoconfig.plans import Plans
    from autoconfig.resolver import Resolution
    from autoconfig.settings import Settings


class Asked(NamedTuple):
    """What a client asks: the parameters of `Resolver.resolve`."""

    domain: Domain
    asked: Domain | None
    by_exchanger: bool = False


async def resolution_of(
    settings: Settings,
    plans: Plans,
    question: Asked,
    mx_lookups: MXLookups,
    reading: Reading | QueryReading,
) -> Resolution:
    """
    Decide what answers now by the rows of `reading`; a query is run as the server runs it.

    Raises:
        AutoconfigError: as `Resolver.resolve`.
    """
    queried, used = settings.query is not None, mx_lookups if settings.mx else None
    finder = open_finder(settings.database, settings.state_dir, settings) if queried else ReadingFinder(reading)
    try:
        await finder.start()
        resolver = Resolver(finder, FixedPlans(plans), Policy.of(settings), used)
        domain, asked, by_exchanger = question
        return await resolver.resolve(domain, asked, time.time(), by_exchanger=by_exchanger)
    finally:
        await finder.close()


@contextlib.asynccontextmanager
async def mx_lookups_of(settings: Settings) -> AsyncIterator[MXLookups]:
    """Look up where mail goes, until the end of the block."""
    mx_lookups = open_mx_lookups(settings)
    try:
        yield mx_lookups
    finally:
        await mx_lookups.close()


async def answer_and_exchangers(
    settings: Settings, plans: Plans, question: Asked, reading: Reading | QueryReading
) -> tuple[Resolution | UnknownDomain | DNSUnavailable, MXAnswer]:
    """What answers, or why nothing does; and where the mail goes, which is looked up once."""
    async with mx_lookups_of(settings) as mx_lookups:
        try:
            found = await resolution_of(settings, plans, question, mx_lookups, reading)
        except (UnknownDomain, DNSUnavailable) as error:
            return error, await mx_lookups.of(question.domain)
        return found, await mx_lookups.of(question.domain)
