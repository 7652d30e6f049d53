"""
Timelines in memory, bounded: what a source that is asked over a network has answered.

Nothing here asks anybody, waits, or looks at a clock. Names that have rows and names that have none are bounded apart,
so that strangers' names push out no customer's.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from typing import TYPE_CHECKING

from autoconfig.mapping.timeline import NOTHING, Row, Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

KNOWN = 100_000
"""Names with rows that are kept unless said otherwise; each costs about 450 bytes."""

UNKNOWN = 20_000
"""Names without any row that are kept unless said otherwise; each costs about 250 bytes."""

NOTED = 8
"""Of so many answers one changes the order in which names go. Changing it for each would double what an answer costs;
a name that is asked for often is hardly ever missed, and as long as there is room no name goes."""

REMEMBERED = 86_400
"""Seconds for which rows that hold no more are kept, so that a clock that is set back finds the row of that time."""


class TimelineCache:
    """
    A bounded cache of timelines by name. Of each kind, the name goes first that was not asked for longest; that a name
    was asked for is noted with every eighth answer only, so the order is a rough one.

    Two kinds of sources use it. One that tells of each appended row calls `merge`, and its entries are always as good
    as the last row told of. One that tells of nothing gives `put` the moment of the answer, and `moment` tells how old
    an entry is; how long it may serve, and whether it serves on while the source is gone, is for the caller to say: an
    entry never leaves by age, only by being forgotten or pushed out.
    """

    __slots__ = ("_known", "_known_limit", "_moments", "_unknown", "_unknown_limit", "hits")

    def __init__(self, known: int = KNOWN, unknown: int = UNKNOWN) -> None:
        """Keep at most `known` names with rows and `unknown` names without; both at least 1."""
        self._known: OrderedDict[str, Timeline[Row]] = OrderedDict()
        self._unknown: OrderedDict[str, Timeline[Row]] = OrderedDict()
        self._known_limit, self._unknown_limit = known, unknown
        self._moments: dict[str, float] = {}
        self.hits = 0
        """How often `get` had an answer."""

    def get(self, name: str) -> Timeline[Row] | None:
        """The timeline of a name, `NOTHING` of one that is known to have no row, `None` of one that is not kept."""
        kept = self._known
        timeline = kept.get(name)
        if timeline is None:
            kept = self._unknown
            timeline = kept.get(name)
            if timeline is None:
                return None
        self.hits += 1
        if not self.hits % NOTED:
            kept.move_to_end(name)
        return timeline

    def moment(self, name: str) -> float | None:
        """The moment that `put` was given with the entry of this name; `None` where there is none."""
        return self._moments.get(name)

    def put(self, name: str, rows: Sequence[Row], moment: float | None = None) -> Timeline[Row]:
        """
        Keep what a source answered, in place of what was kept; an answer without rows makes the name an unknown one.

        `rows` are in order of (valid_from, id). Equal plans and params are kept once.
        """
        self.forget(name)
        timeline: Timeline[Row] = Timeline(tuple(map(_shared, rows))) if rows else NOTHING
        kept, limit = (self._known, self._known_limit) if rows else (self._unknown, self._unknown_limit)
        kept[name] = timeline
        if len(kept) > limit:
            gone, _ = kept.popitem(last=False)
            self._moments.pop(gone, None)
        if moment is not None:
            self._moments[name] = moment
        return timeline

    def merge(self, name: str, row: Row, now: float) -> None:
        """
        Apply a row that was appended: a name that is kept has it from now on, for another one nothing happens.

        The same row may be told of again. Rows that ceased to hold more than `REMEMBERED` seconds before `now` (Unix
        seconds) are let go.
        """
        timeline = self._known.get(name)
        if timeline is not None:
            self._known[name] = Timeline(merged(timeline.rows, (row,), now))
        elif name in self._unknown:
            moment = self._moments.get(name)
            self.put(name, (row,), moment)

    def forget(self, name: str) -> None:
        """Keep nothing of a name."""
        self._known.pop(name, None)
        self._unknown.pop(name, None)
        self._moments.pop(name, None)

    def clear(self) -> None:
        """Keep nothing: the source has another history."""
        self._known.clear()
        self._unknown.clear()
        self._moments.clear()

    @property
    def known(self) -> int:
        """How many names with rows are kept."""
        return len(self._known)

    @property
    def unknown(self) -> int:
        """How many names without rows are kept."""
        return len(self._unknown)


def merged(rows: Sequence[Row], more: Sequence[Row], now: float) -> tuple[Row, ...]:
    """
    The rows of one name after `more` were appended, in order of (valid_from, id), each once; without those that ceased
    to hold more than `REMEMBERED` seconds before `now`.
    """
    by_id = {row.id: row for row in rows}
    by_id.update((row.id, _shared(row)) for row in more)
    ordered = sorted(by_id.values(), key=lambda row: (row.valid_from, row.id))
    return tuple(ordered[_first_needed(ordered, now - REMEMBERED) :])


def _first_needed(ordered: Sequence[Row], time: float) -> int:
    """The place of the row that holds at `time`."""
    first = 0
    while first + 1 < len(ordered) and ordered[first + 1].valid_from <= time:
        first += 1
    return first


def _shared(row: Row) -> Row:
    """The row, with plan and params that are one object for all rows that have the same."""
    return Row(row.id, row.valid_from, row.plan and sys.intern(row.plan), sys.intern(row.params))
