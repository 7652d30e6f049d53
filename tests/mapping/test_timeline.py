from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mapping.timeline import NOTHING, Row, Timeline

ROWS = [Row(1, 10, "a", "{}"), Row(4, 20, "b", "{}"), Row(2, 30, "c", "{}"), Row(3, 30, "d", "{}")]


@pytest.mark.parametrize(
    ("time", "plan"),
    [(9, None), (9.9, None), (10, "a"), (19.9, "a"), (20, "b"), (30, "d"), (10**12, "d")],
)
def test_at(time: float, plan: str | None) -> None:
    """The row that began last holds, of those that began together the newest, and none before the first."""
    row = Timeline.of(reversed(ROWS)).at(time)

    assert plan == (row.plan if row else None)


@pytest.mark.parametrize(("time", "plan"), [(9, None), (10, None), (29.9, None), (30, "d"), (10**12, "d")])
def test_settled(time: float, plan: str | None) -> None:
    """A row holds for good if none is scheduled after it."""
    row = Timeline.of(ROWS).settled(time)

    assert plan == (row.plan if row else None)


@pytest.mark.parametrize(("time", "plan"), [(0, "a"), (10, "b"), (19.9, "b"), (20, "d"), (30, None)])
def test_next_after(time: float, plan: str | None) -> None:
    """The row that holds next is of those that begin next the newest."""
    row = Timeline.of(ROWS).next_after(time)

    assert plan == (row.plan if row else None)


def test_rows_are_in_order() -> None:
    """Rows are listed by when they begin, then by id."""
    assert [row.id for row in Timeline.of(reversed(ROWS)).rows] == [1, 4, 2, 3]


def test_nothing() -> None:
    """A name without rows has no plan at any time."""
    assert (NOTHING.at(10**12), NOTHING.settled(10**12), NOTHING.next_after(0)) == (None, None, None)
    assert len(NOTHING.rows) == 0


@given(st.lists(st.integers(0, 9), max_size=6), st.integers(0, 9))
def test_walking_meets_every_answer(moments: list[int], time: int) -> None:
    """Going from row to row with `next_after` finds the same rows as asking `at` for every second."""
    timeline = Timeline.of(Row(number, moment, None, "{}") for number, moment in enumerate(moments))
    walked = [timeline.at(time)]
    while (row := timeline.next_after(walked[-1].valid_from if len(walked) > 1 and walked[-1] else time)) is not None:
        walked.append(row)

    assert list(dict.fromkeys(timeline.at(moment) for moment in range(time, 10))) == walked
