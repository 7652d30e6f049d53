from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import Refused
from autoconfig.mapping.edits import end, put, says, undo
from autoconfig.mapping.store import Change, Journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.mapping.edits import Outcome
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.store import Writing

NAME = "example.com"
NOW = 1000


def rows(journal: Journal) -> list[Record]:
    """All rows of the name, by id."""
    with journal.reading() as reading:
        return sorted(reading.timeline(NAME).rows)


def plans(journal: Journal, *moments: int) -> list[str | None]:
    """On which plan the name is at each moment."""
    with journal.reading() as reading:
        timeline = reading.timeline(NAME)
    return [row.plan if (row := timeline.at(moment)) else None for moment in moments]


@pytest.fixture
def scheduled(journal: Journal) -> Journal:
    """The name is on `a` since long, and on `b` from 2000 on."""
    with journal.writing() as writing:
        put(writing, Change(NAME, 10, "a", '{"x":"1"}', "first"))
        put(writing, Change(NAME, 2000, "b", "{}", None))
    return journal


def test_put_a_new_name(journal: Journal) -> None:
    """A new name had no row and has one."""
    with journal.writing() as writing:
        outcome = put(writing, Change(NAME, NOW, "a", "{}"))

    assert (outcome.before, outcome.later) == (None, None)
    assert rows(journal) == [outcome.after]


def test_put_replaces_the_whole_row(scheduled: Journal) -> None:
    """A new row replaces params and note too, and what was scheduled still comes."""
    with scheduled.writing() as writing:
        outcome = put(writing, Change(NAME, NOW, "c", "{}"))

    assert outcome.before is not None
    assert outcome.after is not None
    assert outcome.later is not None
    assert [says(outcome.before), says(outcome.after), says(outcome.later)] == [
        ("a", '{"x":"1"}', "first"),
        ("c", "{}", None),
        ("b", "{}", None),
    ]
    assert plans(scheduled, 999, 1000, 1999, 2000) == ["a", "c", "c", "b"]


@pytest.mark.parametrize(
    ("change", "written"),
    [
        pytest.param(Change(NAME, NOW, "a", '{"x":"1"}', "first"), False, id="the same"),
        pytest.param(Change(NAME, 2001, "b", "{}"), False, id="the same as will hold then"),
        pytest.param(Change(NAME, NOW, "a", '{"x":"2"}', "first"), True, id="other params"),
        pytest.param(Change(NAME, NOW, "a", '{"x":"1"}', "second"), True, id="another note"),
        pytest.param(Change(NAME, 9, "a", '{"x":"1"}', "first"), True, id="earlier"),
    ],
)
def test_put_writes_only_what_is_new(scheduled: Journal, change: Change, written: bool) -> None:
    """A row that would say what holds at its time already is not written."""
    with scheduled.writing() as writing:
        outcome = put(writing, change)

    assert (outcome.after is not None, len(rows(scheduled))) == (written, 2 + written)


def test_end(scheduled: Journal) -> None:
    """From its end on a name is not ours, until a scheduled row begins."""
    with scheduled.writing() as writing:
        outcome = end(writing, NAME, NOW, "left")

    assert outcome.before is not None
    assert outcome.after is not None
    assert (outcome.before.plan, says(outcome.after)) == ("a", (None, "{}", "left"))
    assert outcome.later is not None
    assert plans(scheduled, 999, 1000, 2000) == ["a", None, "b"]


@pytest.mark.parametrize("moment", [9, 1500], ids=["before its first row", "ended already"])
def test_end_refuses(scheduled: Journal, moment: int) -> None:
    """What is not ours at a time cannot be ended then."""
    with scheduled.writing() as writing:
        end(writing, NAME, NOW)
    with scheduled.writing() as writing, pytest.raises(Refused, match=r"mapping history example\.com"):
        end(writing, NAME, moment)

    assert len(rows(scheduled)) == 3


def test_undo_and_redo(journal: Journal) -> None:
    """An undo takes the newest change back from now on, a second one brings it back."""
    with journal.writing() as writing:
        put(writing, Change(NAME, 10, "a", '{"x":"1"}', "first"))
        put(writing, Change(NAME, 500, "b", "{}"))
    with journal.writing() as writing:
        outcome = undo(writing, NAME, NOW)

    assert outcome.after is not None
    assert (outcome.after.valid_from, says(outcome.after)) == (NOW, ("a", '{"x":"1"}', "first"))
    assert plans(journal, 999, 1000) == ["b", "a"]

    with journal.writing() as writing:
        undo(writing, NAME, NOW + 1)

    assert plans(journal, 999, 1000, 1001) == ["b", "a", "b"]


def test_undo_twice_in_a_second(journal: Journal) -> None:
    """Two undos in the same second leave the name as it was."""
    with journal.writing() as writing:
        put(writing, Change(NAME, NOW, "a", "{}"))
        put(writing, Change(NAME, NOW, "b", "{}"))
        undo(writing, NAME, NOW)
        undo(writing, NAME, NOW)

    assert plans(journal, NOW) == ["b"]


def test_undo_the_first_row(journal: Journal) -> None:
    """Without its only row a name is not ours."""
    with journal.writing() as writing:
        put(writing, Change(NAME, 10, "a", "{}"))
        undo(writing, NAME, NOW)

    assert plans(journal, 999, 1000) == ["a", None]


def test_undo_a_scheduled_row(scheduled: Journal) -> None:
    """A scheduled change that is undone does not come; what holds now goes on to hold."""
    with scheduled.writing() as writing:
        outcome = undo(writing, NAME, NOW)

    assert outcome.before is not None
    assert outcome.after is not None
    assert (outcome.before.plan, outcome.after.valid_from) == ("b", 2000)
    assert plans(scheduled, 1000, 2000, 9999) == ["a", "a", "a"]


def test_undo_refuses(journal: Journal) -> None:
    """There is nothing to undo for a name that never had a row."""
    with journal.writing() as writing, pytest.raises(Refused, match="nothing to undo"):
        undo(writing, NAME, NOW)


def test_rows_stay(scheduled: Journal) -> None:
    """Whatever is done, each row that was written stays as it was."""
    changes: list[Callable[[Writing, str, int], Outcome]] = [undo, end, undo, undo]
    before = rows(scheduled)
    for number, change in enumerate(changes, 1):
        with scheduled.writing() as writing:
            change(writing, NAME, NOW + number)
        after = rows(scheduled)

        assert after[:-1] == before
        before = after
