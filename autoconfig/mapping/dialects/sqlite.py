"""SQLite for commands. Requests use `mapping.sqlite_finder`."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

from sqlalchemy import QueuePool, create_engine
from sqlalchemy.exc import DBAPIError

from autoconfig.files import created
from autoconfig.mapping import schema_version
from autoconfig.mapping.database_errors import ErrorKind
from autoconfig.mapping.dialects.dialect import Engine, on_one_line
from autoconfig.mapping.record import insertion, text_or_octets
from autoconfig.mapping.schema_version import APPLICATION_ID, check_file
from autoconfig.mapping.sqlite_errors import error_kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import sqlalchemy
    from sqlalchemy import Connection

    from autoconfig.mapping.database_location import DatabaseLocation
    from autoconfig.mapping.record import Record

_INSERT = insertion("?")


class SQLite(Engine):
    """A file of this machine."""

    errors = (DBAPIError, sqlite3.Error)
    made_by_upgrade = False

    def check(self, location: DatabaseLocation) -> None:
        """Check that the file exists."""
        check_file(location.path)

    def create(self, location: DatabaseLocation) -> None:
        """Create the file. If that fails, connecting raises the reason."""
        with contextlib.suppress(OSError):
            created(location.path)

    def connect(self, location: DatabaseLocation, *, writing: bool) -> sqlalchemy.Engine:
        """Open the file."""
        del writing  # the same for both

        def connected() -> sqlite3.Connection:
            # The driver must not begin transactions: we begin them, IMMEDIATE for the writer.
            connection = sqlite3.connect(
                location.database, timeout=schema_version.BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            connection.text_factory = text_or_octets
            try:
                connection.execute("PRAGMA synchronous = FULL")
            except BaseException:
                connection.close()
                raise
            return connection

        return create_engine("sqlite://", creator=connected, poolclass=QueuePool)

    def is_standby(self, connection: Connection) -> bool:
        """Never: a file has no standby."""
        del connection
        return False

    def clock(self, connection: Connection) -> float | None:
        """None: there is no other clock than this machine's."""
        del connection
        return None

    def autocommit(self, engine: sqlalchemy.Engine) -> Connection:
        """A connection that commits each statement, which is the driver's default."""
        return engine.connect()

    @contextlib.contextmanager
    def reading(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """Read from one snapshot."""
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            yield connection

    @contextlib.contextmanager
    def writing(self, engine: sqlalchemy.Engine) -> Iterator[Connection]:
        """Write under SQLite's own writer lock."""
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection
            connection.commit()

    def is_foreign(self, connection: Connection) -> bool:
        """Whether the file has tables, but not our application id."""
        mark = connection.exec_driver_sql("PRAGMA application_id").scalar()
        tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema").scalar_one()
        return bool(tables) and mark != APPLICATION_ID

    def mark(self, connection: Connection) -> None:
        """Set our application id."""
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")

    def append(self, connection: Connection, records: list[Record]) -> None:
        """Insert rows."""
        connection.exec_driver_sql(_INSERT, [tuple(record) for record in records])

    def prepare(self, engine: sqlalchemy.Engine) -> None:
        """Switch to WAL mode, in which readers never wait for a writer."""
        _outside_transactions(engine, "PRAGMA journal_mode = WAL")

    def settle(self, engine: sqlalchemy.Engine) -> None:
        """Move the log into the file and truncate it: reading is slower with a long log."""
        _outside_transactions(engine, "PRAGMA wal_checkpoint(TRUNCATE)")

    def classify(self, error: BaseException) -> tuple[ErrorKind, str]:
        """Classify by result code."""
        return error_kind_of(error), on_one_line(error)


def _outside_transactions(engine: sqlalchemy.Engine, pragma: str) -> None:
    connection = engine.raw_connection()
    deadline = time.monotonic() + schema_version.BUSY_TIMEOUT
    try:
        while True:
            try:
                connection.cursor().execute(pragma)
            except sqlite3.OperationalError as error:
                # A change of the journal mode does not wait for others by itself.
                if error_kind_of(error) is not ErrorKind.BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return
    finally:
        connection.close()
