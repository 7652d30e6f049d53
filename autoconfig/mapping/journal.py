"""The whole mapping for the commands: reads histories, appends rows. Rows are never updated or deleted."""

from __future__ import annotations

import contextlib
import getpass
import itertools
import operator
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import delete, false, func, inspect, select, text, update

from autoconfig.errors import Refused
from autoconfig.mapping import mark
from autoconfig.mapping.batches import batched
from autoconfig.mapping.engine import open_database
from autoconfig.mapping.schema import Record, mapping, state
from autoconfig.mapping.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection, Select

    from autoconfig.mapping.engine import Database

BATCH = 5000
"""Rows read or written at a time."""


class Change(NamedTuple):
    """A row to be: what it will say once it has an id."""

    name: str
    valid_from: int
    plan: str | None
    params: str
    note: str | None = None


class Journal:
    """A mapping database, opened by a command."""

    def __init__(self, url: str, setting: str = "database") -> None:
        """
        Open the database; errors name the `setting` that the URL is from.

        Raises:
            MappingUnavailable: it is missing, locked or unreadable.
            ConfigurationInvalid: it is not ours, or its schema is of another release.
        """
        self._database = open_database(url, setting)

    @property
    def shown(self) -> str:
        """Where it is, without the password."""
        return self._database.place.shown

    @property
    def source(self) -> str | None:
        """Where the rows of a replica come from, which nobody may write to; `None`: it is no replica."""
        with self._database.reading() as connection:
            return _source(connection)

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reading]:
        """One consistent view of the mapping."""
        with self._database.reading() as connection:
            yield Reading(connection, self._database)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writing]:
        """
        The one writer: all that is appended becomes visible together at the end, or not at all.

        Raises:
            MappingUnavailable: another writer did not end within 10 seconds.
            Refused: it is a replica of another database.
        """
        with self._database.writing() as connection:
            refuse_replica(self.shown, _source(connection))
            yield Writing(connection, self._database)

    def settle(self) -> None:
        """After much was written: put it where readers find it fastest."""
        self._database.settle()


class Reading:
    """A consistent view."""

    def __init__(self, connection: Connection, database: Database) -> None:
        self._connection, self._database = connection, database

    def is_standby(self) -> bool:
        """Whether this is read from a server that follows another one, and may be behind it."""
        return self._database.is_standby(self._connection)

    def timeline(self, name: str) -> Timeline[Record]:
        """All rows of one name."""
        statement = select(mapping).where(mapping.c.name == name).order_by(mapping.c.valid_from, mapping.c.id)
        return Timeline(self._records(statement))

    def timelines(self) -> Iterator[tuple[str, Timeline[Record]]]:
        """All names in order, each with its rows; some thousand at a time."""
        statement = select(mapping).order_by(mapping.c.name, mapping.c.valid_from, mapping.c.id)
        last = ""
        while page := self._page(statement.where(mapping.c.name > last)):
            last = page[-1].name
            for name, of_name in itertools.groupby(page, key=operator.attrgetter("name")):
                is_cut = name == last and len(page) == BATCH
                yield name, self.timeline(name) if is_cut else Timeline(list(of_name))

    def since(self, identity: int, up_to: int | None = None) -> Iterator[Record]:
        """All rows with a higher id, or those up to and with `up_to`, by id; some thousand at a time."""
        statement = select(mapping).order_by(mapping.c.id)
        if up_to is not None:
            statement = statement.where(mapping.c.id <= up_to)
        while page := self._page(statement.where(mapping.c.id > identity)):
            yield from page
            identity = page[-1].id

    def _page(self, statement: Select[Any]) -> list[Record]:
        """
        The first rows. A result that is streamed would be in the way of other statements on one engine, and of whoever
        stops before its end; each page is found by an index instead.
        """
        return self._records(statement.limit(BATCH))

    def _records(self, statement: Select[Any]) -> list[Record]:
        # Named here: who reads one database while another one is written must not hear of the wrong one.
        with self._database.named_errors():
            return list(map(Record._make, self._connection.execute(statement)))

    def _value(self, statement: Select[Any]) -> Any:
        with self._database.named_errors():
            return self._connection.execute(statement).scalar_one()

    def last_id(self) -> int:
        """The highest id, 0 where there is no row."""
        return int(self._value(select(func.coalesce(func.max(mapping.c.id), 0))))

    def generation(self) -> str:
        """Which history the ids belong to; drawn anew when it is replaced."""
        return str(self._value(select(state.c.generation)))

    def count(self) -> int:
        """How many rows there are: what a progress bar ends at."""
        return int(self._value(select(func.count()).select_from(mapping)))


class Writing(Reading):
    """A view that rows can be appended to."""

    def __init__(self, connection: Connection, database: Database) -> None:
        super().__init__(connection, database)
        self._who, self._now = _user(), int(time.time())

    def append(self, changes: Iterable[Change], advance: Callable[[int], None] = lambda _written: None) -> None:
        """Give each change the next id and write it; `advance` is told how many rows each batch had."""
        identities = itertools.count(self.last_id() + 1)
        self.copy((self._record(change, next(identities)) for change in changes), advance)

    def copy(self, records: Iterable[Record], advance: Callable[[int], None] = lambda _written: None) -> None:
        """Write rows as they are, with their ids: what another mapping database has."""
        for batch in batched(records, BATCH):
            self._database.append(self._connection, batch)
            advance(len(batch))

    def may_replace_all(self) -> None:
        """
        See that `replace_all` is allowed, before much is done for it; nothing is written.

        Raises:
            MappingUnavailable: it is not.
        """
        with self._database.named_errors():
            self._connection.execute(delete(mapping).where(false()))
            self._connection.execute(update(state).where(false()).values(generation=""))

    def replace_all(self, generation: str) -> None:
        """Forget every row; the history that is written next is another one."""
        with self._database.named_errors():
            self._connection.execute(delete(mapping))
            self._connection.execute(update(state).values(generation=generation))

    def append_one(self, change: Change) -> Record:
        """Write one change, and say what it became."""
        record = self._record(change, self.last_id() + 1)
        self._database.append(self._connection, [record])
        return record

    def _record(self, change: Change, identity: int) -> Record:
        name, valid_from, plan, params, note = change
        return Record(identity, name, valid_from, plan, params, note, self._who, self._now)


def refuse_replica(place: str, source: str | None) -> None:
    """
    See that something may be written at a place; `source` is where its rows come from.

    Raises:
        Refused: it is a replica.
    """
    if source is not None:
        raise Refused(
            f"{place}: is a replica of {source}; nothing was written: change the mapping there, and it comes here"
        )


def _source(connection: Connection) -> str | None:
    """Where the rows of a replica come from; `None`: it is no replica."""
    if not inspect(connection).has_table(mark.TABLE):
        return None
    return str(connection.execute(text(mark.SOURCE)).scalar())


def _user() -> str:
    try:
        return getpass.getuser()[:255]
    except (OSError, KeyError):  # a container's user has a number only
        return "unknown"
