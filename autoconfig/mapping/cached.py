"""
Reads a mapping over the network, through a cache that the source keeps up to date.

What was asked once is answered from memory, at once and for as long as the process lives: every second the rows that
were appended meanwhile are merged into it, and later rows take effect by themselves. So nothing is ever served that is
older than the last look, and while the database is gone everything that was asked before is served on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.cache import KNOWN, REMEMBERED, UNKNOWN, TimelineCache, merged
from autoconfig.mapping.sources.source import digest_of
from autoconfig.mapping.timeline import NOTHING, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.position import PositionFile
    from autoconfig.mapping.sources.source import Position, Source
    from autoconfig.mapping.timeline import Row

BATCH = 500
"""Rows merged at a time: a few milliseconds, between which requests are answered."""

FLIGHTS = 2000
"""Names asked for at the same time; more are told to come back."""

_log = logging.getLogger("autoconfig")


class _Flight:
    """A question under way, and the rows of its name that were appended since it was put."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.answer: asyncio.Task[Timeline[Row]] | None = None


class CachedFinder:
    """A `Finder` over a source that tells of its changes."""

    def __init__(
        self,
        source: Source,
        *,
        known: int = KNOWN,
        unknown: int = UNKNOWN,
        kept: PositionFile | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """
        Nothing is asked before `start`.

        Args:
            source: the database.
            known: names with rows that are kept; the one that was not asked for longest goes first.
            unknown: names without rows that are kept.
            kept: where this node remembers how far it has seen.
            clock: Unix seconds.
        """
        self._source, self._kept, self._clock = source, kept, clock
        self._cache = TimelineCache(known, unknown)
        self._flights: dict[str, _Flight] = {}
        self._answers: set[asyncio.Task[Timeline[Row]]] = set()
        self._position: Position | None = None
        self._looked = time.monotonic()
        self._latest = clock()
        self._missed = 0

    @property
    def _seen(self) -> Position:
        if self._position is None:
            raise RuntimeError("start() was not awaited")
        return self._position

    async def start(self) -> None:
        """See `Finder`."""
        before = self._kept.read() if self._kept else None
        found = await self._source.start(before)
        replaced = not found.follows(before)
        if before and before.row and not replaced:
            replaced = await self._row(before) != before.row
        if replaced:
            _log.warning("the mapping has another history than the one that this node has seen before")
        self._anew(found._replace(row=await self._row(found)))
        self._keep(replaced=replaced)

    def find_now(self, name: Domain) -> Timeline[Row] | None:
        """See `Finder`. `None`: the name is not in memory."""
        return self._cache.get(name.name)

    async def find(self, name: Domain) -> Timeline[Row]:
        """See `Finder`. A name that is in memory is answered without suspending."""
        timeline = self._cache.get(name.name)
        return await self._asked(name.name) if timeline is None else timeline

    async def in_use(self, plans: frozenset[str]) -> frozenset[str]:
        """See `Finder`. Reads the whole table, on the server."""
        return await self._source.in_use(plans, int(self._clock())) if plans else plans

    async def watch(self) -> None:
        """See `Finder`: merge what was appended; where the history was replaced, forget everything."""
        started, position = time.monotonic(), await self._source.look(self._seen)
        if not position.follows(self._seen):
            self._replaced(position)
        self._see_clock()
        while True:
            # The last row that was seen comes first. A primary that lost it may have given its id to another one since.
            seen = self._seen
            changes = await self._source.rows_after(max(seen.last_id - 1, 0), BATCH + 1, seen)
            if changes.state.position.generation != seen.generation:
                break  # the next look will tell
            if seen.row is not None and seen.row != _row_of(seen, changes.rows):
                self._replaced(changes.state.position)
                continue
            self._merge(changes.rows)
            if self._seen.last_id in (seen.last_id, position.last_id):
                break  # nothing is left
        self._looked = started
        self._keep(replaced=False)

    def gauges(self) -> Mapping[str, float]:
        """See `Finder`."""
        return {
            "cache_known_names": self._cache.known,
            "cache_unknown_names": self._cache.unknown,
            "cache_hits": self._cache.hits,
            "cache_misses": self._missed,
            "mapping_age_seconds": time.monotonic() - self._looked,
            "mapping_last_id": self._position.last_id if self._position else 0,
        }

    async def close(self) -> None:
        """See `Finder`."""
        if self._kept and self._position:
            self._kept.keep(self._position, at_once=True)
        for answer in self._answers:
            answer.cancel()
        await asyncio.gather(*self._answers, return_exceptions=True)
        await self._source.close()

    async def _row(self, position: Position) -> str | None:
        """A digest of the row that stands at a position now."""
        if not position.last_id:
            return None
        return _row_of(position, (await self._source.rows_after(position.last_id - 1, 1, position)).rows)

    def _replaced(self, position: Position) -> None:
        _log.warning("the history of the mapping was replaced; everything is asked for anew")
        self._anew(position)
        self._keep(replaced=True)

    def _see_clock(self) -> None:
        """Where the clock is set back by more than rows are kept for, those that hold now may have been let go."""
        now = self._clock()
        if now < self._latest - REMEMBERED:
            _log.warning("the clock was set back by more than a day; everything is asked for anew")
            self._forget()
            self._latest = now
        self._latest = max(now, self._latest)

    def _forget(self) -> None:
        """Begin with an empty memory. Questions under way are answered to those who wait, and not kept."""
        self._cache.clear()
        self._flights = {}

    def _anew(self, position: Position) -> None:
        """Begin with another history."""
        self._forget()
        self._position = position
        self._looked = time.monotonic()

    def _keep(self, *, replaced: bool) -> None:
        if self._kept and replaced:
            self._kept.replace(self._seen)
        elif self._kept:
            self._kept.keep(self._seen)

    async def _asked(self, name: str) -> Timeline[Row]:
        """What the source says, asked once for all who wait; it is asked on when one of them goes away."""
        self._missed += 1
        flight = self._flights.get(name)
        if flight is None or flight.answer is None:
            if len(self._answers) >= FLIGHTS:
                raise MappingUnavailable(f"{FLIGHTS} names are being asked for already")
            flight = self._flights[name] = _Flight()
            flight.answer = asyncio.get_running_loop().create_task(self._ask(name, flight, self._flights))
            self._answers.add(flight.answer)
            flight.answer.add_done_callback(self._told)
        return await asyncio.shield(flight.answer)

    async def _ask(self, name: str, flight: _Flight, flights: dict[str, _Flight]) -> Timeline[Row]:
        seen = self._seen
        try:
            found = await self._source.rows_of(name, int(self._clock()) - REMEMBERED, seen)
            # The answer knows all that was seen when the question was put, and what was merged since then is added:
            # with later changes it will be complete for ever.
            rows = merged(found.rows, flight.rows, self._clock())
            if flights is not self._flights or found.state.position.generation != self._seen.generation:
                return Timeline(rows) if rows else NOTHING
            return self._cache.put(name, rows)
        finally:
            del flights[name]

    def _merge(self, rows: Sequence[tuple[str, Row]]) -> None:
        now, flights = self._clock(), self._flights
        for name, row in rows:
            self._cache.merge(name, row, now)
            if flights and (flight := flights.get(name)):
                flight.rows.append(row)
        if rows:
            name, row = rows[-1]
            self._position = self._seen._replace(last_id=row.id, row=digest_of(name, row))

    def _told(self, answer: asyncio.Task[Timeline[Row]]) -> None:
        self._answers.discard(answer)
        if not answer.cancelled():
            answer.exception()  # was told to whoever still waited


def _row_of(position: Position, rows: Sequence[tuple[str, Row]]) -> str | None:
    """A digest of the row at a position, if it is the first of these."""
    return digest_of(*rows[0]) if rows and rows[0][1].id == position.last_id else None
