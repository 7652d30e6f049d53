"""Puts queries to one MariaDB server that belongs to another program, or to a MySQL server, with aiomysql."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import aiomysql  # type: ignore[import-untyped]
import pymysql

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.query.database import BATCH, LISTING_LIMIT, ROWS, STATEMENT_LIMIT, Answer, Statement
from autoconfig.mapping.sources.mariadb import connect, unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from autoconfig.mapping.place import Host, Place

# Errors of the server that pass, though their numbers are those of errors of a statement: it has no room, it stops, the
# statement was ended, waited too long for a lock, or met a deadlock.
_PASSING = frozenset({1020, 1030, 1040, 1053, 1129, 1203, 1205, 1213, 1226, 1317, 1412, 1615, 1927, 1969, 3024, 4031})
# After these no other statement is answered on the connection: the server stops, it was killed, or was idle for long.
_LAST_WORDS = frozenset({1053, 1927, 4031})
_OF_STATEMENTS = range(1000, 2000)
_UNKNOWN_VARIABLE = 1193
_LIMITS = ("max_statement_time = {seconds}", "max_execution_time = {milliseconds}")
"""MariaDB counts in seconds, MySQL in milliseconds and under another name."""


class _Silent:
    """
    What makes a cursor of aiomysql leave the server's notes where they are. It would ask for them and show each as a
    warning of Python; what a table of somebody else's is compared with is not ours to mend, and would fill the log.
    """

    async def _show_warnings(self, _connection: object) -> None:
        pass


class _Cursor(_Silent, aiomysql.Cursor):  # type: ignore[misc] # it has no types
    """All rows at once."""


class _Stream(_Silent, aiomysql.SSCursor):  # type: ignore[misc]
    """Rows as they come."""


class MariaDBQueries:
    """A `QuerySession`; each statement is a transaction that only reads."""

    def __init__(self, connection: Any, where: str) -> None:
        self._connection, self._where, self._ended = connection, where, False

    @classmethod
    async def opened(cls, place: Place, host: Host) -> MariaDBQueries:
        """
        A session with one of the hosts of a place.

        Raises:
            MappingUnavailable: it cannot be reached, or refuses us.
            SettingsInvalid: a file that the URL names cannot be read.
        """
        connection, where = await connect(place, host, "SET SESSION TRANSACTION READ ONLY")
        session = cls(connection, where)
        try:
            await session._limit(STATEMENT_LIMIT)
        except BaseException:
            session.close()
            raise
        return session

    @property
    def lost(self) -> bool:
        """See `QuerySession`."""
        return self._ended or bool(self._connection.closed)

    async def answer(self, statement: Statement) -> Answer:
        """See `QuerySession`."""
        try:
            async with self._connection.cursor(_Cursor) as cursor:
                await _execute(cursor, statement)
                return Answer(_columns(cursor), await cursor.fetchmany(ROWS))
        except (pymysql.Error, OSError, RuntimeError, UnicodeError) as error:
            raise self._named(error) from error

    async def listing(self, statement: Statement) -> AsyncGenerator[Answer, None]:
        """See `QuerySession`."""
        await self._limit(LISTING_LIMIT)
        try:
            async with self._connection.cursor(_Stream) as cursor:
                await _execute(cursor, statement)
                while rows := await cursor.fetchmany(BATCH):
                    yield Answer(_columns(cursor), rows)
        except (pymysql.Error, OSError, RuntimeError, UnicodeError) as error:
            raise self._named(error) from error

    def close(self) -> None:
        """See `QuerySession`."""
        self._connection.close()

    async def _limit(self, seconds: float) -> None:
        for limit in _LIMITS:
            assignment = limit.format(seconds=seconds, milliseconds=int(seconds * 1000))
            try:
                async with self._connection.cursor(_Cursor) as cursor:
                    await cursor.execute(f"SET SESSION {assignment}")
                    return
            except (pymysql.Error, OSError, RuntimeError) as error:
                if not error.args or error.args[0] != _UNKNOWN_VARIABLE:
                    raise unavailable(self._where, error) from error

    def _named(self, error: Exception) -> SettingsInvalid | MappingUnavailable:
        """What the driver says; a statement's own errors are told from those that pass by their numbers."""
        number = error.args[0] if error.args else None
        self._ended = self._ended or number in _LAST_WORDS
        if isinstance(number, int) and number in _OF_STATEMENTS and number not in _PASSING:
            return SettingsInvalid(f"{self._where} refuses it: {' '.join(str(error.args[-1]).split())}")
        return unavailable(self._where, error)


async def _execute(cursor: Any, statement: Statement) -> None:
    await cursor.execute(statement.text, dict(statement.values) or None)


def _columns(cursor: Any) -> tuple[str, ...]:
    return tuple(column[0] for column in cursor.description or ())
