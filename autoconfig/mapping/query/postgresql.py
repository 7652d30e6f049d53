"""Puts queries to one PostgreSQL server that belongs to another program, with psycopg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.query.database import BATCH, LISTING_LIMIT, ROWS, STATEMENT_LIMIT, Answer, Statement
from autoconfig.mapping.sources.postgresql import connect, unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from autoconfig.mapping.place import Host, Place


class PostgreSQLQueries:
    """A `QuerySession`; each statement is a transaction that only reads."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], where: str) -> None:
        self._connection, self._where = connection, where

    @classmethod
    async def opened(cls, place: Place, host: Host) -> PostgreSQLQueries:
        """
        A session with one of the hosts of a place.

        Raises:
            MappingUnavailable: it cannot be reached, or refuses us.
            SettingsInvalid: a file that the URL names cannot be read.
        """
        connection, where = await connect(place, host)
        session = cls(connection, where)
        try:
            await session._set("default_transaction_read_only = on")
            await session._set(f"statement_timeout = {int(STATEMENT_LIMIT * 1000)}")
        except BaseException:
            session.close()
            raise
        return session

    @property
    def lost(self) -> bool:
        """See `QuerySession`."""
        return self._connection.closed

    async def answer(self, statement: Statement) -> Answer:
        """See `QuerySession`."""
        try:
            cursor = await self._connection.execute(statement.text.encode(), statement.values or None)
            return Answer(_columns(cursor), await cursor.fetchmany(ROWS))
        except (psycopg.Error, OSError, UnicodeError) as error:
            raise self._named(error) from error

    async def listing(self, statement: Statement) -> AsyncGenerator[Answer, None]:
        """See `QuerySession`."""
        await self._set(f"statement_timeout = {int(LISTING_LIMIT * 1000)}")
        try:
            async with self._connection.transaction(), self._connection.cursor("listing") as cursor:
                await cursor.execute(statement.text.encode(), statement.values or None)
                columns = _columns(cursor)
                while rows := await cursor.fetchmany(BATCH):
                    yield Answer(columns, rows)
        except (psycopg.Error, OSError, UnicodeError) as error:
            raise self._named(error) from error

    def close(self) -> None:
        """See `QuerySession`."""
        self._connection.pgconn.finish()

    async def _set(self, what: str) -> None:
        try:
            await self._connection.execute(f"SET {what}".encode())
        except (psycopg.Error, OSError) as error:
            raise unavailable(self._where, error) from error

    def _named(self, error: Exception) -> SettingsInvalid | MappingUnavailable:
        """What the driver says: an operational error passes, any other one is the statement's own."""
        if isinstance(error, psycopg.Error) and not isinstance(error, psycopg.OperationalError) and not self.lost:
            said = error.diag.message_primary or " ".join(str(error).split())
            return SettingsInvalid(f"{self._where} refuses it: {said}")
        return unavailable(self._where, error)


def _columns(cursor: psycopg.AsyncCursor[Any] | psycopg.AsyncServerCursor[Any]) -> tuple[str, ...]:
    return tuple(column.name for column in cursor.description or ())
