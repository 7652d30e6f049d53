"""Every domain of the mapping with the plan and params that answer for it now."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from typing import TYPE_CHECKING

from autoconfig.cli.output import say
from autoconfig.cli.read_only import ReadingFinder
from autoconfig.cli.resolving import mx_lookups_of
from autoconfig.dns.names import is_public
from autoconfig.errors import DNSUnavailable, PlanUnusable, UnknownDomain
from autoconfig.mail.domain import Domain
from autoconfig.mapping.clocks import begins, now_for
from autoconfig.mapping.timeline import Row, Timeline
from autoconfig.resolver import FixedPlans, Policy, Resolver

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from autoconfig.mapping.lookup.listing import QueryReading
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.store import Reading
    from autoconfig.plans import Plans
    from autoconfig.results.domain_result import Listed
    from autoconfig.settings import Settings

BATCH = 500
"""Domains resolved in one turn."""
MOST_TOLD = 20
"""Domains left out that are named."""


class EveryDomain:
    """Lists domains; those that cannot be checked are left out, and counted by reason."""

    def __init__(self, settings: Settings, plans: Plans, reading: Reading | QueryReading, *, any_name: bool) -> None:
        """`any_name`: also names that the public DNS does not know."""
        self._settings, self._plans, self._reading, self._any_name = settings, plans, reading, any_name
        self._finder = _ListingFinder(reading)
        self._left_out = 0

    def listed(self, since: int | None) -> Iterator[tuple[Listed, bool]]:
        """Each domain, and whether its row changed since a time (Unix seconds); `None`: all changed."""
        timelines = self._reading.timelines()
        with asyncio.Runner() as runner:
            while batch := list(itertools.islice(timelines, BATCH)):
                yield from runner.run(self._checkable(batch, since))
        if self._left_out > MOST_TOLD:
            say(f"left out: {self._left_out - MOST_TOLD} more", err=True)

    async def _checkable(
        self, batch: Sequence[tuple[str, Timeline[Record]]], since: int | None
    ) -> list[tuple[Listed, bool]]:
        """Those that announce servers, and can be checked."""
        from autoconfig.results.domain_result import Listed

        kept = []
        async with contextlib.AsyncExitStack() as stack:
            mx = await stack.enter_async_context(mx_lookups_of(self._settings)) if self._settings.mx else None
            resolver = Resolver(self._finder, FixedPlans(self._plans), Policy.of(self._settings), mx)
            for name, timeline in batch:
                self._finder.current = name, timeline
                domain = Domain(name)
                try:
                    found = await resolver.resolve(domain, domain, time.time())
                except UnknownDomain:  # it ended, or has not begun
                    continue
                except (PlanUnusable, DNSUnavailable) as error:
                    self._leave_out(name, str(error))
                    continue
                if found.bound.redirect_url or found.bound.redirect_domain:
                    continue  # it moved away: its documents announce no server
                if not self._any_name and not is_public(found.domain):
                    self._leave_out(name, "the public DNS does not know such names; see --nameserver")
                    continue
                parent = found.row_of.name if found.row_of else ""
                changed = since is None or _changed(timeline) >= since
                kept.append((Listed(name, found.plan, found.params, parent), changed))
        return kept

    def _leave_out(self, name: str, why: str) -> None:
        self._left_out += 1
        if self._left_out <= MOST_TOLD:
            say(f"left out: {name}: {why}", err=True)


class _ListingFinder(ReadingFinder):
    """Knows the rows of the listed name already."""

    current: tuple[str, Timeline[Record]] = "", Timeline(())

    async def find(self, name: Domain) -> Timeline[Row]:
        """Return the rows of a name; those of the listed one are known."""
        listed, timeline = self.current
        if name.name != listed:
            return await super().find(name)
        return Timeline([Row(row.id, begins(row), row.plan, row.params) for row in timeline.rows])


def _changed(timeline: Timeline[Record]) -> int:
    """When what holds now began to hold, or was written down: whichever is later (Unix seconds)."""
    row = timeline.at(now_for(timeline, int(time.time())))
    return max(row.valid_from, row.recorded_at) if row else 0
