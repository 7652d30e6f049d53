"""A row to write, and how many there are."""

from __future__ import annotations

from contextlib import closing

from autoconfig.mapping.store import Change, Journal

CHANGE = Change("a.example", 1, "p", "{}")


def append(url: str) -> None:
    """Write one row."""
    with closing(Journal(url)) as journal, journal.writing() as writing:
        writing.append([CHANGE])


def count(url: str) -> int:
    """Read."""
    with closing(Journal(url)) as journal, journal.reading() as reading:
        return reading.count()
