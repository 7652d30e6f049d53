"""The whole mapping for the commands: reads histories, appends rows. Rows are never updated or deleted."""

from __future__ import annotations

import contextlib
import getpass
import itertools
import operator
import time
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import delete, func, insert, select, update

from autoconfig.mapping.engine import checkpoint, named_errors, open_engine
from autoconfig.mapping.schema import Record, mapping, state
from autoconfig.mapping.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection

BATCH = 5000
"""Rows handed to the database at a time."""


class Change(NamedTuple):
    """A row to be: what it will say once it has an id."""

    name: str
    valid_from: int
    plan: str | None
    params: str
    note: str | None = None


class Journal:
    """A mapping database, opened by a command."""

    def __init__(self, url: str) -> None:
        """
        Open the database.

        Raises:
            MappingUnavailable: it is missing, locked or unreadable.
            ConfigurationInvalid: it is not ours, or its schema is of another release.
        """
        self._url = url
        self._engine = open_engine(url)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Reading]:
        """One consistent view of the mapping."""
        with named_errors(self._url), self._engine.connect().execution_options(reading=True) as connection:
            yield Reading(connection)

    @contextlib.contextmanager
    def writing(self) -> Iterator[Writing]:
        """
        The one writer: all that is appended becomes visible together at the end, or not at all.

        Raises:
            MappingUnavailable: another writer did not end within 10 seconds.
        """
        with named_errors(self._url), self._engine.begin() as connection:
            yield Writing(connection)

    def checkpoint(self) -> None:
        """After much was written: put it where readers find it fastest."""
        with named_errors(self._url):
            checkpoint(self._engine)


class Reading:
    """A consistent view."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def timeline(self, name: str) -> Timeline[Record]:
        """All rows of one name."""
        statement = select(mapping).where(mapping.c.name == name).order_by(mapping.c.valid_from, mapping.c.id)
        return Timeline([_record(row) for row in self._connection.execute(statement)])

    def timelines(self) -> Iterator[tuple[str, Timeline[Record]]]:
        """All names in order, each with its rows; streamed."""
        statement = select(mapping).order_by(mapping.c.name, mapping.c.valid_from, mapping.c.id)
        rows = self._connection.execute(statement, execution_options={"yield_per": BATCH})
        for name, of_name in itertools.groupby(map(_record, rows), key=operator.attrgetter("name")):
            yield name, Timeline(list(of_name))

    def since(self, identity: int) -> Iterator[Record]:
        """All rows with a higher id, in order of their ids; streamed."""
        statement = select(mapping).where(mapping.c.id > identity).order_by(mapping.c.id)
        yield from map(_record, self._connection.execute(statement, execution_options={"yield_per": BATCH}))

    def last_id(self) -> int:
        """The highest id, 0 where there is no row."""
        return int(self._connection.execute(select(func.coalesce(func.max(mapping.c.id), 0))).scalar_one())

    def generation(self) -> str:
        """Which history the ids belong to; drawn anew when it is replaced."""
        return str(self._connection.execute(select(state.c.generation)).scalar_one())

    def count(self) -> int:
        """How many rows there are: what a progress bar ends at."""
        return int(self._connection.execute(select(func.count()).select_from(mapping)).scalar_one())


class Writing(Reading):
    """A view that rows can be appended to."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._who, self._now = _user(), int(time.time())

    def append(self, changes: Iterable[Change], advance: Callable[[int], None] = lambda _written: None) -> None:
        """Give each change the next id and write it; `advance` is told how many rows each batch had."""
        identities = itertools.count(self.last_id() + 1)
        self.copy((self._record(change, next(identities)) for change in changes), advance)

    def copy(self, records: Iterable[Record], advance: Callable[[int], None] = lambda _written: None) -> None:
        """Write rows as they are, with their ids: what another mapping database has."""
        remaining = iter(records)
        while batch := list(itertools.islice(remaining, BATCH)):
            self._connection.execute(insert(mapping), [record._asdict() for record in batch])
            advance(len(batch))

    def replace_all(self, generation: str) -> None:
        """Forget every row; the history that is written next is another one."""
        self._connection.execute(delete(mapping))
        self._connection.execute(update(state).values(generation=generation))

    def append_one(self, change: Change) -> Record:
        """Write one change, and say what it became."""
        record = self._record(change, self.last_id() + 1)
        self._connection.execute(insert(mapping), record._asdict())
        return record

    def _record(self, change: Change, identity: int) -> Record:
        name, valid_from, plan, params, note = change
        return Record(identity, name, valid_from, plan, params, note, self._who, self._now)


def _record(row: Iterable[object]) -> Record:
    return Record._make(row)


def _user() -> str:
    try:
        return getpass.getuser()[:255]
    except (OSError, KeyError):  # a container's user has a number only
        return "unknown"
