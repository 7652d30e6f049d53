"""`mapping set`, `end` and `undo`: append one row for one name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import Refused
from autoconfig.mail.params import NONE
from autoconfig.mapping.clocks import now_for
from autoconfig.mapping.store import Change
from autoconfig.mapping.timeline import Timeline

if TYPE_CHECKING:
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.store import Writing


class Outcome(NamedTuple):
    """What a command did to a name: the row that held before, and the one that will hold after."""

    before: Record | None
    after: Record | None
    """`None`: nothing needed to be written."""
    later: Record | None
    """An already scheduled row that will replace `after`."""


def put(writing: Writing, change: Change) -> Outcome:
    """Append the row, unless the row in effect at that time says the same."""
    timeline = writing.timeline(change.name)
    if change.at_once:
        change = change._replace(valid_from=now_for(timeline, change.valid_from))
    before = timeline.at(change.valid_from)
    if before is not None and says(before) == (change.plan, change.params, change.note):
        return Outcome(before, None, timeline.next_after(change.valid_from))
    return Outcome(before, writing.append_one(change), timeline.next_after(change.valid_from))


def end(writing: Writing, name: str, valid_from: int, note: str | None = None, *, at_once: bool = False) -> Outcome:
    """
    Stop serving a name from `valid_from` on. With `at_once`, `valid_from` is the current time.

    Raises:
        Refused: the name has no plan at that time.
    """
    timeline = writing.timeline(name)
    if at_once:
        valid_from = now_for(timeline, valid_from)
    before = timeline.at(valid_from)
    if before is None or before.plan is None:
        raise Refused(f"{name} has no row to end at that time; see `autoconfig mapping history {name}`")
    after = writing.append_one(Change(name, valid_from, None, NONE, note, at_once))
    return Outcome(before, after, timeline.next_after(valid_from))


def undo(writing: Writing, name: str, now: int) -> Outcome:
    """
    Undo the newest change of a name by appending a row that restores the state before it.

    The row takes effect now, or when the undone change would have taken effect. A second undo redoes the change.

    Raises:
        Refused: the name never had a row.
    """
    timeline = writing.timeline(name)
    if not timeline.rows:
        raise Refused(f"{name} has no row; there is nothing to undo")
    newest = max(timeline.rows, key=lambda record: record.id)
    now = now_for(timeline, now)
    moment = max(newest.valid_from, now)
    without = Timeline([record for record in timeline.rows if record is not newest]).at(moment)
    plan, params, note = says(without) if without else (None, NONE, None)
    before = timeline.at(moment)
    after = writing.append_one(Change(name, moment, plan, params, note, at_once=moment == now))
    return Outcome(before, after, timeline.next_after(moment))


def says(record: Record) -> tuple[str | None, str, str | None]:
    """The plan, params and note of a row, without time and author."""
    return record.plan, record.params, record.note
