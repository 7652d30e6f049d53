"""
Which row is in effect when the clocks of machines differ.

A row that took effect when it was written is in effect from then on, whatever a clock says. Otherwise its name would be
unknown if this machine's clock is behind or the writer's was ahead. A scheduled row takes effect by the clock of the
machine that answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import Refused

if TYPE_CHECKING:
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.timeline import Timeline

SLACK = 2
"""
A row counts as taking effect at once if it was written at most this many seconds after `valid_from`. This release
writes equal times; earlier releases read the clock twice.
"""

APART = 60.0
"""Seconds by which two clocks may differ."""

BEGINS = f"CASE WHEN recorded_at - valid_from BETWEEN 0 AND {SLACK} THEN 0 ELSE valid_from END"
"""`begins` in SQL."""


def begins(record: Record) -> int:
    """When a row takes effect, in Unix seconds; 0 for one that took effect when it was written."""
    return 0 if 0 <= record.recorded_at - record.valid_from <= SLACK else record.valid_from


def now_for(timeline: Timeline[Record], now: int) -> int:
    """
    The time to use as the present for a name: `now`, or when its newest row with immediate effect was written, if that
    is later.
    """
    return max([now, *(record.valid_from for record in timeline.rows if begins(record) == 0)])


def check_clocks(place: str, server: float, here: float) -> None:
    """
    Check that the clocks of a database server and this machine agree; both in Unix seconds.

    Raises:
        Refused: they differ, so rows from this machine would take effect at the wrong time.
    """
    apart = here - server
    if abs(apart) > APART:
        how = "ahead of" if apart > 0 else "behind"
        raise Refused(
            f"{place}: this machine's clock is {abs(apart):.0f} s {how} the server's; nothing was written: set the "
            "clocks right (timedatectl shows whether this one is synchronized)"
        )


def ahead_of(clock: float, newest: int) -> str | None:
    """The problem if the newest row was written in the future of `clock`; both in Unix seconds."""
    if newest - clock <= APART:
        return None
    return (
        f"the newest row was written {newest - clock:.0f} s in the future: this machine's clock is behind, or the "
        "writer's was ahead; scheduled rows take effect by the clock of this machine"
    )
