"""Makes the mapping say what a file says: compares every name, and appends a row where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, overload

from autoconfig.errors import Refused
from autoconfig.mail.params import NONE, decode
from autoconfig.mapping.journal import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from autoconfig.mapping.csvfile import Sheet, Wanted
    from autoconfig.mapping.journal import Journal, Writing
    from autoconfig.mapping.schema import Record
    from autoconfig.mapping.timeline import Timeline

PERCENT = 5
"""So much of the names `delete` ends without being told that so many are meant."""

FEW = 10
"""So many names are ended in any case."""

_STEP = 5000  # names between two calls of `advance`


class Step(NamedTuple):
    """One row that is to be written."""

    before: Record | None
    """The row that holds when the change begins."""
    change: Change


class Steps(Sequence[Step]):
    """Those of a difference. Of new names only their lines are kept: a step is made when it is asked for."""

    def __init__(self, found: Sequence[Step], new: Sequence[Wanted], now: int) -> None:
        """`new`: the lines of names without any row, which come last."""
        self._found, self._new, self._now = found, new, now

    def __len__(self) -> int:
        return len(self._found) + len(self._new)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        """By number, or several."""
        if isinstance(index, slice):
            return [self[number] for number in range(len(self))[index]]
        index = range(len(self))[index]
        if index < len(self._found):
            return self._found[index]
        wanted = self._new[index - len(self._found)]
        moment = self._now if wanted.valid_from is None else wanted.valid_from
        return Step(None, Change(wanted.name, moment, wanted.plan, wanted.params, wanted.note))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Steps) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


class Difference(NamedTuple):
    """What has to be written so that the mapping says what the file says."""

    steps: Sequence[Step]
    """In the order of their ids: changes and ends by name, then the names without any row in the order of the file."""
    added: int
    """Names that were not ours at the moment from which the file wants them."""
    changed: int
    ended: int
    unchanged: int
    """Names of the file that need no row."""
    current: int
    """Names that are ours now, before anything is written."""


def sync(
    journal: Journal,
    sheet: Sheet,
    now: int,
    *,
    delete: bool = False,
    max_ends: int | None = None,
    dry_run: bool = False,
    advance: Callable[[int], None] = lambda _names: None,
) -> Difference:
    """
    Bring the mapping to what the sheet says, in one transaction; with `dry_run` only find out what that would take.

    `advance` is told how many more names are done: in sum those of the sheet and those that are ended.

    Raises:
        Refused: `delete` would end more names than `max_ends`, or without that more than `PERCENT` of them; nothing was
            written.
        MappingUnavailable: the database cannot be read, or another writer does not end.
    """
    if dry_run:
        with journal.reading() as reading:
            found = difference(reading.timelines(), sheet, now, delete=delete, advance=advance)
        _guard(found, max_ends)
        advance(len(found.steps))
        return found
    with journal.writing() as writing:
        found = difference(writing.timelines(), sheet, now, delete=delete, advance=advance)
        _guard(found, max_ends)
        apply(writing, found, advance)
    if found.steps:
        journal.settle()
    return found


def difference(
    timelines: Iterable[tuple[str, Timeline[Record]]],
    sheet: Sheet,
    now: int,
    *,
    delete: bool = False,
    advance: Callable[[int], None] = lambda _names: None,
) -> Difference:
    """
    Compare the mapping, name by name, with the sheet.

    A line that begins now or in the past asks for what holds now, a later one for what holds then. With `delete`, names
    that are ours now and that the sheet does not have are ended; names that will be ours only later are left alone.
    `advance` is told of the names that need no row.
    """
    missing = {wanted.name: wanted for wanted in sheet.wanted}
    steps: list[Step] = []
    unchanged = current = 0
    for name, timeline in timelines:
        holds = timeline.at(now)
        ours = holds is not None and holds.plan is not None
        current += ours
        wanted = missing.pop(name, None)
        if wanted is not None:
            step = _step(timeline, wanted, now, has_notes=sheet.has_notes)
            if step is not None:
                steps.append(step)
            else:
                unchanged += 1
                if unchanged % _STEP == 0:
                    advance(_STEP)
        elif ours and delete:
            steps.append(Step(holds, Change(name, now, None, NONE)))
    advance(unchanged % _STEP)
    ended = sum(step.change.plan is None for step in steps)
    added = sum(step.before is None or step.before.plan is None for step in steps)
    changed = len(steps) - added - ended
    new = list(missing.values())
    return Difference(Steps(steps, new, now), added + len(new), changed, ended, unchanged, current)


def apply(writing: Writing, found: Difference, advance: Callable[[int], None] = lambda _rows: None) -> None:
    """Append the rows; `advance` is told how many more were written."""
    writing.append((step.change for step in found.steps), advance)


def _step(timeline: Timeline[Record], wanted: Wanted, now: int, *, has_notes: bool) -> Step | None:
    """The row that a name with rows needs, `None` where it says already what is wanted."""
    asked = now if wanted.valid_from is None else wanted.valid_from
    before = timeline.at(max(asked, now))
    if before is not None and _says(before, wanted, has_notes=has_notes):
        return None
    if asked < now and before is not None and asked <= before.valid_from:
        asked = now  # an earlier row would be hidden by the one that holds now
    return Step(before, Change(wanted.name, asked, wanted.plan, wanted.params, wanted.note))


def _says(record: Record, wanted: Wanted, *, has_notes: bool) -> bool:
    return (
        record.plan == wanted.plan
        and (record.params == wanted.params or _filled(record.params) == _filled(wanted.params))
        and (not has_notes or (record.note or None) == wanted.note)
    )


def _filled(params: str) -> dict[str, str]:
    """What a CSV can say of params: an empty value is no value there."""
    return {name: value for name, value in decode(params).items() if value}


def _guard(found: Difference, max_ends: int | None) -> None:
    limit = max(FEW, found.current * PERCENT // 100) if max_ends is None else max_ends
    if found.ended <= limit:
        return
    names = [step.change.name for step in found.steps if step.change.plan is None]
    shown = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    raise Refused(
        f"--delete would end {found.ended} of {found.current} names ({shown}), the limit is {limit}; nothing was "
        f"written. If they are to end, say --max-ends {found.ended}"
    )
