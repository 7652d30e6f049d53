"""The mapping as commands look at it that change nothing: rows of ours, or what a query answers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.mapping.journal import Reading
    from autoconfig.mapping.query.listing import QueryReading
    from autoconfig.mapping.schema import Record
    from autoconfig.mapping.timeline import Timeline
    from autoconfig.settings import Settings


@contextlib.contextmanager
def looked_at(settings: Settings, now: int) -> Iterator[Reading | QueryReading]:
    """
    The mapping of the settings, closed afterwards; the rows of a query hold since `now` (Unix seconds).

    Raises:
        MappingUnavailable, ConfigurationInvalid: the database cannot be used.
    """
    if settings.query is None:
        from autoconfig.mapping.journal import Journal

        with contextlib.closing(Journal(settings.database)) as journal, journal.reading() as reading:
            yield reading
        return
    from autoconfig.mapping.query.finder import open_query
    from autoconfig.mapping.query.listing import QueryReading

    with QueryReading(*open_query(settings.database, settings), now) as reading:
        yield reading


def prospect(timeline: Timeline[Record], now: int) -> list[Record]:
    """The rows that will hold after `now` (Unix seconds), in order; of those that begin together, only the newest."""
    return list({row.valid_from: row for row in timeline.rows if row.valid_from > now}.values())


def tell_faults(reading: Reading | QueryReading) -> None:
    """Say on standard error which names were left out, because what the query says of them cannot be read."""
    for fault in getattr(reading, "faults", ()):
        typer.echo(f"left out: {fault}", err=True)
