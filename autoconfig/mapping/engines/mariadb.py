"""MariaDB, as commands use it; MySQL 8 understands the same. Reading needs SELECT, and writing SELECT and INSERT."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import pymysql
from pymysql.constants import CR, ER
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from autoconfig.mapping import database
from autoconfig.mapping.engines.engine import Engine, on_one_line
from autoconfig.mapping.schema import insertion
from autoconfig.mapping.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import sqlalchemy
    from sqlalchemy import Connection

    from autoconfig.mapping.place import Host, Place
    from autoconfig.mapping.schema import Record

_SILENCE = 600
"""Seconds after which a server that says nothing is given up; a migration of a large table takes a while."""

_READING_SILENCE = 30
"""The same for what is only read, a page at a time: who follows a server must notice soon that it fell silent."""

_INSERT = insertion("%s")
_READ_ONLY = "SELECT @@global.read_only"
_CONNECTING = {0, ER.ACCESS_DENIED_ERROR, ER.BAD_DB_ERROR, ER.HOST_NOT_PRIVILEGED, ER.OPTION_PREVENTS_STATEMENT}
_TROUBLES = {
    ER.LOCK_WAIT_TIMEOUT: Trouble.BUSY,
    ER.DBACCESS_DENIED_ERROR: Trouble.DENIED,
    ER.TABLEACCESS_DENIED_ERROR: Trouble.DENIED,
    ER.COLUMNACCESS_DENIED_ERROR: Trouble.DENIED,
    ER.DUP_ENTRY: Trouble.TAKEN,
    ER.LOCK_DEADLOCK: Trouble.CONFLICT,
}


class MariaDB(Engine):
    """See `Engine`."""

    errors = (DBAPIError, pymysql.Error)
    transactional_ddl = False

    def connect(self, place: Place, *, writing: bool) -> sqlalchemy.Engine:
        """
        See `Engine`. The drivers know one host only; of several, the first that is no replica is taken, and to read,
        where there is none, the first replica.
        """

        def connected() -> pymysql.Connection[Any]:
            problems: list[tuple[Host, pymysql.Error]] = []
            replica: pymysql.Connection[Any] | None = None
            for host in place.hosts:
                try:
                    connection, read_only = _connected(place, host, writing=writing)
                except pymysql.Error as error:
                    problems.append((host, error))
                    continue
                if not read_only:
                    if replica is not None:
                        replica.close()
                    return connection
                if replica is None:
                    replica = connection
                else:
                    connection.close()
            if replica is not None:
                return replica
            if len(problems) == 1:
                raise problems[0][1]
            sentences = (f"{host.name} port {host.port}: {_said(error)[1]}" for host, error in problems)
            raise pymysql.OperationalError(CR.CR_CONN_HOST_ERROR, "; ".join(sentences))

        return create_engine("mysql+pymysql://", creator=connected)

    def is_standby(self, connection: Connection) -> bool:
        """See `Engine`: a replica is run `read_only`."""
        return _is_set(connection.exec_driver_sql(_READ_ONLY).scalar_one())

    @contextlib.contextmanager
    def reading(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """See `Engine`."""
        with engine.connect() as connection:
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield connection

    @contextlib.contextmanager
    def writing(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """
        See `Engine`. The lock is the session's: statements that change tables end transactions here, and the next
        writer must not begin before our commit. What is read begins after the lock was given, so it sees the last
        writer's.
        """
        with engine.connect() as connection:
            lock = _lock(str(connection.exec_driver_sql("SELECT DATABASE()").scalar_one()))
            given = connection.exec_driver_sql("SELECT GET_LOCK(%s, %s)", (lock, database.BUSY_TIMEOUT)).scalar()
            connection.rollback()
            if given != 1:
                raise Busy
            try:
                yield connection
                connection.commit()
                connection.exec_driver_sql("SELECT RELEASE_LOCK(%s)", (lock,))
            except BaseException:
                connection.invalidate()  # with the session end the lock, and all that was not committed
                raise

    def append(self, connection: Connection, records: list[Record]) -> None:
        """See `Engine`: the driver makes statements of many rows of it, none longer than 1 MB."""
        connection.exec_driver_sql(_INSERT, [tuple(record) for record in records])

    def told(self, error: BaseException) -> tuple[Trouble, str]:
        """See `Engine`."""
        code, reason = _said(error)
        if isinstance(error, Busy):
            return Trouble.BUSY, reason
        if code in _CONNECTING or CR.CR_ERROR_FIRST <= code <= CR.CR_ERROR_LAST:
            return Trouble.UNREACHABLE, reason
        return _TROUBLES.get(code, Trouble.SERVER), reason


class Busy(pymysql.OperationalError):
    """The lock of the one writer was not given in time."""


def _connected(place: Place, host: Host, *, writing: bool) -> tuple[pymysql.Connection[Any], bool]:
    """A connection, and whether the server is read-only."""
    wait = max(1, int(database.BUSY_TIMEOUT))
    connection: pymysql.Connection[Any] = pymysql.connect(
        **place.mysql_arguments(host),
        ssl_disabled=place.options.get("sslmode", "disable") == "disable",
        program_name="autoconfig",
        read_timeout=_SILENCE if writing else _READING_SILENCE,
        write_timeout=_SILENCE,
        # What does not fit is an error, and not cut off.
        sql_mode="STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION",
        init_command=f"SET SESSION lock_wait_timeout = {wait}, innodb_lock_wait_timeout = {wait}",
    )
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")  # else there are no snapshots
        cursor.execute(_READ_ONLY)
        (value,) = cursor.fetchone() or (0,)
    read_only = _is_set(value)
    if writing and read_only:
        connection.close()
        raise pymysql.OperationalError(ER.OPTION_PREVENTS_STATEMENT, "the server is read-only, it is no primary")
    return connection, read_only


def _is_set(value: object) -> bool:
    return str(value).upper() not in {"0", "OFF"}  # a number up to 11.8, a word in releases after it


def _lock(name: str) -> str:
    """Locks are the server's, and their names short."""
    return "autoconfig." + hashlib.sha256(name.encode()).hexdigest()[:32]


def _said(error: BaseException) -> tuple[int, str]:
    """The server's number for it, 0 for none, and the sentence."""
    if len(error.args) > 1 and isinstance(error.args[0], int):
        return error.args[0], " ".join(str(error.args[1]).split())
    return 0, on_one_line(error)
