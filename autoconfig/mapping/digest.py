"""Compare the rows of two databases: their number, the highest id, and a SHA-256 over all of them."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from autoconfig.mapping.batches import batched

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from autoconfig.mapping.record import Record

BATCH = 1000

_encoded = json.JSONEncoder(separators=(",", ":")).encode


class Digest:
    """
    A digest of rows in id order. Two digests of the same rows are equal, however the rows were batched.

    The hash is SHA-256 over the rows as JSON arrays, each followed by a comma, so any engine or program can compute it.
    """

    __slots__ = ("_hash", "last_id", "rows")

    def __init__(self) -> None:
        self.rows, self.last_id = 0, 0
        self._hash = hashlib.sha256()

    @classmethod
    def of(cls, records: Iterable[Record]) -> Digest:
        """The digest of all these rows."""
        digest = cls()
        digest.add(records)
        return digest

    def add(self, records: Iterable[Record]) -> None:
        """Add the next rows."""
        for batch in batched(records, BATCH):
            self._hash.update(f"{_encoded(batch)[1:-1]},".encode())
            self.rows += len(batch)
            self.last_id = batch[-1].id

    def passing(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield the same rows, and add them on the way."""
        for batch in batched(records, BATCH):
            self.add(batch)
            yield from batch

    @property
    def sha256(self) -> str:
        """The hash in hexadecimal digits."""
        return self._hash.hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and (self.rows, self.last_id, self.sha256) == (
            other.rows,
            other.last_id,
            other.sha256,
        )

    __hash__ = None  # type: ignore[assignment]
