"""PostgreSQL, as commands use it. Reading needs SELECT, and writing SELECT and INSERT."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from autoconfig.mapping import database
from autoconfig.mapping.engines.engine import Engine, on_one_line
from autoconfig.mapping.schema import COLUMNS
from autoconfig.mapping.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    import sqlalchemy
    from sqlalchemy import Connection

    from autoconfig.mapping.place import Place
    from autoconfig.mapping.schema import Record

_WRITER = 0x4D41434F
"""The advisory lock of the one writer, within the database."""

_HINT = re.compile(r" Is the server running [^?]*\?")  # libpq's, for each host

_COPY = f"COPY mapping ({COLUMNS}) FROM STDIN"

# In the order in which they are looked for; each class has others below it.
_TROUBLES: dict[tuple[type[psycopg.Error], ...], Trouble] = {
    (errors.LockNotAvailable,): Trouble.BUSY,
    (errors.InsufficientPrivilege,): Trouble.DENIED,
    (errors.UniqueViolation,): Trouble.TAKEN,
    (errors.SerializationFailure, errors.DeadlockDetected): Trouble.CONFLICT,  # a standby ends what reads for too long
}


class PostgreSQL(Engine):
    """See `Engine`."""

    errors = (DBAPIError, psycopg.Error)
    whom = "role"

    def connect(self, place: Place, *, writing: bool) -> sqlalchemy.Engine:
        """See `Engine`. libpq can prefer a standby, and not a primary, so that is asked for alone at first."""
        chooses = not writing and len(place.hosts) > 1 and "target_session_attrs" not in place.options

        def connected() -> psycopg.Connection[Any]:
            if chooses:
                with contextlib.suppress(psycopg.OperationalError):
                    return _connected(place, "primary")
            return _connected(place, "read-write" if writing else None)

        return create_engine("postgresql+psycopg://", creator=connected)

    def is_standby(self, connection: Connection) -> bool:
        """See `Engine`."""
        return bool(connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one())

    @contextlib.contextmanager
    def reading(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """See `Engine`."""
        options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with engine.connect().execution_options(**options) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """
        See `Engine`. The lock is the transaction's, so it is given back when all is visible; a lock of the table would
        need more than INSERT.
        """
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(database.BUSY_TIMEOUT * 1000)}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")
            yield connection

    def unfit(self, connection: Connection) -> str | None:
        """See `Engine`: an encoding is a database's, and stays as it was made."""
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
        if encoding == "UTF8":
            return None
        return f"has the encoding {encoding}, which cannot hold every note: make one with createdb -E UTF8 -T template0"

    def append(self, connection: Connection, records: list[Record]) -> None:
        """See `Engine`."""
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
            for record in records:
                copy.write_row(record)

    def settle(self, engine: sqlalchemy.Engine) -> None:
        """See `Engine`: tell the planner now; where the table is not this role's, the server does it soon enough."""
        with self.autocommit(engine) as connection:
            connection.exec_driver_sql("ANALYZE mapping")

    def told(self, error: BaseException) -> tuple[Trouble, str]:
        """See `Engine`."""
        if not isinstance(error, psycopg.Error):  # of SQLAlchemy's own
            return Trouble.UNREACHABLE, on_one_line(error)
        # What the server says beyond its first sentence are our own statements; an error of the library has no such.
        reason = _HINT.sub("", error.diag.message_primary or on_one_line(error))
        reason = reason.partition("All failures were: ")[2] or reason  # of several hosts, each for itself
        for classes, trouble in _TROUBLES.items():
            if isinstance(error, classes):
                return trouble, reason
        return (Trouble.UNREACHABLE if error.sqlstate is None else Trouble.SERVER), reason


def _connected(place: Place, target: str | None) -> psycopg.Connection[Any]:
    # No prepared statements: a pooler between us and the server may hand each transaction to another session.
    return psycopg.connect(place.conninfo(target), prepare_threshold=None)
