"""
Write a migration: first the plans, then the rows, so that a row never names a missing plan.

If the command is killed in between, plans.toml has unused plans, and a second run finds and uses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import Fault, PlansInvalid, Refused
from autoconfig.files import replacing
from autoconfig.mapping.clocks import now_for
from autoconfig.mapping.progress import counted, silent
from autoconfig.mapping.store import Change
from autoconfig.migrate.planning import Held
from autoconfig.plans import read_plans

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from autoconfig.mapping.progress import OnProgress
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.store import Reading, Writing
    from autoconfig.mapping.timeline import Timeline
    from autoconfig.migrate.planning import Added, PlannedRow
    from autoconfig.plans import Plans

_FEW = 1000
"""Up to this many names are read one by one; for more, the whole mapping is read."""


def held(reading: Reading, names: Collection[str], now: int) -> dict[str, Held]:
    """The rows of the names that the mapping has, now and next."""
    found = {}
    for name, timeline in _timelines(reading, names):
        moment = now_for(timeline, now)
        found[name] = Held(timeline.at(moment), timeline.next_after(moment))
    return found


def unused(reading: Reading, plans: Collection[str]) -> set[str]:
    """Those of the plans that no row uses."""
    left = set(plans)
    for _, timeline in reading.timelines() if left else ():
        left.difference_update(row.plan for row in timeline.rows if row.plan)
        if not left:
            break
    return left


def append_plans(path: Path, plans: Plans, added: Sequence[Added]) -> None:
    """
    Append the new plans to plans.toml. Existing bytes stay, and readers see the old file or the new one.

    `plans` are the plans of the file when the migration was planned.

    Raises:
        Refused: the file has changed since.
        PlansInvalid: plans cannot be appended to the file; nothing was written.
        OSError: it cannot be written.
    """
    if not added:
        return
    start = plans.source if plans.source.endswith(b"\n") else plans.source + b"\n"
    content = start + "".join(f"\n{plan.text}" for plan in added).encode()
    after = read_plans(content, f"{path} with the new plans")
    wanted = plans.plans | {one.plan.key: one.plan for one in added}
    if after.plans != wanted:
        raise PlansInvalid(
            str(path), [Fault("file", "plans appended to it would change others", "move [plans] tables")]
        )
    with replacing(path) as fresh:
        fresh.write_bytes(content)
        if path.read_bytes() != plans.source:
            raise Refused(f"{path}: was changed meanwhile; nothing was written, run the command again")


def write_rows(
    writing: Writing,
    rows: Sequence[PlannedRow],
    now: int,
    note: str,
    on_progress: OnProgress = silent,
) -> None:
    """
    Append all rows or none.

    Raises:
        Refused: a name has a new row since the migration was planned.
    """
    before = {row.name: row.before for row in rows}
    moments, current = {}, {}
    for name, timeline in _timelines(writing, before):
        moments[name] = now_for(timeline, now)
        current[name] = timeline.at(moments[name])
    for name, expected in before.items():
        if current.get(name) != expected:
            raise Refused(f"{name}: its row was changed meanwhile; no row was written, run the command again")
    changes = (Change(row.name, moments.get(row.name, now), row.plan, row.params, note, at_once=True) for row in rows)
    writing.append(counted(changes, on_progress, "writing", len(rows)))


def _timelines(reading: Reading, names: Collection[str]) -> Iterator[tuple[str, Timeline[Record]]]:
    if len(names) <= _FEW:
        for name in names:
            timeline = reading.timeline(name)
            if timeline.rows:
                yield name, timeline
        return
    wanted = set(names)
    for name, timeline in reading.timelines():
        if name in wanted:
            yield name, timeline
