"""Asks one PostgreSQL server, with psycopg."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors
from psycopg.types.numeric import Int8

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.sources.statements import SQLSession

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autoconfig.mapping.place import Host, Place

_STATEMENT_LIMIT = "SET statement_timeout = '15s'"


class PostgreSQLSession(SQLSession):
    """A `Session` with one PostgreSQL server; each statement is a transaction of its own."""

    TABLES = """
    SELECT name FROM unnest(ARRAY['alembic_version', 'mapping', 'mapping_state']) AS name
    WHERE to_regclass(name) IS NOT NULL
    """
    STANDBY = "pg_is_in_recovery()"

    def __init__(self, connection: psycopg.AsyncConnection[Any], where: str) -> None:
        self._connection, self.where, self._prepares = connection, where, True

    @classmethod
    async def opened(cls, place: Place, host: Host) -> PostgreSQLSession:
        """
        A session with one of the hosts of a place.

        Raises:
            MappingUnavailable: it cannot be reached, or refuses us.
            SettingsInvalid: a file that the URL names cannot be read.
        """
        session = cls(*await connect(place, host))
        try:
            await session._ask(_STATEMENT_LIMIT)
        except BaseException:
            session.close()
            raise
        return session

    def close(self) -> None:
        """See `Session`."""
        self._connection.pgconn.finish()

    async def _ask(self, statement: str, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
        if values is not None:  # of one width, so that a statement is prepared once
            values = {name: Int8(value) if isinstance(value, int) else value for name, value in values.items()}
        try:
            return await self._rows(statement, values)
        except (errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement):
            self._prepares = False  # a pooler in between hands each statement to another session
        except (psycopg.Error, OSError) as error:
            raise unavailable(self.where, error) from error
        return await self._ask(statement, values)

    async def _rows(self, statement: str, values: Mapping[str, Any] | None) -> Sequence[Any]:
        prepare = self._prepares and values is not None
        cursor = await self._connection.execute(statement.encode(), values, prepare=prepare)
        return await cursor.fetchall() if cursor.description else ()


async def connect(place: Place, host: Host) -> tuple[psycopg.AsyncConnection[Any], str]:
    """
    A connection to one of the hosts of a place, in which each statement is a transaction; and its name for errors.

    Raises:
        MappingUnavailable, SettingsInvalid: as `PostgreSQLSession.opened`.
    """
    alone = replace(place, hosts=(host,))
    # `any`: which of several hosts is asked is decided in `hosts`.
    conninfo = alone.conninfo(target="any")
    try:
        return await psycopg.AsyncConnection.connect(conninfo, autocommit=True), alone.shown
    except (psycopg.Error, OSError, UnicodeError) as error:
        raise alone.unreachable(_said(error)) from error


def unavailable(where: str, error: Exception) -> MappingUnavailable:
    """What the driver says, on one line."""
    return MappingUnavailable(f"{where}: {_said(error)}")


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
