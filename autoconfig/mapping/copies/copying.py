"""Copies a whole history from one database into another, of whatever engine, and sees that both have the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import MappingUnavailable, Refused
from autoconfig.mapping.copies.digest import Digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.mapping.journal import Journal, Reading

    Told = Callable[[str, int, int], None]
    """Is told now and then what is being done, how many rows or pages are done, and of how many."""


class Copied(NamedTuple):
    """What a copy came to."""

    digest: Digest
    """Of all rows, in either database."""
    before: int
    """Rows that an earlier copy had brought."""
    later: int
    """Rows that were written to the source while the others were copied; they are in the target too."""


def copy(source: Journal, target: Journal, told: Told = lambda _what, _done, _of: None) -> Copied:
    """
    Copy all rows into a database that has none, or whose rows are the first ones of the source.

    Most are copied while others may write to the source, in one transaction of the target; then those that came
    meanwhile, with the source's writers held off for as long as that takes. A replica has no writers.

    Raises:
        Refused: the target has rows of its own; nothing was written.
        MappingUnavailable: one of them cannot be used, or a writer of the source does not end: copy once more.
    """
    both = _Both(target, told)
    with source.reading() as reading:
        before = both.compare(reading)
        both.copy(reading, "copying")
    rows = both.here.rows
    if source.source is None:
        with source.writing() as reading:
            both.copy(reading, "copying what came meanwhile")
    target.settle()
    return Copied(both.here, before, both.here.rows - rows)


class _Both:
    """What is known of the rows of both databases so far."""

    def __init__(self, target: Journal, told: Told) -> None:
        self._target, self._told = target, told
        self.here, self.there = Digest(), Digest()

    def compare(self, source: Reading) -> int:
        """See that the target's rows, if there are any, are the first ones of the source; how many there are."""
        with self._target.reading() as target:
            count = target.count()
            if count:
                last, same = target.last_id(), target.generation() == source.generation()
                if same:
                    advance = counting(self._told, "comparing", count)
                    self.there.add(target.since(0), advance)
                    self.here.add(source.since(0, last))
                if self.here != self.there or not same:
                    raise Refused(
                        f"{self._target.shown}: has {count} rows of its own; nothing was written: name an empty one"
                    )
        return count

    def copy(self, source: Reading, what: str) -> None:
        """Copy the rows after those that are known, in one transaction."""
        last = self.there.last_id
        with self._target.writing() as target:
            if target.last_id() != last:
                raise Refused(f"{self._target.shown}: somebody else writes to it; nothing was written")
            if not last:
                target.replace_all(source.generation())
            advance = counting(self._told, what, max(0, source.last_id() - last))
            target.copy(self.here.passing(source.since(last)), advance)
            self.there.add(target.since(last))
            if self.here != self.there:
                raise MappingUnavailable(
                    f"{self._target.shown}: does not give back the rows that it was given; nothing was written"
                )


def counting(told: Told, what: str, total: int) -> Callable[[int], None]:
    """Adds up the numbers that it is called with, and tells the sum of `total`."""
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        told(what, done, total)

    return advance
