"""A mapping in memory, for tests and experiments."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING

from autoconfig.mapping.timeline import NOTHING, Row, Timeline, plan_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.mail.domain import Domain


class MemoryFinder:
    """A `Finder` over a dictionary."""

    def __init__(self, rows: Mapping[str, list[Row]] | None = None) -> None:
        """`rows` are keyed by name; each list may be in any order."""
        self._rows: defaultdict[str, list[Row]] = defaultdict(list, rows or {})

    def add(self, name: str, plan: str | None, params: str = "{}", valid_from: int = 0) -> Row:
        """Add a row with the next id."""
        row = Row(1 + sum(map(len, self._rows.values())), valid_from, plan, params)
        self._rows[name].append(row)
        return row

    async def find(self, name: Domain) -> Timeline[Row]:
        """Find the rows of a name."""
        return self._timeline(name.name)

    def settled(self, name: str, now: float) -> str | None:
        """As `Finder.settled`."""
        return plan_of(self._timeline(name).settled(now))

    def _timeline(self, name: str) -> Timeline[Row]:
        rows = self._rows.get(name)
        return Timeline.of(rows) if rows else NOTHING

    async def in_use(self, plans: frozenset[str]) -> frozenset[str]:
        """Find which of `plans` a current or scheduled row uses."""
        used: set[str | None] = set()
        now = int(time.time())
        for rows in self._rows.values():
            timeline = Timeline.of(rows)
            moment: int | None = now
            while moment is not None:
                row = timeline.at(moment)
                used.add(row.plan if row else None)
                later = timeline.next_after(moment)
                moment = later.valid_from if later else None
        return frozenset(plan for plan in plans if plan in used)

    async def start(self) -> None:
        """Do nothing: memory is always available."""

    async def watch(self) -> None:
        """Do nothing: memory is never replaced."""

    def stale(self) -> str | None:
        """Never stale."""
        return None

    def gauges(self) -> Mapping[str, float]:
        """No gauges."""
        return {}

    async def close(self) -> None:
        """Do nothing: there is nothing to release."""
