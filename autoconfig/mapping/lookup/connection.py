"""
Run an operator's query in another program's database: read-only, over few connections, with a time limit.

Everything here blocks the calling thread; the event loop uses `lookup.database`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, StatementError

from autoconfig.errors import AutoconfigError, MappingUnavailable
from autoconfig.mapping.database_errors import ErrorKind
from autoconfig.mapping.database_location import Kind
from autoconfig.mapping.lookup import driver_errors
from autoconfig.mapping.sqlite_errors import error_kind_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from sqlalchemy import CursorResult, ExceptionContext

    from autoconfig.mapping.database_location import DatabaseLocation, Host

BATCH = 1000
"""Rows of a listing that are fetched at a time."""

ROWS = 50
"""Rows that are fetched for one name. Different rows are an error, equal ones are not."""

CONNECTING = 2
"""Connection timeout in seconds for each host; psycopg's minimum."""

_OTHERS_FIRST = 30.0
"""Seconds for which a host that refused a connection is tried after the others."""

_RENEWED = 300
"""Seconds after which a connection is replaced, so that the first host is used again when it is back."""

_SLACK = 0.5
"""Seconds that a server has to report that it aborted a statement."""

_BUSY = 1.0
"""Seconds that a reader of a SQLite file waits for a writer, which is necessary without WAL mode."""

_STEPS = 10_000
"""SQLite virtual machine instructions between two checks of the time limit."""

_URLS = {Kind.SQLITE: "sqlite://", Kind.POSTGRESQL: "postgresql+psycopg://", Kind.MARIADB: "mysql+pymysql://"}

# Behind a connection pooler no setting outlives a transaction, so each one sets its own. After its first read, a
# read-only transaction cannot become writable again.
_BEGIN = "BEGIN READ ONLY; SET LOCAL statement_timeout = {:.0f}"

_LIMITS = ("max_statement_time = {seconds}", "max_execution_time = {milliseconds}")
"""MariaDB's limit is in seconds; MySQL's has another name and is in milliseconds."""

_log = logging.getLogger("autoconfig")


class QueryResult(NamedTuple):
    """The result of a statement; it has column names even without rows."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]


class Statement(NamedTuple):
    """A query for an engine's driver, with its parameters."""

    text: str
    values: Mapping[str, str]


class NoConnection(Exception):
    """No host accepted a connection; the message gives the reason for each."""


class Connections:
    """Read-only connections to another program's database."""

    def __init__(self, location: DatabaseLocation, limit: float, *, kept: int = 0) -> None:
        """
        Connects on first use.

        Args:
            location: the database.
            limit: seconds after which the database aborts a statement.
            kept: connections to a server that stay open. A file is opened for each statement, so a replaced file is
                noticed.
        """
        self._location, self._limit = location, limit
        pooling: dict[str, Any] = {"poolclass": NullPool}
        if kept and location.kind is not Kind.SQLITE:
            pooling = {"pool_size": kept, "max_overflow": -1, "pool_pre_ping": True, "pool_recycle": _RENEWED}
        self._engine = create_engine(_URLS[location.kind], creator=self._connected, **pooling)
        event.listen(self._engine, "handle_error", _close_cursor)
        self._failed: dict[Host, float] = {}
        self._logged: dict[str, str] = {}
        self._lock = threading.Lock()
        self._sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self._cut = threading.Event()

    def answer(self, statement: Statement) -> QueryResult:
        """
        Run a statement and fetch at most `ROWS` rows.

        Raises:
            NoConnection: no host accepts a connection.
            SettingsInvalid: the database does not understand the statement, or refuses it.
            MappingUnavailable: any other error.
        """
        with self._result(statement) as result:
            return QueryResult(tuple(result.keys()), result.fetchmany(ROWS))

    def listing(self, statement: Statement) -> Generator[QueryResult, None, None]:
        """
        Run a statement and yield all rows in batches.

        Raises:
            SettingsInvalid, MappingUnavailable: as `answer`.
        """
        try:
            with self._result(statement, stream_results=True, max_row_buffer=BATCH) as result:
                for rows in result.partitions(BATCH):
                    yield QueryResult(tuple(result.keys()), rows)
        except NoConnection as error:
            raise MappingUnavailable(str(error)) from error

    def let_go(self) -> None:
        """
        Close all connections. Idle ones and those waiting for PostgreSQL or SQLite are closed at once, those of PyMySQL
        after the answer or its timeout.
        """
        self._cut.set()
        self._cut = threading.Event()
        with self._lock:
            sockets = list(self._sockets)
        for handle in sockets:
            with contextlib.suppress(OSError):  # the server closed it first
                handle.shutdown(socket.SHUT_RDWR)
        self._engine.dispose()

    @contextlib.contextmanager
    def _result(self, statement: Statement, **options: Any) -> Iterator[CursorResult[Any]]:
        options |= {"no_parameters": True, "sqlite_raw_colnames": True}
        pool = self._engine.pool
        with self._named_errors(), self._engine.connect() as connection:
            try:
                if self._location.kind is Kind.POSTGRESQL:
                    begin = _BEGIN.format(self._limit * 1000)
                    connection.exec_driver_sql(begin, execution_options={"no_parameters": True})
                found = connection.exec_driver_sql(statement.text, dict(statement.values), execution_options=options)
                with contextlib.closing(found):  # PyMySQL has to read all rows before the next statement
                    yield found
            finally:
                if self._engine.pool is not pool:  # `let_go` was called in the meantime
                    connection.invalidate()

    @contextlib.contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except (AutoconfigError, NoConnection):
            raise
        except Exception as error:
            cause = (error.orig if isinstance(error, StatementError) else None) or error
            lost = isinstance(error, DBAPIError) and error.connection_invalidated
            named = driver_errors.named(self._location, cause, self._engine.dialect.dbapi, lost=lost)
            raise named or MappingUnavailable(self._stumbled(self._location.shown, cause)) from error

    def _stumbled(self, where: str, error: BaseException) -> str:
        """
        The message for an unexpected exception of a driver, caused by an answer that no server of this kind sends. The
        traceback is logged once, until another problem occurs.
        """
        cause = f"{type(error).__name__}: {driver_errors.message_of(error)}"[:200]
        problem = f"{where}: the driver does not understand the answer ({cause}); is it a server of that kind?"
        if self._logged.get(where) != cause:
            _log.error("%s", problem, exc_info=error)
        self._logged[where] = cause
        return problem

    def _connected(self) -> Any:
        """A connection of the driver to the first host that accepts one."""
        if self._location.kind is Kind.SQLITE:
            return self._sqlite()
        connect = self._postgresql if self._location.kind is Kind.POSTGRESQL else self._mariadb
        problems = []
        for host in sorted(self._location.hosts, key=lambda host: time.monotonic() < self._failed.get(host, 0.0)):
            timeout = min(CONNECTING, int(self._location.options.get("connect_timeout", CONNECTING)))
            options = {**self._location.options, "connect_timeout": str(timeout)}
            alone = replace(self._location, hosts=(host,), options=options)
            try:
                return connect(alone)
            except AutoconfigError:  # a file in the URL's options cannot be read
                raise
            except Exception as error:  # noqa: BLE001 (the next host may be right)
                self._failed[host] = time.monotonic() + _OTHERS_FIRST
                is_known = driver_errors.named(alone, error, self._engine.dialect.dbapi) is not None
                problems.append(
                    str(alone.unreachable(driver_errors.message_of(error)))
                    if is_known
                    else self._stumbled(alone.shown, error)
                )
        raise NoConnection("; ".join(problems))

    def _postgresql(self, location: DatabaseLocation) -> Any:
        import psycopg

        # No prepared statements: a connection pooler may run each transaction in another session.
        connection = psycopg.connect(location.conninfo(target="any"), autocommit=True, prepare_threshold=None)
        # libpq waits for a silent server forever, until another thread shuts the socket down. That thread needs its own
        # handle, because libpq may close its handle at any time.
        handle = socket.socket(fileno=os.dup(connection.fileno()))
        weakref.finalize(connection, handle.close)
        with self._lock:
            self._sockets.add(handle)
        return connection

    def _mariadb(self, location: DatabaseLocation) -> Any:
        import pymysql
        from pymysql.constants import ER

        from autoconfig.mapping.mariadb_connection import connect

        connection = connect(
            location,
            location.hosts[0],
            autocommit=True,
            init_command="SET SESSION TRANSACTION READ ONLY",
            read_timeout=self._limit + _SLACK,
            write_timeout=self._limit + _SLACK,
        )
        try:
            with connection.cursor() as cursor:
                for limit in _LIMITS:
                    assignment = limit.format(seconds=self._limit, milliseconds=int(self._limit * 1000))
                    try:
                        cursor.execute(f"SET SESSION {assignment}")
                        break
                    except pymysql.Error as error:
                        if error.args[0] != ER.UNKNOWN_SYSTEM_VARIABLE:
                            raise
        except BaseException:
            connection.close()
            raise
        return connection

    def _sqlite(self) -> Any:
        import sqlite3

        path, until, cut = self._location.path, time.monotonic() + self._limit, self._cut
        if not path.is_file():
            raise NoConnection(f"{path}: there is no such file; check the setting database")
        connection = None
        try:
            uri = f"{path.absolute().as_uri()}?mode=ro"
            connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY, check_same_thread=False)
            connection.text_factory = _text
            connection.set_progress_handler(lambda: cut.is_set() or time.monotonic() > until, _STEPS)
            connection.execute("PRAGMA query_only = ON")
            connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchall()
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
            kind = error_kind_of(error)
            if kind is ErrorKind.READ_ONLY:
                # Even a reader writes the index of the log, which is beside the file.
                raise NoConnection(
                    f"{path}: {error}; to read a file in WAL mode, this user must be able to write to its folder"
                ) from error
            if kind in {ErrorKind.BUSY, ErrorKind.NO_DATABASE}:
                raise  # the file is there
            raise NoConnection(f"{path}: {error}") from error
        return connection


def _close_cursor(context: ExceptionContext) -> None:
    """Close the cursor of a broken connection, which SQLAlchemy leaves to the garbage collector."""
    if context.is_disconnect and context.execution_context is not None:
        context.execution_context.cursor.close()


def _text(value: bytes) -> str | bytes:
    """Decode a text value. SQLite allows any bytes; if they are not UTF-8, they stay bytes and are refused later."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
