"""Copy a whole history from one database into another one of any engine, and verify that their rows are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import MappingUnavailable, Refused
from autoconfig.mapping.digest import Digest
from autoconfig.mapping.progress import counted, silent

if TYPE_CHECKING:
    from autoconfig.mapping.progress import OnProgress
    from autoconfig.mapping.store import Journal, Reading


class Copied(NamedTuple):
    """The result of a copy."""

    digest: Digest
    """The digest of all rows, the same for both databases."""
    before: int
    """Rows that were in the target already, from an earlier copy."""
    later: int
    """Rows that were written to the source during the copy; they are in the target too."""


def copy(source: Journal, target: Journal, on_progress: OnProgress = silent) -> Copied:
    """
    Copy all rows into a database that is empty or has the first rows of the source.

    Most rows are copied, in one transaction of the target, while others may write to the source. The rows written in
    the meantime follow under the source's writer lock. If the source is a local copy, it has no writers.

    Raises:
        Refused: the target has other rows; nothing was written.
        MappingUnavailable: one of the databases cannot be used, or a writer of the source does not finish: copy again.
    """
    both = _Both(target, on_progress)
    with source.reading() as reading:
        before = both.compare(reading)
        both.copy(reading, "copying")
    rows = both.here.rows
    if source.source is None:
        with source.writing() as reading:
            both.copy(reading, "copying new rows")
    target.settle()
    return Copied(both.here, before, both.here.rows - rows)


class _Both:
    """Both databases, with digests of the rows compared or copied so far."""

    def __init__(self, target: Journal, on_progress: OnProgress) -> None:
        self._target, self._on_progress = target, on_progress
        self.here, self.there = Digest(), Digest()

    def compare(self, source: Reading) -> int:
        """Check that the target's rows are the first rows of the source, and return their number."""
        with self._target.reading() as target:
            count = target.count()
            if count:
                last, same = target.last_id(), target.generation() == source.generation()
                if same:
                    self.there.add(counted(target.since(0), self._on_progress, "comparing", count))
                    self.here.add(source.since(0, last))
                if self.here != self.there or not same:
                    raise Refused(
                        f"{self._target.shown}: has {count} rows of its own; nothing was written: name an empty one"
                    )
        return count

    def copy(self, source: Reading, step: str) -> None:
        """Copy the remaining rows in one transaction."""
        last = self.there.last_id
        with self._target.writing() as target:
            if target.last_id() != last:
                raise Refused(f"{self._target.shown}: another program writes to it; nothing was written")
            if not last:
                target.replace_all(source.generation())
            total = max(0, source.last_id() - last)
            target.copy(self.here.passing(counted(source.since(last), self._on_progress, step, total)))
            self.there.add(target.since(last))
            if self.here != self.there:
                raise MappingUnavailable(
                    f"{self._target.shown}: the rows read back differ from those written; nothing was written"
                )
