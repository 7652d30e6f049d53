"""SQLite, as commands use it. Requests are answered by `mapping.sqlite`."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy import QueuePool, create_engine
from sqlalchemy.exc import DBAPIError

from autoconfig.errors import DatabaseForeign, MappingUnavailable
from autoconfig.files import created
from autoconfig.mapping import database
from autoconfig.mapping.database import APPLICATION_ID, check_file
from autoconfig.mapping.engines import BUSY
from autoconfig.mapping.schema import insertion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine

    from autoconfig.errors import AutoconfigError
    from autoconfig.mapping.place import Place
    from autoconfig.mapping.schema import Record

ERRORS = (DBAPIError, sqlite3.Error)
MADE_BY_UPGRADE = False
TRANSACTIONAL_DDL = True

_INSERT = insertion("?")


def check(place: Place) -> None:
    """See `EngineModule`."""
    check_file(place.path)


def create(place: Place) -> None:
    """See `EngineModule`. Where it cannot be made, connecting says why."""
    with contextlib.suppress(OSError):
        created(place.path)


def connect(place: Place, *, writing: bool) -> Engine:
    """See `EngineModule`."""
    del writing  # there is one file

    def connected() -> sqlite3.Connection:
        # The driver must begin no transactions of its own: ours begin IMMEDIATE, as the one writer, or read.
        connection = sqlite3.connect(
            place.database, timeout=database.BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    return create_engine("sqlite://", creator=connected, poolclass=QueuePool)


def is_standby(connection: Connection) -> bool:
    """See `EngineModule`: there is one file."""
    del connection
    return False


def autocommit(engine: Engine) -> Connection:
    """See `EngineModule`: the driver does it anyway."""
    return engine.connect()


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """See `EngineModule`."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        yield connection


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """See `EngineModule`."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.commit()


def is_foreign(connection: Connection) -> bool:
    """See `EngineModule`: it has tables and not our mark."""
    mark = connection.exec_driver_sql("PRAGMA application_id").scalar()
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one()
    return bool(tables) and mark != APPLICATION_ID


def mark(connection: Connection) -> None:
    """See `EngineModule`."""
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def append(connection: Connection, records: list[Record]) -> None:
    """See `EngineModule`."""
    connection.exec_driver_sql(_INSERT, [tuple(record) for record in records])


def prepare(engine: Engine) -> None:
    """See `EngineModule`: readers never wait for a writer from now on."""
    _outside_transactions(engine, "PRAGMA journal_mode = WAL")


def settle(engine: Engine) -> None:
    """See `EngineModule`: the log goes into the file and is cut off, so that readers start from a short one."""
    _outside_transactions(engine, "PRAGMA wal_checkpoint(TRUNCATE)")


def explain(place: Place, error: Exception) -> AutoconfigError:
    """See `EngineModule`."""
    reason = str(error.orig if isinstance(error, DBAPIError) else error)
    if "not a database" in reason or "malformed" in reason:
        return DatabaseForeign(f"{place.shown}: {reason}; check the setting {place.setting}")
    if "locked" in reason:
        return MappingUnavailable(f"{place.shown}: {BUSY}")
    return MappingUnavailable(f"{place.shown}: {reason}; is there room, and is its folder writable for this user?")


def _outside_transactions(engine: Engine, pragma: str) -> None:
    connection = engine.raw_connection()
    try:
        connection.cursor().execute(pragma)
    finally:
        connection.close()
