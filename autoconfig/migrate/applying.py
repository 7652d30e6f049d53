"""
Writes a migration down: first the plans, then the rows, so that a row never names a plan that is nowhere.

Killed between the two, the plans stand in plans.toml unused, and a second run finds and uses them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import Fault, PlansInvalid, Refused
from autoconfig.files import replacing
from autoconfig.mapping.journal import Change
from autoconfig.migrate.planning import Held
from autoconfig.plans import read_plans

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from autoconfig.mapping.journal import Reading, Writing
    from autoconfig.mapping.schema import Record
    from autoconfig.mapping.timeline import Timeline
    from autoconfig.migrate.planning import Added, Row
    from autoconfig.plans import Plans

_FEW = 1000
"""So many names are asked for one by one; for more the whole mapping is read."""


def held(reading: Reading, names: Collection[str], now: int) -> dict[str, Held]:
    """What the mapping says of those of the names that have a row."""
    return {name: Held(timeline.at(now), timeline.next_after(now)) for name, timeline in _timelines(reading, names)}


def append_plans(path: Path, plans: Plans, added: Sequence[Added]) -> None:
    """
    Append the new plans to plans.toml; every byte that is there stays, and readers see the old file or the new one.

    `plans` are those that the file had when the migration was planned.

    Raises:
        Refused: the file has changed since.
        PlansInvalid: plans cannot be appended to it; nothing was written.
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
            raise Refused(f"{path}: was changed meanwhile; nothing was written, run this again")


def write_rows(
    writing: Writing, rows: Sequence[Row], now: int, note: str, advance: Callable[[int], None] = lambda _rows: None
) -> None:
    """
    Append the rows, all of them or none; `advance` is told how many more were written.

    Raises:
        Refused: a name has got another row since the migration was planned.
    """
    before = {row.name: row.before for row in rows}
    current = {name: timeline.at(now) for name, timeline in _timelines(writing, before)}
    for name, expected in before.items():
        if current.get(name) != expected:
            raise Refused(f"{name}: its row was changed meanwhile; no row was written, run this again")
    writing.append((Change(row.name, now, row.plan, row.params, note) for row in rows), advance)


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
