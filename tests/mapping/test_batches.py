from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mapping.batches import batched
from tests.mapping.follower.histories import histories

if TYPE_CHECKING:
    from autoconfig.mapping.record import Record


@given(histories(), st.integers(1, 5))
def test_batched(rows: list[Record], size: int) -> None:
    """Batches are the rows again, none empty and all but the last of the size."""
    batches = list(batched(rows, size))

    assert rows == [row for batch in batches for row in batch]
    assert all(len(batch) == size for batch in batches[:-1])
    assert all(batches)
