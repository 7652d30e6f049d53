"""MariaDB for commands; MySQL 8 works too. Reading needs the SELECT privilege, writing SELECT and INSERT."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import pymysql
from pymysql.constants import CR, ER
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from autoconfig.mapping import mariadb_connection, schema_version
from autoconfig.mapping.database_errors import ErrorKind
from autoconfig.mapping.dialects.dialect import Engine, on_one_line
from autoconfig.mapping.record import insertion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import sqlalchemy
    from sqlalchemy import Connection

    from autoconfig.mapping.database_location import DatabaseLocation, Host
    from autoconfig.mapping.record import Record

_SILENCE = 600
"""Read timeout in seconds for writers; a migration of a large table takes a while."""

_READING_SILENCE = 30
"""Read timeout in seconds for readers, which fetch pages: a follower must soon notice that the server hangs."""

_INSERT = insertion("%s")
_READ_ONLY = "SELECT @@global.read_only"
_CONNECTING = {0, ER.ACCESS_DENIED_ERROR, ER.BAD_DB_ERROR, ER.HOST_NOT_PRIVILEGED, ER.OPTION_PREVENTS_STATEMENT}
_KINDS = {
    ER.LOCK_WAIT_TIMEOUT: ErrorKind.BUSY,
    ER.DBACCESS_DENIED_ERROR: ErrorKind.DENIED,
    ER.TABLEACCESS_DENIED_ERROR: ErrorKind.DENIED,
    ER.COLUMNACCESS_DENIED_ERROR: ErrorKind.DENIED,
    ER.DUP_ENTRY: ErrorKind.TAKEN,
    ER.LOCK_DEADLOCK: ErrorKind.CONFLICT,
}


class MariaDB(Engine):
    """MariaDB and MySQL."""

    errors = (DBAPIError, pymysql.Error)
    transactional_ddl = False

    def connect(self, location: DatabaseLocation, *, writing: bool) -> sqlalchemy.Engine:
        """
        Connect to the first of the hosts that is not a replica; for reading, if all are replicas, to the first one.

        The driver itself only takes a single host.
        """

        def connected() -> pymysql.Connection[Any]:
            problems: list[tuple[Host, pymysql.Error]] = []
            replica: pymysql.Connection[Any] | None = None
            for host in location.hosts:
                try:
                    connection, read_only = _connected(location, host, writing=writing)
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
            sentences = (f"{host.name} port {host.port}: {_number_and_message(error)[1]}" for host, error in problems)
            raise pymysql.OperationalError(CR.CR_CONN_HOST_ERROR, "; ".join(sentences))

        return create_engine("mysql+pymysql://", creator=connected)

    def is_standby(self, connection: Connection) -> bool:
        """Whether the server is `read_only`, as replicas are."""
        return _is_set(connection.exec_driver_sql(_READ_ONLY).scalar_one())

    def clock(self, connection: Connection) -> float | None:
        """The time on the server. Unlike `NOW()`, `SYSDATE` is not the start of the statement."""
        return float(connection.exec_driver_sql("SELECT UNIX_TIMESTAMP(SYSDATE(6))").scalar_one())

    @contextlib.contextmanager
    def reading(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """Read from one snapshot."""
        with engine.connect() as connection:
            connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
            yield connection

    @contextlib.contextmanager
    def writing(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """
        Write under a session lock. DDL ends transactions on this engine, so a transaction's lock would be released
        before the commit. The snapshot begins after the lock was granted, so it contains the last writer's rows.
        """
        with engine.connect() as connection:
            lock = _lock(str(connection.exec_driver_sql("SELECT DATABASE()").scalar_one()))
            given = connection.exec_driver_sql("SELECT GET_LOCK(%s, %s)", (lock, schema_version.BUSY_TIMEOUT)).scalar()
            connection.rollback()
            if given != 1:
                raise Busy
            try:
                yield connection
                connection.commit()
                connection.exec_driver_sql("SELECT RELEASE_LOCK(%s)", (lock,))
            except BaseException:
                connection.invalidate()  # the end of the session releases the lock and rolls back
                raise

    def append(self, connection: Connection, records: list[Record]) -> None:
        """Insert rows. The driver combines many rows into statements of at most 1 MB."""
        connection.exec_driver_sql(_INSERT, [tuple(record) for record in records])

    def classify(self, error: BaseException) -> tuple[ErrorKind, str]:
        """Classify by error number. All of the client library's numbers concern the connection."""
        code, reason = _number_and_message(error)
        if isinstance(error, Busy):
            return ErrorKind.BUSY, reason
        if code in _CONNECTING or CR.CR_ERROR_FIRST <= code <= CR.CR_ERROR_LAST:
            return ErrorKind.UNREACHABLE, reason
        return _KINDS.get(code, ErrorKind.SERVER), reason


class Busy(pymysql.OperationalError):
    """The writer lock was not granted in time."""


def _connected(location: DatabaseLocation, host: Host, *, writing: bool) -> tuple[pymysql.Connection[Any], bool]:
    """A connection, and whether the server is read-only."""
    wait = max(1, int(schema_version.BUSY_TIMEOUT))
    connection = mariadb_connection.connect(
        location,
        host,
        read_timeout=_SILENCE if writing else _READING_SILENCE,
        write_timeout=_SILENCE,
        # Values that do not fit are errors instead of being truncated.
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
        raise pymysql.OperationalError(ER.OPTION_PREVENTS_STATEMENT, "the server is read-only, it is not a primary")
    return connection, read_only


def _is_set(value: object) -> bool:
    return str(value).upper() not in {"0", "OFF"}  # a number up to MariaDB 11.8, a word in later releases


def _lock(name: str) -> str:
    """The name of a database's lock. Lock names are global on a server and at most 64 characters long."""
    return "autoconfig." + hashlib.sha256(name.encode()).hexdigest()[:32]


def _number_and_message(error: BaseException) -> tuple[int, str]:
    """The error number (0: none) and the message."""
    if len(error.args) > 1 and isinstance(error.args[0], int):
        return error.args[0], " ".join(str(error.args[1]).split())
    return 0, on_one_line(error)
