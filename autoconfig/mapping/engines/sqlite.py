"""SQLite, as commands use it. Requests are answered by `mapping.sqlite`."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy import QueuePool, create_engine
from sqlalchemy.exc import DBAPIError

from autoconfig.files import created
from autoconfig.mapping import database
from autoconfig.mapping.database import APPLICATION_ID, check_file
from autoconfig.mapping.engines.engine import Engine, on_one_line
from autoconfig.mapping.schema import insertion
from autoconfig.mapping.sqlite_errors import trouble_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy
    from sqlalchemy import Connection

    from autoconfig.mapping.place import Place
    from autoconfig.mapping.schema import Record
    from autoconfig.mapping.trouble import Trouble

_INSERT = insertion("?")


class SQLite(Engine):
    """See `Engine`."""

    errors = (DBAPIError, sqlite3.Error)
    made_by_upgrade = False

    def check(self, place: Place) -> None:
        """See `Engine`."""
        check_file(place.path)

    def create(self, place: Place) -> None:
        """See `Engine`. Where it cannot be made, connecting says why."""
        with contextlib.suppress(OSError):
            created(place.path)

    def connect(self, place: Place, *, writing: bool) -> sqlalchemy.Engine:
        """See `Engine`."""
        del writing  # there is one file

        def connected() -> sqlite3.Connection:
            # The driver must begin no transactions of its own: ours begin IMMEDIATE, as the one writer, or read.
            connection = sqlite3.connect(
                place.database, timeout=database.BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA synchronous = FULL")
            return connection

        return create_engine("sqlite://", creator=connected, poolclass=QueuePool)

    def is_standby(self, connection: Connection) -> bool:
        """See `Engine`: there is one file."""
        del connection
        return False

    def autocommit(self, engine: sqlalchemy.Engine) -> Connection:
        """See `Engine`: the driver does it anyway."""
        return engine.connect()

    @contextlib.contextmanager
    def reading(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """See `Engine`."""
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection

    @contextlib.contextmanager
    def writing(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """See `Engine`."""
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def is_foreign(self, connection: Connection) -> bool:
        """See `Engine`: it has tables and not our mark."""
        mark = connection.exec_driver_sql("PRAGMA application_id").scalar()
        tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one()
        return bool(tables) and mark != APPLICATION_ID

    def mark(self, connection: Connection) -> None:
        """See `Engine`."""
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")

    def append(self, connection: Connection, records: list[Record]) -> None:
        """See `Engine`."""
        connection.exec_driver_sql(_INSERT, [tuple(record) for record in records])

    def prepare(self, engine: sqlalchemy.Engine) -> None:
        """See `Engine`: readers never wait for a writer from now on."""
        _outside_transactions(engine, "PRAGMA journal_mode = WAL")

    def settle(self, engine: sqlalchemy.Engine) -> None:
        """See `Engine`: the log goes into the file and is cut off, so that readers start from a short one."""
        _outside_transactions(engine, "PRAGMA wal_checkpoint(TRUNCATE)")

    def told(self, error: BaseException) -> tuple[Trouble, str]:
        """See `Engine`."""
        return trouble_of(error), on_one_line(error)


def _outside_transactions(engine: sqlalchemy.Engine, pragma: str) -> None:
    connection = engine.raw_connection()
    try:
        connection.cursor().execute(pragma)
    finally:
        connection.close()
