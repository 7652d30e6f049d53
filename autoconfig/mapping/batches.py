"""Split millions of rows into batches for reading and writing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from autoconfig.mapping.record import Record


def batched(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    """Yield lists of `size` rows; the last one may be shorter."""
    remaining = iter(records)
    while batch := list(itertools.islice(remaining, size)):
        yield batch
