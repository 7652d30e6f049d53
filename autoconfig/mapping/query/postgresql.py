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


# What is set in a transaction ends with it, and nothing in it can end its `transaction_read_only` once it has read.
_OF_A_TRANSACTION = (
    "SELECT set_config('transaction_read_only', 'on', true), set_config('statement_timeout', '{:.0f}', true)"
)
_OF_A_SESSION = (
    "SELECT set_config('default_transaction_read_only', 'on', false), set_config('statement_timeout', '{:.0f}', false)"
)


class PostgreSQLQueries:
    """
    A `QuerySession`; each statement is a transaction that only reads.

    Behind a pooler nothing outlives a transaction, neither a setting nor a prepared statement: it may give each one to
    another connection, and that connection to other programs afterwards.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any], where: str) -> None:
        self._connection, self._where, self._pooled = connection, where, True

    @classmethod
    async def opened(cls, place: Place, host: Host) -> PostgreSQLQueries:
        """
        A session with one of the hosts of a place.

        Raises:
            MappingUnavailable: it cannot be reached, or refuses us.
            SettingsInvalid: a file that the URL names cannot be read.
        """
        session = cls(*await connect(place, host))
        try:
            await session._settle()
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
            if self._pooled:
                # Both go out together, and are one transaction: it ends with the pipeline.
                async with self._connection.pipeline():
                    await self._bound(_OF_A_TRANSACTION, STATEMENT_LIMIT)
                    cursor = await self._put(statement)
            else:
                cursor = await self._put(statement)
            return Answer(_columns(cursor), await cursor.fetchmany(ROWS))
        except (psycopg.Error, OSError, UnicodeError) as error:
            raise self._named(error) from error

    async def listing(self, statement: Statement) -> AsyncGenerator[Answer, None]:
        """See `QuerySession`."""
        try:
            async with self._connection.transaction(), self._connection.cursor("listing") as cursor:
                await self._bound(_OF_A_TRANSACTION, LISTING_LIMIT)
                await cursor.execute(statement.text.encode(), statement.values or None)
                columns = _columns(cursor)
                while rows := await cursor.fetchmany(BATCH):
                    yield Answer(columns, rows)
        except (psycopg.Error, OSError, UnicodeError) as error:
            raise self._named(error) from error

    def close(self) -> None:
        """See `QuerySession`."""
        self._connection.pgconn.finish()

    async def _settle(self) -> None:
        """Find out whether a pooler is in between: only a server gives its clients the number of the process itself."""
        try:
            cursor = await self._connection.execute("SELECT pg_backend_pid()")
            self._pooled = await cursor.fetchone() != (self._connection.info.backend_pid,)
            if self._pooled:
                self._connection.prepare_threshold = None
            else:
                await self._bound(_OF_A_SESSION, STATEMENT_LIMIT)
        except (psycopg.Error, OSError) as error:
            raise unavailable(self._where, error) from error

    async def _put(self, statement: Statement) -> psycopg.AsyncCursor[Any]:
        return await self._connection.execute(statement.text.encode(), statement.values or None)

    async def _bound(self, settings: str, seconds: float) -> None:
        await self._connection.execute(settings.format(seconds * 1000).encode())

    def _named(self, error: Exception) -> SettingsInvalid | MappingUnavailable:
        """What the driver says: an operational error passes, any other one is the statement's own."""
        if isinstance(error, psycopg.Error) and not isinstance(error, psycopg.OperationalError) and not self.lost:
            said = error.diag.message_primary or " ".join(str(error).split())
            return SettingsInvalid(f"{self._where} refuses it: {said}")
        return unavailable(self._where, error)


def _columns(cursor: psycopg.AsyncCursor[Any] | psycopg.AsyncServerCursor[Any]) -> tuple[str, ...]:
    return tuple(column.name for column in cursor.description or ())
