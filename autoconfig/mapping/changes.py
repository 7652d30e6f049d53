"""What `set`, `end` and `undo` append for one name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import Refused
from autoconfig.mail.params import NONE
from autoconfig.mapping.journal import Change
from autoconfig.mapping.timeline import Timeline

if TYPE_CHECKING:
    from autoconfig.mapping.journal import Writing
    from autoconfig.mapping.schema import Record


class Outcome(NamedTuple):
    """What a command did to a name: the row that held before, and the one that will hold after."""

    before: Record | None
    after: Record | None
    """`None`: nothing had to be written."""
    later: Record | None
    """A row that was scheduled already and will replace `after`."""


def put(writing: Writing, change: Change) -> Outcome:
    """Append the row, unless the one that holds at that time says the same."""
    timeline = writing.timeline(change.name)
    before = timeline.at(change.valid_from)
    if before is not None and says(before) == (change.plan, change.params, change.note):
        return Outcome(before, None, timeline.next_after(change.valid_from))
    return Outcome(before, writing.append_one(change), timeline.next_after(change.valid_from))


def end(writing: Writing, name: str, valid_from: int, note: str | None = None) -> Outcome:
    """
    The name is not ours from `valid_from` on.

    Raises:
        Refused: it is not ours at that time.
    """
    timeline = writing.timeline(name)
    before = timeline.at(valid_from)
    if before is None or before.plan is None:
        raise Refused(f"{name} has no row to end at that time; see `autoconfig mapping history {name}`")
    after = writing.append_one(Change(name, valid_from, None, NONE, note))
    return Outcome(before, after, timeline.next_after(valid_from))


def undo(writing: Writing, name: str, now: int) -> Outcome:
    """
    Take the newest change of the name back, by one more row: from now on, or from when it would have begun, the name
    is what it would be without that change. A second undo brings the change back.

    Raises:
        Refused: the name never had a row.
    """
    timeline = writing.timeline(name)
    if not timeline.rows:
        raise Refused(f"{name} has no row; there is nothing to undo")
    newest = max(timeline.rows, key=lambda record: record.id)
    moment = max(newest.valid_from, now)
    without = Timeline([record for record in timeline.rows if record is not newest]).at(moment)
    plan, params, note = says(without) if without else (None, NONE, None)
    before = timeline.at(moment)
    after = writing.append_one(Change(name, moment, plan, params, note))
    return Outcome(before, after, timeline.next_after(moment))


def says(record: Record) -> tuple[str | None, str, str | None]:
    """What a row decides, without when and by whom."""
    return record.plan, record.params, record.note
