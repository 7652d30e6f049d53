"""Asks one MariaDB server, with aiomysql."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import aiomysql  # type: ignore[import-untyped]
import pymysql
from pymysql.constants import CLIENT

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.sources.statements import SQLSession

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from autoconfig.mapping.place import Host, Place

_STATEMENT_LIMIT = "SET SESSION max_statement_time = 15"


class _Connection(aiomysql.Connection):  # type: ignore[misc] # it has no types
    """aiomysql's, except that no password goes out because a server, or somebody in between, says it has no TLS."""

    async def _request_authentication(self) -> None:
        if self._ssl_context and not self.server_capabilities & CLIENT.SSL:
            raise pymysql.OperationalError(2026, "the server offers no TLS, and sslmode asks for it")
        await super()._request_authentication()

    async def _process_auth(self, plugin_name: bytes, auth_packet: object) -> Any:
        if plugin_name == b"mysql_clear_password" and not self._secure:
            raise pymysql.OperationalError(2059, "the server wants the password in clear, and there is no TLS")
        return await super()._process_auth(plugin_name, auth_packet)

    async def open(self) -> None:
        """Connect and log in."""
        try:
            await self._connect()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let it go; one with TLS would else wait for the server to say goodbye, for half a minute."""
        if self._writer is not None:
            self._writer.transport.abort()
        super().close()


class MariaDBSession(SQLSession):
    """A `Session` with one MariaDB server; each statement is a transaction of its own."""

    TABLES = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = database() AND table_name IN ('alembic_version', 'mapping', 'mapping_state')
    """
    # A number up to release 11, a word in those after it.
    STANDBY = "cast(@@global.read_only AS CHAR) NOT IN ('0', 'OFF')"

    def __init__(self, connection: _Connection, where: str) -> None:
        self._connection, self.where = connection, where

    @classmethod
    async def opened(cls, place: Place, host: Host) -> MariaDBSession:
        """
        A session with one of the hosts of a place.

        Raises:
            MappingUnavailable: it cannot be reached, or refuses us.
            SettingsInvalid: a file that the URL names cannot be read.
        """
        return cls(*await connect(place, host, _STATEMENT_LIMIT))

    def close(self) -> None:
        """See `Session`."""
        self._connection.close()

    async def _ask(self, statement: str, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
        try:
            async with self._connection.cursor() as cursor:
                await cursor.execute(statement, values)
                rows: Sequence[Any] = await cursor.fetchall()
                return rows
        except (pymysql.Error, OSError, RuntimeError) as error:  # RuntimeError: its transport was closed meanwhile
            raise unavailable(self.where, error) from error


async def connect(place: Place, host: Host, first: str) -> tuple[_Connection, str]:
    """
    A connection to one of the hosts of a place, in which each statement is a transaction; and its name for errors.

    `first` is a statement that is run before any other one.

    Raises:
        MappingUnavailable, SettingsInvalid: as `MariaDBSession.opened`.
    """
    alone = replace(place, hosts=(host,))
    arguments: dict[str, Any] = {**alone.mysql_arguments()}
    arguments["db"] = arguments.pop("database")
    connection = _Connection(**arguments, autocommit=True, init_command=first)
    try:
        await connection.open()
    except (pymysql.Error, OSError, RuntimeError, UnicodeError) as error:
        raise alone.unreachable(_said(error)) from error
    return connection, alone.shown


def unavailable(where: str, error: Exception) -> MappingUnavailable:
    """What the driver says, without the number in front where it gives one."""
    return MappingUnavailable(f"{where}: {_said(error)}")


def _said(error: BaseException) -> str:
    said = " ".join(str(error.args[1] if len(error.args) > 1 else error).split()) or type(error).__name__
    # That a connection failed is said by the driver, and why by what it met.
    return f"{said} ({_said(error.__cause__)})" if isinstance(error, pymysql.Error) and error.__cause__ else said
