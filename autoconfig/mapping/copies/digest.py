"""Tells whether two databases have the same rows: how many, up to which id, and a hash over all of them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from autoconfig.mapping.batches import batched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from autoconfig.mapping.schema import Record

BATCH = 1000

_encoded = json.JSONEncoder(separators=(",", ":")).encode


class Digest:
    """
    Of rows in order of their ids; two that were given the same rows are equal, however the rows were grouped.

    The hash is SHA-256 over the rows as JSON arrays, each followed by a comma: what any engine and program can compute.
    """

    __slots__ = ("_hash", "last_id", "rows")

    def __init__(self) -> None:
        self.rows, self.last_id = 0, 0
        self._hash = hashlib.sha256()

    @classmethod
    def of(cls, records: Iterable[Record], advance: Callable[[int], None] = lambda _rows: None) -> Digest:
        """Of all these rows."""
        digest = cls()
        digest.add(records, advance)
        return digest

    def add(self, records: Iterable[Record], advance: Callable[[int], None] = lambda _rows: None) -> None:
        """The next rows; `advance` is told how many more there were."""
        for batch in batched(records, BATCH):
            self._hash.update(f"{_encoded(batch)[1:-1]},".encode())
            self.rows += len(batch)
            self.last_id = batch[-1].id
            advance(len(batch))

    def passing(self, records: Iterable[Record]) -> Iterator[Record]:
        """The same rows, added as they go by."""
        for batch in batched(records, BATCH):
            self.add(batch)
            yield from batch

    @property
    def sha256(self) -> str:
        """In hexadecimal digits."""
        return self._hash.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and (self.rows, self.last_id, self.sha256) == (
            other.rows,
            other.last_id,
            other.sha256,
        )

    __hash__ = None  # type: ignore[assignment]
