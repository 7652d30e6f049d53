from __future__ import annotations

import pytest

from autoconfig.explain.history import MOST_ROWS, RowState, history
from autoconfig.mapping.record import Record
from autoconfig.mapping.timeline import Timeline

NOW = 1_000_000


def row(identity: int, valid_from: int, plan: str | None = "standard", recorded_at: int | None = None) -> Record:
    """A row; scheduled ones were written long before."""
    written = valid_from if recorded_at is None else recorded_at
    return Record(identity, "sample.example", valid_from, plan, "{}", None, "root", written)


@pytest.mark.parametrize(
    ("rows", "states"),
    [
        pytest.param([], [], id="none"),
        pytest.param([row(1, 5)], [(1, RowState.NOW)], id="one"),
        pytest.param([row(1, 5), row(2, 9)], [(2, RowState.NOW), (1, RowState.PAST)], id="one after another"),
        pytest.param([row(1, 5), row(2, 9, None)], [(2, RowState.NOW), (1, RowState.PAST)], id="ended"),
        pytest.param(
            [row(1, 5), row(2, NOW + 9, "other", 6)], [(2, RowState.SCHEDULED), (1, RowState.NOW)], id="scheduled"
        ),
        pytest.param(
            [row(1, 5), row(2, NOW + 9, "a", 6), row(3, NOW + 9, "b", 7)],
            [(3, RowState.SCHEDULED), (2, RowState.REPLACED), (1, RowState.NOW)],
            id="scheduled twice for the same time",
        ),
        pytest.param([row(3, NOW + 50, "a")], [(3, RowState.NOW)], id="written by a clock that is ahead"),
        pytest.param([row(0, 5)], [], id="of a query"),
    ],
)
def test_states(rows: list[Record], states: list[tuple[int, RowState]]) -> None:
    """Each row is shown with what became of it, the last written first; a query has no history."""
    assert [(found.id, state) for state, found in history(Timeline.of(rows), NOW)] == states


def test_bounded() -> None:
    """Of very many rows the newest are shown."""
    rows = [row(identity, identity) for identity in range(1, MOST_ROWS + 100)]
    shown = [found.id for _, found in history(Timeline.of(rows), NOW)]

    assert shown == list(range(MOST_ROWS + 99, 99, -1))
