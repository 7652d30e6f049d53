"""Rows come by the million, and are read and written some at a time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from autoconfig.mapping.schema import Record


def batched(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    """Lists of `size` rows, the last one shorter."""
    remaining = iter(records)
    while batch := list(itertools.islice(remaining, size)):
        yield batch
