from __future__ import annotations

import io
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoconfig.errors import MappingUnavailable, Refused
from autoconfig.mapping import csv_file
from autoconfig.mapping.clocks import now_for
from autoconfig.mapping.record import Record
from autoconfig.mapping.sheet import Step, Wanted
from autoconfig.mapping.store import Change, Journal
from autoconfig.mapping.sync import Difference, difference, sync
from autoconfig.mapping.timeline import Timeline
from tests.mapping.csv_texts import sheet_of
from tests.support.reported_steps import Steps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.mapping.sheet import Sheet

NOW = 1000


class Model:
    """A mapping in memory."""

    def __init__(self, changes: list[Change]) -> None:
        self.rows: list[Record] = []
        self.write(changes)

    def write(self, changes: list[Change]) -> None:
        """Append rows."""
        for change in changes:
            *values, at_once = change
            self.rows.append(Record(len(self.rows) + 1, *values, "user", change.valid_from if at_once else 0))  # type: ignore[arg-type, call-arg]

    def timeline(self, name: str) -> Timeline[Record]:
        """The rows of one name."""
        return Timeline.of(row for row in self.rows if row.name == name)

    def timelines(self) -> Iterator[tuple[str, Timeline[Record]]]:
        """All names in order."""
        for name in sorted({row.name for row in self.rows}):
            yield name, self.timeline(name)

    def sync(self, sheet: Sheet, now: int, *, delete: bool = False) -> Difference:
        """Compare and write."""
        found = difference(self.timelines(), sheet, now, delete=delete)
        self.write([step.change for step in found.steps])
        return found


def sheet(*names: str, plan: str = "p") -> Sheet:
    """A file that puts these names on a plan."""
    return sheet_of(Wanted(number, name, plan, "{}", None, None) for number, name in enumerate(names, 2))


def rows(journal: Journal) -> list[Record]:
    """All rows, by id."""
    with journal.reading() as reading:
        return sorted(record for _name, timeline in reading.timelines() for record in timeline.rows)


def counts(found: Difference) -> tuple[int, int, int, int]:
    """How many names were added, changed, ended and left alone."""
    return found.added, found.changed, found.ended, found.unchanged


A = Change("n", 500, "a", "{}", "note")


@pytest.mark.parametrize(
    ("before", "wanted", "begins"),
    [
        pytest.param([], (None, "a"), NOW, id="new, without a time: now"),
        pytest.param([], (7, "a"), 7, id="new, in the past: then"),
        pytest.param([], (2000, "a"), 2000, id="new, in the future: then"),
        pytest.param([A], (None, "a"), None, id="holds already"),
        pytest.param([A], (7, "a"), None, id="holds already, for less long"),
        pytest.param([A], (700, "a"), None, id="holds already, for longer"),
        pytest.param([A], (None, "b"), NOW, id="another plan"),
        pytest.param([A], (700, "b"), 700, id="another plan, since after the row began"),
        pytest.param([A], (500, "b"), NOW, id="another plan, since the row began"),
        pytest.param([A], (7, "b"), NOW, id="another plan, since before the row began"),
        pytest.param([A], (2000, "b"), 2000, id="another plan, later"),
        pytest.param([A], (2000, "a"), None, id="will hold already"),
        pytest.param([A, Change("n", 2000, "b", "{}")], (2000, "a"), 2000, id="something else was scheduled"),
        pytest.param([A, Change("n", 2000, "b", "{}")], (3000, "b"), None, id="scheduled already, for earlier"),
        pytest.param([A, Change("n", 2000, "b", "{}")], (None, "a"), None, id="what is scheduled still comes"),
        pytest.param([Change("n", 2000, "a", "{}")], (7, "a"), 7, id="so far only scheduled"),
        pytest.param([Change("n", 2000, "a", "{}")], (None, "a"), NOW, id="so far only scheduled, now"),
        pytest.param([A, Change("n", 600, None, "{}")], (7, "a"), NOW, id="ended"),
        pytest.param([A, Change("n", 600, None, "{}")], (700, "a"), 700, id="ended, back since then"),
        pytest.param([Change("n", NOW, "b", "{}")], (NOW, "a"), NOW, id="changed in this second"),
    ],
)
def test_when_the_new_row_begins(before: list[Change], wanted: tuple[int | None, str], begins: int | None) -> None:
    """A row is written only where another one holds at its time, and begins where it takes effect."""
    model = Model(before)
    found = model.sync(sheet_of([Wanted(2, "n", wanted[1], "{}", wanted[0], None)]), NOW)

    assert [step.change.valid_from for step in found.steps] == ([] if begins is None else [begins])
    moment = max(NOW, wanted[0] or NOW)
    holds = model.timeline("n").at(moment)
    assert holds is not None
    assert holds.plan == wanted[1]


@pytest.mark.parametrize(
    ("params", "note", "has_notes", "same"),
    [
        pytest.param('{"x":"1"}', "note", True, True, id="all the same"),
        pytest.param('{"x":"2"}', "note", True, False, id="params"),
        pytest.param('{"x":"1"}', "other", True, False, id="note"),
        pytest.param('{"x":"1"}', None, True, False, id="note is empty"),
        pytest.param('{"x":"1"}', None, False, True, id="the file has no notes"),
    ],
)
def test_what_is_the_same(params: str, note: str | None, has_notes: bool, same: bool) -> None:
    """Plan and params are compared, and the note where the file has notes."""
    model = Model([Change("n", 1, "p", '{"empty":"","x":"1"}', "note")])
    found = model.sync(sheet_of([Wanted(2, "n", "p", params, None, note)], has_notes=has_notes), NOW)

    assert (found.unchanged, found.changed) == (same, not same)


def test_counts_and_order(journal: Journal) -> None:
    """Changes and ends are written by name, then the new names in the order of the file."""
    with journal.writing() as writing:
        writing.append(
            [
                Change("z", 1, "a", "{}"),
                Change("ended", 1, None, "{}"),
                Change("b", 1, "a", "{}"),
                Change("same", 1, "p", "{}"),
                Change("a", 1, "a", "{}"),
                Change("later", 2000, "a", "{}"),
                Change("gone", 1, None, "{}"),
            ]
        )
    steps = Steps()
    found = sync(
        journal,
        sheet("y", "z", "same", "x", "a", "ended"),
        NOW,
        delete=True,
        on_progress=steps,
    )

    assert counts(found) == (3, 2, 1, 1)
    assert found.current == 4
    assert [(record.name, record.plan) for record in rows(journal)[7:]] == [
        ("a", "p"), ("b", None), ("ended", "p"), ("z", "p"), ("y", "p"), ("x", "p"),
    ]  # fmt: skip
    assert [step.before and step.before.plan for step in found.steps] == ["a", "a", None, "a", None, None]
    assert steps == [("comparing", 6, 6), ("writing", 6, 6)]


def test_without_delete_nothing_ends(journal: Journal) -> None:
    """Names that the file does not have stay as they are."""
    sync(journal, sheet("a", "b"), NOW)

    assert counts(sync(journal, sheet("a"), NOW)) == (0, 0, 0, 1)
    assert len(rows(journal)) == 2


@pytest.mark.parametrize(
    ("have", "keep", "max_ends", "limit", "shown"),
    [
        pytest.param(30, 20, None, None, "", id="ten may always end"),
        pytest.param(30, 19, None, 10, "n019, n020, n021, …", id="eleven of few may not"),
        pytest.param(400, 380, None, None, "", id="5 % of many"),
        pytest.param(400, 379, None, 20, "n379, n380, n381, …", id="more than 5 % of many"),
        pytest.param(30, 1, 29, None, "", id="told so"),
        pytest.param(30, 26, 3, 3, "n026, n027, n028, …", id="told one less"),
        pytest.param(30, 27, 1, 1, "n027, n028, n029", id="told less"),
        pytest.param(30, 29, 0, 0, "n029", id="told none"),
    ],
)
@pytest.mark.parametrize("dry_run", [False, True], ids=["write", "dry run"])
def test_guard(
    journal: Journal, have: int, keep: int, max_ends: int | None, limit: int | None, shown: str, dry_run: bool
) -> None:
    """More ends than meant are refused, with the names, the limit and the way out, and nothing is written."""
    names = [f"n{number:03}" for number in range(have)]
    sync(journal, sheet(*names), NOW)
    before = rows(journal)
    wanted = sheet(*names[:keep], "new")
    if limit is None:
        found = sync(journal, wanted, NOW, delete=True, max_ends=max_ends, dry_run=dry_run)

        assert counts(found) == (1, 0, have - keep, keep)
        assert len(rows(journal)) == have + (0 if dry_run else have - keep + 1)
    else:
        ends = have - keep
        with pytest.raises(
            Refused, match=rf"end {ends} of {have} names \({shown}\), the limit is {limit};.*--max-ends {ends}"
        ):
            sync(journal, wanted, NOW, delete=True, max_ends=max_ends, dry_run=dry_run)

        assert rows(journal) == before


def test_dry_run(journal: Journal) -> None:
    """A dry run finds what a run would do, and writes nothing."""
    steps = Steps()
    dry = sync(journal, sheet("a", "b"), NOW, dry_run=True, on_progress=steps)

    assert rows(journal) == []
    assert steps == [("comparing", 2, 2)]
    assert sync(journal, sheet("a", "b"), NOW) == dry


def test_steps_are_a_collection() -> None:
    """The steps of a difference are counted, listed, looked for and compared, wherever they come from."""
    model = Model([Change(name, 1, "a", "{}") for name in "ab"])
    steps = difference(model.timelines(), sheet("a", "x", "b", "y"), NOW).steps

    assert (len(steps), [step.change.name for step in steps]) == (4, ["a", "b", "x", "y"])
    assert all(step in steps for step in steps)
    assert Step(None, Change("x", 1, "p", "{}")) not in steps
    assert steps == difference(model.timelines(), sheet("a", "x", "b", "y"), NOW).steps
    assert steps != difference(model.timelines(), sheet("a", "x", "b", "z"), NOW).steps


def test_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """Progress is reported during the comparison, not only at its end."""
    monkeypatch.setattr("autoconfig.mapping.progress.EVERY", 2)
    model = Model([Change(name, 1, "p", "{}") for name in "abcde"])
    steps = Steps()
    difference(model.timelines(), sheet(*"abcde"), NOW, on_progress=steps)

    assert steps == [("comparing", 2, 5), ("comparing", 4, 5), ("comparing", 5, 5)]


def test_twice_in_a_second(journal: Journal) -> None:
    """The same file again changes nothing, in the same second or later."""
    sync(journal, sheet("a", plan="x"), NOW)
    sync(journal, sheet("a", "b"), NOW)

    assert counts(sync(journal, sheet("a", "b"), NOW)) == (0, 0, 0, 2)
    assert counts(sync(journal, sheet("a", "b"), NOW + 9)) == (0, 0, 0, 2)


def test_rows_stay(journal: Journal) -> None:
    """A sync adds rows, and leaves those that are there as they are."""
    sync(journal, sheet("a", "b"), NOW)
    before = rows(journal)
    sync(journal, sheet("b", plan="q"), NOW + 1, delete=True)

    assert rows(journal)[:2] == before
    assert len(rows(journal)) == 4


def test_the_log_is_short_afterwards(journal: Journal, path: Path) -> None:
    """After a sync, readers find all in the file itself."""
    sync(journal, sheet("a"), NOW)

    assert path.with_name("mapping.db-wal").stat().st_size == 0


def test_another_writer(journal: Journal, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another command writes, a sync waits and then gives up; a dry run need not wait."""
    monkeypatch.setattr("autoconfig.mapping.schema_version.BUSY_TIMEOUT", 0.05)
    other = Journal(url)
    with journal.writing():
        assert counts(sync(other, sheet("a"), NOW, dry_run=True)) == (1, 0, 0, 0)
        with pytest.raises(MappingUnavailable, match="another command is writing"):
            sync(other, sheet("a"), NOW)
    other.close()


def test_two_at_once(url: str, journal: Journal) -> None:
    """Of two syncs of the same file at the same time, one writes and the other finds nothing to do."""
    names = [f"n{number}" for number in range(2000)]
    found: list[tuple[int, int, int, int]] = []
    both = threading.Barrier(2)

    def run() -> None:
        mine = Journal(url)
        both.wait()
        found.append(counts(sync(mine, sheet(*names), NOW)))
        mine.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [(0, 0, 0, 2000), (2000, 0, 0, 0)]
    assert len(rows(journal)) == 2000


INTERRUPTED = """
import sys
from autoconfig.mapping.sheet import Sheet, Wanted
from autoconfig.mapping.store import Journal
from autoconfig.mapping.sync import sync

def on_progress(step, done, total):
    if step == "writing" and done >= 5000:
        print("writing", flush=True)
        sys.stdin.read()

sheet = Sheet()
for number in range(50000):
    sheet.put(Wanted(2, f"n{number}", "q", "{}", None, None))
sync(Journal(sys.argv[1]), sheet, 2000, delete=True, on_progress=on_progress)
"""


def test_killed(journal: Journal, url: str) -> None:
    """A sync that is killed in the middle leaves the mapping as it was, and the next one can write at once."""
    sync(journal, sheet("a", "b"), NOW)
    before = rows(journal)
    command = [sys.executable, "-c", INTERRUPTED, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        process.kill()

    assert rows(journal) == before
    assert counts(sync(journal, sheet("c"), NOW)) == (1, 0, 0, 0)


NAMES = ["a.example", "b.example", "c.example"]
TIMES = st.integers(0, 8)
PARAMS = st.sampled_from(["{}", '{"x":"1"}', '{"x":" ","y":"é\\n"}', '{"x":""}'])
NOTES = st.sampled_from([None, "", "note", ' "quoted",\r\n', "\r"])
CHANGES = st.lists(st.builds(Change, st.sampled_from(NAMES), TIMES, st.sampled_from([None, "p", "q"]), PARAMS, NOTES))
WANTED = st.builds(
    Wanted,
    st.just(2),
    st.sampled_from(NAMES),
    st.sampled_from(["p", "q"]),
    st.sampled_from(["{}", '{"x":"1"}']),
    st.none() | TIMES,
    st.sampled_from([None, "note"]),
)
LINES = st.lists(WANTED, unique_by=lambda wanted: wanted.name)


@settings(deadline=None)
@given(changes=CHANGES, now=TIMES, delete=st.booleans(), zone=st.sampled_from(["Asia/Tokyo", "America/New_York"]))
def test_export_then_sync(
    tmp_path_factory: pytest.TempPathFactory, changes: list[Change], now: int, delete: bool, zone: str
) -> None:
    """What was exported changes nothing when it is synced, then or later, with or without `delete`."""
    model = Model(changes)
    file = io.StringIO(newline="")
    if not csv_file.write(file, model.timelines, now, zone):
        return
    path = tmp_path_factory.mktemp("export") / "names.csv"
    path.write_bytes(file.getvalue().encode())
    exported = csv_file.read(path, "UTC", lambda _name, _plan, _params: None)

    assert not len(difference(model.timelines(), exported, now, delete=delete).steps)


@given(changes=CHANGES, lines=LINES, has_notes=st.booleans(), now=TIMES, delete=st.booleans())
def test_sync_twice(changes: list[Change], lines: list[Wanted], has_notes: bool, now: int, delete: bool) -> None:
    """After a sync the mapping says what the file says and nothing new of other names; a second one does nothing."""
    model, before, wanted = Model(changes), Model(changes), sheet_of(lines, has_notes=has_notes)
    model.sync(wanted, now, delete=delete)

    assert not len(model.sync(wanted, now, delete=delete).steps)
    for line in lines:
        timeline = model.timeline(line.name)
        holds = timeline.at(max(now_for(timeline, now), line.valid_from or 0))
        assert holds is not None
        assert holds.plan == line.plan
    for name in set(NAMES) - {line.name for line in lines}:
        was, timeline = before.timeline(name), model.timeline(name)
        moment = now_for(was, now)
        held, holds = was.at(moment), timeline.at(moment)
        assert (holds and holds.plan) == (None if delete else held and held.plan)
        assert timeline.next_after(moment) == was.next_after(moment) or delete
