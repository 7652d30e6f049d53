"""Puts queries to a SQLite file that belongs to another program, each in a thread: a statement may take its time."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import TYPE_CHECKING, TypeVar

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.database import inode_of
from autoconfig.mapping.query.database import BATCH, LISTING_LIMIT, ROWS, STATEMENT_LIMIT, Answer, Statement
from autoconfig.mapping.sqlite_errors import trouble_of
from autoconfig.mapping.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from autoconfig.mapping.place import Place

_BUSY = 1.0  # seconds that a reader waits for a writer: in the rollback journal mode it has to
_STEPS = 10_000  # of SQLite's machine, between two looks at the time

_Returned = TypeVar("_Returned")


class SQLiteQueries:
    """A `QuerySession` over a file, which it cannot write to."""

    def __init__(self, path: Path) -> None:
        """
        Open the file.

        Raises:
            MappingUnavailable: it is missing, locked or unreadable.
            SettingsInvalid: it is no SQLite database.
        """
        self._path, self._inode = path, inode_of(path)
        self._until = 0.0
        self._busy = self._closing = False
        self._connection = _open(path)
        self._connection.set_progress_handler(self._late, _STEPS)

    @classmethod
    async def opened(cls, place: Place) -> SQLiteQueries:
        """A session with the file of a place. Raises: as when one is made."""
        return await asyncio.to_thread(cls, place.path)

    @property
    def lost(self) -> bool:
        """See `QuerySession`: also where another file was put in its place."""
        return self._closing or inode_of(self._path) != self._inode

    async def answer(self, statement: Statement) -> Answer:
        """See `QuerySession`."""
        if self.lost:
            raise MappingUnavailable(f"{self._path}: is another file now, or gone")

        def read() -> Answer:
            cursor = self._connection.execute(statement.text, statement.values)
            return Answer(_columns(cursor), cursor.fetchmany(ROWS))

        return await asyncio.to_thread(self._reading, read, STATEMENT_LIMIT)

    async def listing(self, statement: Statement) -> AsyncGenerator[Answer, None]:
        """See `QuerySession`."""

        def begin() -> sqlite3.Cursor:
            return self._connection.execute(statement.text, statement.values)

        until = time.monotonic() + LISTING_LIMIT
        cursor = await asyncio.to_thread(self._reading, begin, LISTING_LIMIT)
        columns = _columns(cursor)
        while rows := await asyncio.to_thread(self._reading, lambda: cursor.fetchmany(BATCH), until - time.monotonic()):
            yield Answer(columns, rows)

    def close(self) -> None:
        """See `QuerySession`. A statement that runs is ended, and closes after itself."""
        self._closing = True
        if self._busy:
            self._connection.interrupt()
        else:
            self._connection.close()

    def _reading(self, read: Callable[[], _Returned], limit: float) -> _Returned:
        self._busy, self._until = True, time.monotonic() + limit
        try:
            return read()
        except sqlite3.Error as error:
            raise _named(self._path, error) from error
        finally:
            self._busy = False
            if self._closing:
                self._connection.close()

    def _late(self) -> bool:
        return self._closing or time.monotonic() > self._until


def _open(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise MappingUnavailable(f"{path}: there is no such file; check the setting database")
    connection = None
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY, check_same_thread=False)
        connection.text_factory = _text
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        # Nothing was to be written: what SQLite would write is the index of the log, beside the file.
        if trouble_of(error) is Trouble.READ_ONLY:
            raise MappingUnavailable(
                f"{path}: {error}; a file in WAL mode can be read only by who may write its folder"
            ) from error
        raise _named(path, error) from error
    return connection


def _named(path: Path, error: sqlite3.Error) -> SettingsInvalid | MappingUnavailable:
    """What SQLite says; what it says of a statement has the number 1, and nothing else has."""
    trouble = trouble_of(error)
    if trouble is Trouble.NO_DATABASE:
        return SettingsInvalid(f"database: {path}: is not a SQLite database")
    if trouble in {Trouble.STATEMENT, Trouble.READ_ONLY}:
        return SettingsInvalid(f"{path} refuses it: {error}")
    return MappingUnavailable(f"{path}: {error}")


def _text(value: bytes) -> str | bytes:
    """SQLite takes any bytes for text; what is none stays bytes, and is refused by the name of its column."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _columns(cursor: sqlite3.Cursor) -> tuple[str, ...]:
    return tuple(column[0] for column in cursor.description or ())
