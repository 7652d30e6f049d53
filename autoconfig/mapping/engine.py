"""Opens a mapping database for the commands, and makes or upgrades one. Requests are answered by `sqlite`."""

from __future__ import annotations

import contextlib
import importlib.resources
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event, inspect, select, text
from sqlalchemy.exc import DBAPIError

from autoconfig.errors import DatabaseForeign, MappingUnavailable
from autoconfig.mapping.database import (
    APPLICATION_ID,
    BUSY_TIMEOUT,
    FOREIGN,
    REVISION,
    check_file,
    check_revision,
    sqlite_path,
)
from autoconfig.mapping.schema import state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine


def open_engine(url: str) -> Engine:
    """
    An engine over an existing database of ours, at the schema of this release.

    Raises:
        MappingUnavailable: it is missing, locked or unreadable.
        ConfigurationInvalid: it is not ours, or its schema is of another release.
    """
    check_file(sqlite_path(url))
    engine = _engine(url)
    try:
        with named_errors(url), engine.connect().execution_options(reading=True) as connection:
            check_revision(_revision(connection), str(sqlite_path(url)), _needs(connection))
    except Exception:
        engine.dispose()
        raise
    return engine


def upgrade(url: str, *, create: bool = False) -> tuple[str | None, str]:
    """
    Bring the schema of a database to this release; with `create` also an empty or missing one.

    Returns:
        The revision before and after.

    Raises:
        MappingUnavailable: it is missing, locked or unreadable.
        ConfigurationInvalid: it is not ours, or its schema is of a newer release.
    """
    path = sqlite_path(url)
    if not create:
        check_file(path)
    engine = _engine(url)
    try:
        with named_errors(url), engine.begin() as connection:
            before = _revision(connection)
            if before is None and not create:
                check_revision(None, str(path))
            if before is not None and before >= REVISION:
                check_revision(before, str(path), _needs(connection))
                return before, before
            migrations = Config()
            migrations.set_main_option(
                "script_location", str(importlib.resources.files("autoconfig.mapping") / "migrations")
            )
            migrations.attributes["connection"] = connection
            command.upgrade(migrations, "head")
            connection.execute(text(f"PRAGMA application_id = {APPLICATION_ID}"))
        with named_errors(url):
            _outside_transactions(engine, "PRAGMA journal_mode = WAL")  # readers never wait for a writer
        return before, REVISION
    finally:
        engine.dispose()


@contextlib.contextmanager
def named_errors(url: str) -> Iterator[None]:
    """Whatever the database says, as an error that names the file and the remedy."""
    try:
        yield
    except DBAPIError as error:
        path, reason = sqlite_path(url), str(error.orig)
        if "not a database" in reason or "malformed" in reason:
            raise DatabaseForeign(f"{path}: {reason}; check the setting database") from error
        if "locked" in reason:
            raise MappingUnavailable(
                f"{path}: another command is writing to it; try again when it has ended"
            ) from error
        raise MappingUnavailable(f"{path}: {reason}; is its folder writable for this user?") from error


def checkpoint(engine: Engine) -> None:
    """Write the log back into the file and cut it off, so that readers start from a short one."""
    _outside_transactions(engine, "PRAGMA wal_checkpoint(TRUNCATE)")


def _engine(url: str) -> Engine:
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT})

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        # The driver must begin no transactions of its own: ours begin IMMEDIATE, as the one writer, or read.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _outside_transactions(engine: Engine, pragma: str) -> None:
    connection = engine.raw_connection()
    try:
        connection.cursor().execute(pragma)
    finally:
        connection.close()


def _needs(connection: Connection) -> str | None:
    """The oldest schema that a program must know for this one, where the schema says so."""
    if not inspect(connection).has_table(state.name):
        return None
    return connection.execute(select(state.c.needs)).scalar()


def _revision(connection: Connection) -> str | None:
    """The revision of one of our databases, `None` of an empty file."""
    mark = connection.exec_driver_sql("PRAGMA application_id").scalar()
    tables = set(connection.exec_driver_sql("SELECT name FROM sqlite_schema").scalars())
    if not tables:
        return None
    revision = None
    if mark == APPLICATION_ID and {"alembic_version", "mapping"} <= tables:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        raise DatabaseForeign(f"{connection.engine.url.database}: {FOREIGN}")
    return revision
