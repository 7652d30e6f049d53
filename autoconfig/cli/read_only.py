"""The mapping for commands that only read: our own rows, or what a query answers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from autoconfig.cli.output import say
from autoconfig.errors import AutoconfigError, MappingUnavailable
from autoconfig.mapping.clocks import begins
from autoconfig.mapping.copy_marker import copy_in
from autoconfig.mapping.copy_status import read_status
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.memory import MemoryFinder
from autoconfig.mapping.timeline import Row, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.lookup.listing import QueryReading
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.store import Journal, Reading
    from autoconfig.settings import Settings


@contextlib.contextmanager
def looked_at(settings: Settings, now: int) -> Iterator[Reading | QueryReading]:
    """
    Open the mapping of the settings for reading; the rows of a query hold since `now` (Unix seconds).

    Raises:
        MappingUnavailable, ConfigurationInvalid: the database cannot be used.
    """
    if settings.query is None:
        from autoconfig.mapping.store import Journal

        with contextlib.closing(Journal(settings.database)) as journal, journal.reading() as reading:
            yield reading
        return
    from autoconfig.mapping.lookup.finder import open_query
    from autoconfig.mapping.lookup.listing import QueryReading

    with QueryReading(*open_query(settings.database, settings), now) as reading:
        yield reading


@contextlib.contextmanager
def answered_from(settings: Settings, now: int) -> Iterator[tuple[Reading | QueryReading, float | None]]:
    """
    Open it to look up one name; if the database server is away, open the local copy and print so on standard error.

    Yields:
        The mapping, and the age of the local copy in seconds, or `None` if it is not the copy or its age is unknown.

    Raises:
        MappingUnavailable, ConfigurationInvalid: neither the database nor the copy can be used.
    """
    with contextlib.ExitStack() as held:
        age = None
        try:
            reading = held.enter_context(looked_at(settings, now))
        except MappingUnavailable as error:
            copy = _copy_of(settings)
            if copy is None:
                raise
            reading = held.enter_context(held.enter_context(contextlib.closing(copy)).reading())
            age = read_status(copy_in(settings.state_dir)).age
            old = "of unknown age" if age is None else f"{age:.0f} s old"
            say(f"{error}\nanswered from the local copy, which is {old}", err=True)
        yield reading, age


def _copy_of(settings: Settings) -> Journal | None:
    """The local copy of the configured database, if it exists."""
    from autoconfig.mapping.store import Journal

    path, location = copy_in(settings.state_dir), DatabaseLocation.parse(settings.database)
    if settings.query is not None or location.kind is Kind.SQLITE or not path.exists():
        return None
    with contextlib.suppress(AutoconfigError):  # the server reports what is wrong with the copy
        copy = Journal(f"sqlite:///{path}")
        if copy.source == location.shown:
            return copy
        copy.close()
    return None


class ReadingFinder(MemoryFinder):
    """Find rows in a view of the mapping, for a command."""

    def __init__(self, reading: Reading | QueryReading) -> None:
        super().__init__()
        self._reading = reading

    async def find(self, name: Domain) -> Timeline[Row]:
        """Find the rows of a name."""
        rows = self._reading.timeline(name.name).rows
        return Timeline([Row(row.id, begins(row), row.plan, row.params) for row in rows])


def prospect(timeline: Timeline[Record], now: int) -> list[Record]:
    """The rows that will hold after `now` (Unix seconds), in order; of rows that begin together, only the newest."""
    return list({row.valid_from: row for row in timeline.rows if row.valid_from > now}.values())


def tell_faults(reading: Reading | QueryReading) -> None:
    """Print on standard error the names that were left out because the query's answer for them cannot be read."""
    for fault in getattr(reading, "faults", ()):
        say(f"left out: {fault}", err=True)
