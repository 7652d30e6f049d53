"""Bring the mapping to the state of a CSV file: compare every name, and append a row where they differ."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import DatabaseForeign, Refused
from autoconfig.mail.params import NONE, readable
from autoconfig.mapping.clocks import now_for
from autoconfig.mapping.progress import counted, silent
from autoconfig.mapping.sheet import Step
from autoconfig.mapping.store import Change

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from autoconfig.mapping.progress import OnProgress
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.sheet import Sheet, Steps, Wanted
    from autoconfig.mapping.store import Journal, Writing
    from autoconfig.mapping.timeline import Timeline

PERCENT = 5
"""The share of all names that `delete` may end without `max_ends`."""

FEW = 10
"""The number of names that `delete` may always end."""


class Difference(NamedTuple):
    """The rows that bring the mapping to the state of the file, and counts for the operator."""

    steps: Steps
    """
    In the order of their ids: changes and ends by name, then the names without any row in the order of the file. They
    are gone when the sheet is closed.
    """
    added: int
    """Names without a plan at the time from which the file wants them."""
    changed: int
    ended: int
    unchanged: int
    """Names of the file that need no row."""
    current: int
    """Names that have a plan now, before anything is written."""
    coming_back: Sequence[Record] = ()
    """With `delete`: scheduled rows that will bring back names that are missing in the file."""


def sync(
    journal: Journal,
    sheet: Sheet,
    now: int,
    *,
    delete: bool = False,
    max_ends: int | None = None,
    dry_run: bool = False,
    on_progress: OnProgress = silent,
) -> Difference:
    """
    Bring the mapping to the state of the sheet, in one transaction. With `dry_run`, only compute the difference.

    Progress is in names.

    Raises:
        Refused: `delete` would end more names than `max_ends` (without it: than `FEW` and `PERCENT`). Nothing was
            written.
        MappingUnavailable: the database cannot be read, or another writer does not finish.
    """
    if dry_run:
        with journal.reading() as reading:
            found = difference(reading.timelines(), sheet, now, delete=delete, on_progress=on_progress)
        _guard(found, max_ends)
        return found
    with journal.writing() as writing:
        found = difference(writing.timelines(), sheet, now, delete=delete, on_progress=on_progress)
        _guard(found, max_ends)
        apply(writing, found, on_progress)
    if len(found.steps):
        journal.settle()
    return found


def difference(
    timelines: Iterable[tuple[str, Timeline[Record]]],
    sheet: Sheet,
    now: int,
    *,
    delete: bool = False,
    on_progress: OnProgress = silent,
) -> Difference:
    """
    Compare the mapping, name by name, with the sheet.

    A line that begins now or in the past describes the current state; a later one describes the state at that time.
    With `delete`, names that have a plan now and are missing in the sheet are ended. Names that only get a plan later
    are left alone.
    """
    steps = sheet.steps(now)
    coming_back: list[Record] = []
    added = changed = ended = unchanged = current = 0
    for name, timeline, line in _both(timelines, counted(sheet.by_name(), on_progress, "comparing", len(sheet))):
        if timeline is None:
            if line is not None:
                steps.put_new(line[0])
                added += 1
            continue
        moment = now_for(timeline, now)
        holds = timeline.at(moment)
        ours = holds is not None and holds.plan is not None
        current += ours
        if line is not None:
            step = _step(timeline, line[1], moment, has_notes=sheet.has_notes)
            if step is None:
                unchanged += 1
                continue
            steps.put(step)
            is_new = step.before is None or step.before.plan is None
            added, changed = added + is_new, changed + (not is_new)
        elif delete:
            if ours:
                steps.put(Step(holds, Change(name, moment, None, NONE, at_once=True)))
                ended += 1
            later = timeline.next_after(moment)
            if later is not None and later.plan is not None:
                coming_back.append(later)
    return Difference(steps, added, changed, ended, unchanged, current, coming_back)


def _both(
    timelines: Iterable[tuple[str, Timeline[Record]]], lines: Iterator[tuple[int, Wanted]]
) -> Iterator[tuple[str, Timeline[Record] | None, tuple[int, Wanted] | None]]:
    """
    Each name of the mapping or the file with its rows and its line, in the order of the names.

    Raises:
        DatabaseForeign: the database sorts names in another way. Names would seem to be missing.
    """
    line, last = next(lines, None), ""
    for name, timeline in timelines:
        if name <= last:
            problem = f"the database sorts {name!r} after {last!r}"
            raise DatabaseForeign(f"{problem}: give the column the collation that `db upgrade` gives it")
        last = name
        while line is not None and line[1].name < name:
            yield line[1].name, None, line
            line = next(lines, None)
        if line is not None and line[1].name == name:
            yield name, timeline, line
            line = next(lines, None)
        else:
            yield name, timeline, None
    while line is not None:
        yield line[1].name, None, line
        line = next(lines, None)


def apply(writing: Writing, found: Difference, on_progress: OnProgress = silent) -> None:
    """Append the rows."""
    writing.append(step.change for step in counted(found.steps, on_progress, "writing", len(found.steps)))


def _step(timeline: Timeline[Record], wanted: Wanted, now: int, *, has_notes: bool) -> Step | None:
    """The row that an existing name needs; `None` if its current row already says what is wanted."""
    asked = now if wanted.valid_from is None else wanted.valid_from
    before = timeline.at(max(asked, now))
    if before is not None and _says(before, wanted, has_notes=has_notes):
        return None
    if asked < now and before is not None and asked <= before.valid_from:
        asked = now  # an earlier row would be hidden by the one that holds now
    at_once = wanted.valid_from is None or asked == now
    return Step(before, Change(wanted.name, asked, wanted.plan, wanted.params, wanted.note, at_once))


def _says(record: Record, wanted: Wanted, *, has_notes: bool) -> bool:
    return (
        record.plan == wanted.plan
        and (record.params == wanted.params or _filled(record.params) == _filled(wanted.params))
        and (not has_notes or (record.note or None) == wanted.note)
    )


def _filled(params: str) -> dict[str, str]:
    """The params as a CSV can express them: an empty cell means that there is no value."""
    return {name: value for name, value in readable(params).items() if value}


def _guard(found: Difference, max_ends: int | None) -> None:
    limit = max(FEW, found.current * PERCENT // 100) if max_ends is None else max_ends
    if found.ended <= limit:
        return
    names = list(itertools.islice((step.change.name for step in found.steps if step.change.plan is None), 4))
    shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    raise Refused(
        f"--delete would end {found.ended} of {found.current} names ({shown}), the limit is {limit}; nothing was "
        f"written. If they are to end, say --max-ends {found.ended}"
    )
