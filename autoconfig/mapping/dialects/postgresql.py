"""PostgreSQL for commands. Reading needs the SELECT privilege, writing SELECT and INSERT."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from autoconfig.mapping import schema_version
from autoconfig.mapping.database_errors import ErrorKind
from autoconfig.mapping.dialects.dialect import Engine, on_one_line
from autoconfig.mapping.record import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import sqlalchemy
    from sqlalchemy import Connection

    from autoconfig.mapping.database_location import DatabaseLocation
    from autoconfig.mapping.record import Record

_WRITER = 0x4D41434F
"""The advisory lock that makes a command the only writer of the database."""

_HINT = re.compile(r" Is the server running [^?]*\?")  # libpq adds this for each host

_COPY = f"COPY mapping ({COLUMNS}) FROM STDIN"

# Checked in this order; the classes have subclasses.
_KINDS: dict[tuple[type[psycopg.Error], ...], ErrorKind] = {
    (errors.LockNotAvailable,): ErrorKind.BUSY,
    (errors.InsufficientPrivilege,): ErrorKind.DENIED,
    (errors.UniqueViolation,): ErrorKind.TAKEN,
    (errors.SerializationFailure, errors.DeadlockDetected): ErrorKind.CONFLICT,  # a standby ends long reads
}


class PostgreSQL(Engine):
    """PostgreSQL."""

    errors = (DBAPIError, psycopg.Error)
    account = "role"

    def connect(self, location: DatabaseLocation, *, writing: bool) -> sqlalchemy.Engine:
        """Connect; for reading, try the primary first. libpq has no `prefer-primary`, so that takes two attempts."""
        chooses = not writing and len(location.hosts) > 1 and "target_session_attrs" not in location.options

        def connected() -> psycopg.Connection[Any]:
            if chooses:
                with contextlib.suppress(psycopg.OperationalError):
                    return _connected(location, "primary")
            return _connected(location, "read-write" if writing else None)

        return create_engine("postgresql+psycopg://", creator=connected)

    def is_standby(self, connection: Connection) -> bool:
        """Whether the server is in recovery, as standbys are."""
        return bool(connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one())

    def clock(self, connection: Connection) -> float | None:
        """The time on the server. `now()` would be the start of the transaction, which may have waited for a lock."""
        return float(connection.exec_driver_sql("SELECT extract(epoch FROM clock_timestamp())").scalar_one())

    @contextlib.contextmanager
    def reading(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """Read from one snapshot."""
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.connect().execution_options(**options) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """
        Write under an advisory lock of the transaction, which is released at the commit. A lock of the table would need
        more privileges than INSERT.
        """
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(schema_version.BUSY_TIMEOUT * 1000)}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")
            yield connection

    def unfit(self, connection: Connection) -> str | None:
        """Why the encoding is unsuitable. It belongs to the database and cannot be changed later."""
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding == "UTF8":
            return None
        return f"has the encoding {encoding}, which cannot hold every note: make one with createdb -E UTF8 -T template0"

    def append(self, connection: Connection, records: list[Record]) -> None:
        """Insert rows with COPY."""
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
            for record in records:
                copy.write_row(record)

    def settle(self, engine: sqlalchemy.Engine) -> None:
        """Update the planner's statistics. Without the right to do so this does nothing; autovacuum does it later."""
        with self.autocommit(engine) as connection:
            connection.exec_driver_sql("ANALYZE mapping")

    def classify(self, error: BaseException) -> tuple[ErrorKind, str]:
        """Classify by exception class. Errors without an SQLSTATE concern the connection."""
        if not isinstance(error, psycopg.Error):  # raised by SQLAlchemy
            return ErrorKind.UNREACHABLE, on_one_line(error)
        # The rest of a server's message only repeats our statement. Errors of the client library have no primary one.
        reason = _HINT.sub("", error.diag.message_primary or on_one_line(error))
        reason = reason.partition("All failures were: ")[2] or reason  # several hosts: one reason for each
        for classes, kind in _KINDS.items():
            if isinstance(error, classes):
                return kind, reason
        return (ErrorKind.UNREACHABLE if error.sqlstate is None else ErrorKind.SERVER), reason


def _connected(location: DatabaseLocation, target: str | None) -> psycopg.Connection[Any]:
    # No prepared statements: a connection pooler may run each transaction in another session.
    return psycopg.connect(location.conninfo(target), prepare_threshold=None)
