"""PostgreSQL, as commands use it. Reading needs SELECT, and writing SELECT and INSERT."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping import database
from autoconfig.mapping.engines import BUSY, remedy, said
from autoconfig.mapping.schema import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from sqlalchemy import Connection, Engine

    from autoconfig.errors import AutoconfigError
    from autoconfig.mapping.place import Place
    from autoconfig.mapping.schema import Record

ERRORS = (DBAPIError, psycopg.Error)
MADE_BY_UPGRADE = True
TRANSACTIONAL_DDL = True

_WRITER = 0x4D41434F
"""The advisory lock of the one writer, within the database."""

_HINT = re.compile(r" Is the server running [^?]*\?")  # libpq's, for each host

_COPY = f"COPY mapping ({COLUMNS}) FROM STDIN"


def check(place: Place) -> None:
    """See `EngineModule`: only connecting shows."""
    del place


def create(place: Place) -> None:
    """See `EngineModule`: it is no file."""
    del place


def connect(place: Place, *, writing: bool) -> Engine:
    """See `EngineModule`. libpq can prefer a standby, and not a primary, so that is asked for alone at first."""
    chooses = not writing and len(place.hosts) > 1 and "target_session_attrs" not in place.options

    def connected() -> psycopg.Connection[Any]:
        if chooses:
            with contextlib.suppress(psycopg.OperationalError):
                return _connected(place, "primary")
        return _connected(place, "read-write" if writing else None)

    return create_engine("postgresql+psycopg://", creator=connected)


def _connected(place: Place, target: str | None) -> psycopg.Connection[Any]:
    # No prepared statements: a pooler between us and the server may hand each transaction to another session.
    return psycopg.connect(place.conninfo(target), prepare_threshold=None)


def is_standby(connection: Connection) -> bool:
    """See `EngineModule`."""
    return bool(connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one())


def autocommit(engine: Engine) -> Connection:
    """See `EngineModule`."""
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """See `EngineModule`."""
    options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection:
        yield connection


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """
    See `EngineModule`. The lock is the transaction's, so it is given back when all is visible; a lock of the table
    would need more than INSERT.
    """
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(database.BUSY_TIMEOUT * 1000)}")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER})")
        yield connection


def is_foreign(connection: Connection) -> bool:
    """See `EngineModule`: it may be shared."""
    del connection
    return False


def mark(connection: Connection) -> None:
    """See `EngineModule`: the tables are mark enough."""
    del connection


def append(connection: Connection, records: list[Record]) -> None:
    """See `EngineModule`."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        for record in records:
            copy.write_row(record)


def prepare(engine: Engine) -> None:
    """See `EngineModule`: nothing is needed."""
    del engine


def settle(engine: Engine) -> None:
    """See `EngineModule`: tell the planner now; where the table is not this role's, the server does it soon enough."""
    with autocommit(engine) as connection:
        connection.exec_driver_sql("ANALYZE mapping")


def explain(place: Place, error: Exception) -> AutoconfigError:
    """See `EngineModule`."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    # What the server says beyond its first sentence are our own statements; an error of the library has no such part.
    sentence = cause.diag.message_primary if isinstance(cause, psycopg.Error) else None
    reason = _HINT.sub("", sentence or said(cause or error))
    reason = reason.partition("All failures were: ")[2] or reason  # of several hosts, each for itself
    if isinstance(cause, errors.LockNotAvailable):
        return MappingUnavailable(f"{place.shown}: {BUSY}")
    if isinstance(cause, errors.InsufficientPrivilege):
        return MappingUnavailable(f"{place.shown}: {reason}; {remedy(error, 'role')}")
    if isinstance(cause, errors.UniqueViolation):
        return MappingUnavailable(f"{place.shown}: {reason}; somebody writes to it without the lock of the one writer")
    if isinstance(cause, errors.SerializationFailure | errors.DeadlockDetected):
        return MappingUnavailable(f"{place.shown}: {reason}; try again")  # a standby ends what reads for too long
    if isinstance(cause, psycopg.Error) and cause.sqlstate is not None:
        return MappingUnavailable(f"{place.shown}: {reason}; the server's log may say more")
    return place.unreachable(reason)
