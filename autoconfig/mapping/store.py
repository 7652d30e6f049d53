"""The mapping for commands: read histories, append rows. Rows are never updated or deleted."""

from __future__ import annotations

import contextlib
import getpass
import itertools
import operator
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete, false, func, inspect, select, text, update

from autoconfig.errors import DatabaseForeign, Refused
from autoconfig.mapping import copy_marker
from autoconfig.mapping.batches import batched
from autoconfig.mapping.clocks import check_clocks
from autoconfig.mapping.record import LAST_ID, Record, foreign_row, read_record
from autoconfig.mapping.schema import mapping, state
from autoconfig.mapping.store_database import open_database
from autoconfig.mapping.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import Connection, Select

    from autoconfig.mapping.store_database import Database

BATCH = 5000
"""Rows read or written at a time."""


class Change(NamedTuple):
    """A row to append, without id, author and time."""

    name: str
    valid_from: int
    plan: str | None
    params: str
    note: str | None = None
    at_once: bool = False
    """Whether it takes effect when it is written; `valid_from` is then the current time (`clocks.now_for`)."""


class Journal:
    """A mapping database, opened for a command."""

    def __init__(self, url: str, setting: str = "database") -> None:
        """
        Open the database; errors name the `setting` that the URL is from.

        Raises:
            MappingUnavailable: the database is missing, locked or unreadable.
            ConfigurationInvalid: it is not a mapping database, or its schema is of another release.
        """
        self._database = open_database(url, setting)

    @property
    def shown(self) -> str:
        """Its URL or path, without the password."""
        return self._database.location.shown

    @property
    def source(self) -> str | None:
        """The database that this one is a read-only copy of; `None`: it is not a copy."""
        with self._database.reading() as connection:
            return _source(connection)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reading]:
        """A consistent view of the mapping."""
        with self._database.reading() as connection:
            yield Reading(connection, self._database)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writing]:
        """
        A transaction of the only writer: all appended rows become visible together at the end, or none.

        Raises:
            MappingUnavailable: another writer did not finish within 10 seconds.
            Refused: the database is a copy, or on a server whose clock differs from this machine's.
        """
        with self._database.writing() as connection:
            if (clock := self._database.clock(connection)) is not None:
                check_clocks(self.shown, clock, time.time())
            refuse_copy(self.shown, _source(connection))
            yield Writing(connection, self._database)

    def settle(self) -> None:
        """Make reading fast after many rows were written."""
        self._database.settle()


class Reading:
    """A consistent view."""

    def __init__(self, connection: Connection, database: Database) -> None:
        self._connection, self._database = connection, database
        self._place = database.location.shown

    def is_standby(self) -> bool:
        """Whether the rows come from a server that replicates another one, and may be behind it."""
        return self._database.is_standby(self._connection)

    def timeline(self, name: str) -> Timeline[Record]:
        """All rows of one name."""
        statement = select(mapping).where(mapping.c.name == name).order_by(mapping.c.valid_from, mapping.c.id)
        return Timeline(self._records(statement))

    def timelines(self) -> Iterator[tuple[str, Timeline[Record]]]:
        """All names in order, each with its rows; reads in pages of some thousand rows."""
        statement = select(mapping).order_by(mapping.c.name, mapping.c.valid_from, mapping.c.id)
        last = ""
        while page := self._page(statement.where(mapping.c.name > last)):
            last = page[-1].name
            for name, of_name in itertools.groupby(page, key=operator.attrgetter("name")):
                is_cut = name == last and len(page) == BATCH
                yield name, self.timeline(name) if is_cut else Timeline(list(of_name))

    def since(self, identity: int, up_to: int | None = None) -> Iterator[Record]:
        """All rows with an id above `identity`, up to and including `up_to`, in id order; reads in pages."""
        statement = select(mapping).order_by(mapping.c.id)
        if up_to is not None:
            statement = statement.where(mapping.c.id <= up_to)
        while page := self._page(statement.where(mapping.c.id > identity)):
            yield from page
            identity = page[-1].id

    def _page(self, statement: Select[Any]) -> list[Record]:
        """
        The first rows. Streaming a result would block other statements on MariaDB, and callers that stop early would
        have to drain it. Instead, each page is found by an index.
        """
        return self._records(statement.limit(BATCH))

    def _records(self, statement: Select[Any]) -> list[Record]:
        # Errors are named here: a caller that reads one database while writing another would name the wrong one.
        with self._database.named_errors():
            return [read_record(row, self._place) for row in self._connection.execute(statement)]

    def _value(self, statement: Select[Any]) -> Any:
        with self._database.named_errors():
            return self._connection.execute(statement).scalar_one()

    def last_id(self) -> int:
        """
        The highest id; 0 if there is no row.

        Raises:
            DatabaseForeign: it is not a number, which sorts above all numbers in SQLite.
        """
        last = self._value(select(func.coalesce(func.max(mapping.c.id), 0)))
        if type(last) is not int:
            raise DatabaseForeign(f"{self._place}: {foreign_row(last, 'its id is not a number')}")
        return last

    def generation(self) -> str:
        """The random name of the history that the ids belong to; it changes when all rows are replaced."""
        return str(self._value(select(state.c.generation)))

    def count(self) -> int:
        """The number of rows, as a total for progress."""
        return int(self._value(select(func.count()).select_from(mapping)))


class Writing(Reading):
    """A view to which rows can be appended."""

    def __init__(self, connection: Connection, database: Database) -> None:
        super().__init__(connection, database)
        self._who, self._now = _user(), int(time.time())

    def append(self, changes: Iterable[Change]) -> None:
        """Append changes, each with the next id."""
        identities = itertools.count(self._next_id())
        self.copy(self._record(change, next(identities)) for change in changes)

    def copy(self, records: Iterable[Record]) -> None:
        """Insert rows of another mapping database with their ids."""
        for batch in batched(records, BATCH):
            self._database.append(self._connection, batch)

    def may_replace_all(self) -> None:
        """
        Check that `replace_all` is allowed, before expensive preparations; writes nothing.

        Raises:
            MappingUnavailable: it is not allowed.
        """
        with self._database.named_errors():
            self._connection.execute(delete(mapping).where(false()))
            self._connection.execute(update(state).where(false()).values(generation=""))

    def replace_all(self, generation: str) -> None:
        """Delete all rows and begin a new history with this generation."""
        with self._database.named_errors():
            self._connection.execute(delete(mapping))
            self._connection.execute(update(state).values(generation=generation))

    def append_one(self, change: Change) -> Record:
        """Append one change and return its row."""
        record = self._record(change, self._next_id())
        self._database.append(self._connection, [record])
        return record

    def _next_id(self) -> int:
        last = self.last_id()
        if last >= LAST_ID:
            raise DatabaseForeign(f"{self._place}: {foreign_row(last, 'no id is left above it')}")
        return last + 1

    def _record(self, change: Change, identity: int) -> Record:
        name, valid_from, plan, params, note, at_once = change
        recorded_at = valid_from if at_once else self._now
        return Record(identity, name, valid_from, plan, params, note, self._who, recorded_at)


def refuse_copy(place: str, source: str | None) -> None:
    """
    Check that a database is not a copy; `source` is the database that it would be a copy of.

    Raises:
        Refused: it is a copy.
    """
    if source is not None:
        raise Refused(
            f"{place}: is a copy of {source}; nothing was written: change the mapping there, this copy will follow"
        )


def _source(connection: Connection) -> str | None:
    """The database that this one is a copy of; `None`: it is not a copy."""
    if not inspect(connection).has_table(copy_marker.TABLE):
        return None
    return str(connection.execute(text(copy_marker.SOURCE)).scalar())


def _user() -> str:
    try:
        return getpass.getuser()[:255]
    except (OSError, KeyError):  # a container's user may have no name
        return "unknown"
