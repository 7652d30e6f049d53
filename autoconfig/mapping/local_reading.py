"""Read whole rows of the local SQLite file, for people who look up a domain."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.clocks import now_for
from autoconfig.mapping.copy_marker import copy_in
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.record import COLUMNS, Record, read_record, text_or_octets
from autoconfig.mapping.sqlite_finder import open_file
from autoconfig.mapping.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.timeline import Row

_ROWS = f"SELECT {COLUMNS} FROM mapping WHERE name = ? ORDER BY valid_from, id"  # noqa: S608 (our own)
# The primary key begins with the name: both ends of the range are found in it, however many rows there are.
_NAMES = "SELECT DISTINCT name FROM mapping WHERE name >= ? AND name < ? ORDER BY name LIMIT ?"
_AFTER_ALL = "\x7f"
"""Greater than every character of a name in A-labels."""


class LocalReading:
    """The mapping on this machine: the store itself, or the copy of a server's."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection, self._path = connection, path

    def timeline(self, name: str) -> Timeline[Record]:
        """All rows of one name."""
        return Timeline([read_record(row, str(self._path)) for row in self._rows(_ROWS, (name,))])

    def names_from(self, beginning: str, most: int) -> list[str]:
        """The first `most` names, in order, that begin with a text in lower case; ended ones are among them."""
        return [str(name) for (name,) in self._rows(_NAMES, (beginning, beginning + _AFTER_ALL, most))]

    def plan_of(self, name: str, now: int) -> str | None:
        """The key of the plan of a name now (Unix seconds); `None` if it has none."""
        timeline = self.timeline(name)
        row = timeline.at(now_for(timeline, now))
        return row.plan if row else None

    def _rows(self, statement: str, values: tuple[object, ...]) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise MappingUnavailable(f"{self._path}: {error}") from error


def as_records(name: Domain, found: Timeline[Row], now: int) -> Timeline[Record]:
    """The rows that a query gave for a name, as whole rows: without ids, since `now` (Unix seconds)."""
    return Timeline([Record(0, name.name, now, row.plan, row.params, None, "the query", now) for row in found.rows])


@contextlib.contextmanager
def local_reading(url: str, state_dir: Path) -> Iterator[LocalReading]:
    """
    Open the local file of the mapping at `url` for reading. It takes a millisecond: call it in a thread.

    Raises:
        MappingUnavailable, ConfigurationInvalid: see `open_file`.
    """
    location = DatabaseLocation.parse(url)
    path = location.path if location.kind is Kind.SQLITE else copy_in(state_dir)
    with contextlib.closing(open_file(path)) as connection:
        connection.text_factory = text_or_octets
        yield LocalReading(connection, path)
