"""The history of a name: every row that was ever written, and what became of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig.mapping.clocks import now_for

if TYPE_CHECKING:
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.timeline import Timeline

MOST_ROWS = 200
"""Rows of a name that are shown; a name with more of them is changed by a program."""


class RowState(StrEnum):
    """What a row is now."""

    NOW = "now"
    """It holds now."""
    SCHEDULED = "scheduled"
    PAST = "past"
    """It held, until another one took its place."""
    REPLACED = "replaced"
    """A later row begins at the same time, so it holds no more, or never will."""


def history(timeline: Timeline[Record], now: int) -> list[tuple[RowState, Record]]:
    """
    The newest `MOST_ROWS` rows, the last written first; `now` is in Unix seconds.

    Rows of a query are not among them: they have no history.
    """
    now = now_for(timeline, now)
    holding = timeline.at(now)
    last = {row.valid_from: row.id for row in timeline.rows}  # sorted by id within the same time

    def state_of(row: Record) -> RowState:
        if row is holding:
            return RowState.NOW
        if last[row.valid_from] != row.id:
            return RowState.REPLACED
        return RowState.SCHEDULED if row.valid_from > now else RowState.PAST

    written = sorted((row for row in timeline.rows if row.id), key=lambda row: row.id, reverse=True)
    return [(state_of(row), row) for row in written[:MOST_ROWS]]


def ended_by(timeline: Timeline[Record], now: int) -> Record | None:
    """The row that ended a domain, if it is ended; `now` is in Unix seconds."""
    row = timeline.at(now_for(timeline, now))
    return row if row is not None and row.plan is None and row.id else None
