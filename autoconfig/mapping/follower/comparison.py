"""Compare the rows of a copy with those of the store, by count and SHA-256, one part at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.mapping.digest import Digest

if TYPE_CHECKING:
    from autoconfig.mapping.follower.copy_file import CopyFile
    from autoconfig.mapping.progress import OnProgress
    from autoconfig.mapping.store import Reading

STEP = 10_000
"""Rows compared per look: new changes must not wait for a comparison of a million rows."""


class Differs(Exception):
    """Rows with the same ids differ."""


class Comparison:
    """A comparison of all rows up to an id, one part at a time, which is possible because rows never change."""

    def __init__(self, up_to: int) -> None:
        self._up_to, self._at = up_to, 0
        self._here, self._there = Digest(), Digest()

    def go_on(self, file: CopyFile, store: Reading, on_progress: OnProgress) -> bool:
        """
        Compare the next rows. Returns whether those were the last.

        Raises:
            Differs: the rows are not equal.
        """
        if self._at < self._up_to:
            end = min(self._at + STEP, self._up_to)
            self._here.add(file.since(self._at, end))
            self._there.add(store.since(self._at, end))
            if self._here != self._there:
                raise Differs
            self._at = end
            on_progress("comparing rows", end, self._up_to)
        return self._at >= self._up_to
