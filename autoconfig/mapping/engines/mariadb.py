"""MariaDB, as commands use it; MySQL 8 understands the same. Reading needs SELECT, and writing SELECT and INSERT."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

import pymysql
from pymysql.constants import CR, ER
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping import database
from autoconfig.mapping.engines import BUSY, remedy, said
from autoconfig.mapping.schema import insertion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sqlalchemy import Connection, Engine

    from autoconfig.errors import AutoconfigError
    from autoconfig.mapping.place import Host, Place
    from autoconfig.mapping.schema import Record

ERRORS = (DBAPIError, pymysql.Error)
MADE_BY_UPGRADE = True
TRANSACTIONAL_DDL = False

_SILENCE = 600
"""Seconds after which a server that says nothing is given up; a migration of a large table takes a while."""

_READING_SILENCE = 30
"""The same for what is only read, a page at a time: who follows a server must notice soon that it fell silent."""

_INSERT = insertion("%s")
_READ_ONLY = "SELECT @@global.read_only"
_CONNECTING = {ER.ACCESS_DENIED_ERROR, ER.BAD_DB_ERROR, ER.HOST_NOT_PRIVILEGED, ER.OPTION_PREVENTS_STATEMENT}
_PRIVILEGES = {
    ER.DBACCESS_DENIED_ERROR,
    ER.TABLEACCESS_DENIED_ERROR,
    ER.COLUMNACCESS_DENIED_ERROR,
}


def check(place: Place) -> None:
    """See `EngineModule`: only connecting shows."""
    del place


def create(place: Place) -> None:
    """See `EngineModule`: it is no file."""
    del place


def connect(place: Place, *, writing: bool) -> Engine:
    """
    See `EngineModule`. The drivers know one host only; of several, the first that is no replica is taken, and to read,
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


def is_standby(connection: Connection) -> bool:
    """See `EngineModule`: a replica is run `read_only`."""
    return _is_set(connection.exec_driver_sql(_READ_ONLY).scalar_one())


def _is_set(value: object) -> bool:
    return str(value).upper() not in {"0", "OFF"}  # a number up to 11.8, a word in releases after it


def autocommit(engine: Engine) -> Connection:
    """See `EngineModule`."""
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """See `EngineModule`."""
    with engine.connect() as connection:
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        yield connection


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """
    See `EngineModule`. The lock is the session's: statements that change tables end transactions here, and the next
    writer must not begin before our commit. What is read begins after the lock was given, so it sees the last writer's.
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


def is_foreign(connection: Connection) -> bool:
    """See `EngineModule`: it may be shared."""
    del connection
    return False


def mark(connection: Connection) -> None:
    """See `EngineModule`: the tables are mark enough."""
    del connection


def append(connection: Connection, records: list[Record]) -> None:
    """See `EngineModule`: the driver makes statements of many rows of it, none longer than 1 MB."""
    connection.exec_driver_sql(_INSERT, [tuple(record) for record in records])


def prepare(engine: Engine) -> None:
    """See `EngineModule`: nothing is needed."""
    del engine


def settle(engine: Engine) -> None:
    """See `EngineModule`: nothing is needed."""
    del engine


def explain(place: Place, error: Exception) -> AutoconfigError:
    """See `EngineModule`."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code, reason = _said(cause or error)
    if isinstance(cause, Busy) or code == ER.LOCK_WAIT_TIMEOUT:
        return MappingUnavailable(f"{place.shown}: {BUSY}")
    if code in _PRIVILEGES:
        return MappingUnavailable(f"{place.shown}: {reason}; {remedy(error, 'user')}")
    if code == ER.DUP_ENTRY:
        return MappingUnavailable(f"{place.shown}: {reason}; somebody writes to it without the lock of the one writer")
    if code == ER.LOCK_DEADLOCK:
        return MappingUnavailable(f"{place.shown}: {reason}; try again")
    if code and code not in _CONNECTING and not CR.CR_ERROR_FIRST <= code <= CR.CR_ERROR_LAST:
        return MappingUnavailable(f"{place.shown}: {reason}; the server's log may say more")
    return place.unreachable(reason)


class Busy(pymysql.OperationalError):
    """The lock of the one writer was not given in time."""


def _lock(name: str) -> str:
    """Locks are the server's, and their names short."""
    return "autoconfig." + hashlib.sha256(name.encode()).hexdigest()[:32]


def _said(error: BaseException) -> tuple[int, str]:
    """The server's number for it, 0 for none, and the sentence."""
    if len(error.args) > 1 and isinstance(error.args[0], int):
        return error.args[0], " ".join(str(error.args[1]).split())
    return 0, said(error)
