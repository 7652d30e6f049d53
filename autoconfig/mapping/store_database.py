"""Open a mapping database for commands, create it, and upgrade its schema; `dialects` does the engine's part."""

from __future__ import annotations

import contextlib
import importlib.resources
from typing import TYPE_CHECKING

from sqlalchemy import inspect, select, table, text

from autoconfig.errors import DatabaseForeign, SchemaTooOld, SettingsInvalid
from autoconfig.mapping.database_location import DatabaseLocation
from autoconfig.mapping.dialects import engine_of
from autoconfig.mapping.schema import mapping, state
from autoconfig.mapping.schema_version import FOREIGN, NO_SCHEMA, REVISION, check_revision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Inspector

    from autoconfig.mapping.record import Record

_VERSIONS = "alembic_version"
_COLUMNS = {
    _VERSIONS: {"version_num"},
    mapping.name: set(mapping.columns.keys()),
    state.name: set(state.columns.keys()),
}


class Database:
    """An open mapping database. Reads go to a standby if the primary is down."""

    def __init__(self, url: str, setting: str = "database") -> None:
        """Connects on first use. Errors name the `setting` that the URL is from."""
        self.location = DatabaseLocation.parse(url, setting)
        self._engine = engine_of(self.location.kind)
        self._reader = self._engine.connect(self.location, writing=False)
        self._writer = self._engine.connect(self.location, writing=True)

    def close(self) -> None:
        """Close all connections."""
        self._reader.dispose()
        self._writer.dispose()

    @contextlib.contextmanager
    def named_errors(self) -> Iterator[None]:
        """Turn errors of the driver into errors that name the place and the remedy."""
        try:
            yield
        except self._engine.errors as error:
            raise self._engine.explain(self.location, error) from error

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read transaction with one consistent view."""
        with self.named_errors(), self._engine.reading(self._reader) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction under the writer lock."""
        with self.named_errors(), self._engine.writing(self._writer) as connection:
            yield connection

    def is_standby(self, connection: Connection) -> bool:
        """Whether the connection is to a server that replicates another one."""
        with self.named_errors():
            return self._engine.is_standby(connection)

    def clock(self, connection: Connection) -> float | None:
        """The time on the server in Unix seconds; `None` if the database is on this machine."""
        with self.named_errors():
            return self._engine.clock(connection)

    def append(self, connection: Connection, records: list[Record]) -> None:
        """Insert rows."""
        with self.named_errors():
            self._engine.append(connection, records)

    def settle(self) -> None:
        """Make reading fast after many rows were written."""
        with self.named_errors():
            self._engine.settle(self._writer)

    def check(self) -> None:
        """
        Check that it is a mapping database which this release can use.

        Raises:
            MappingUnavailable: the database is missing, locked, unreadable or out of reach.
            ConfigurationInvalid: it is not a mapping database, or its schema is of another release.
        """
        self._engine.check(self.location)
        with self.named_errors(), self._engine.autocommit(self._reader) as connection:
            revision = self._revision(connection)
            if revision is None and self._engine.made_by_upgrade:
                raise SchemaTooOld(f"{self.location.shown}: {NO_SCHEMA}")
            check_revision(revision, self.location.shown, self._needs(connection))

    def upgrade(self, *, create: bool) -> tuple[str | None, str]:
        """Bring the schema to this release, as the function `upgrade` describes it."""
        where = self.location.shown
        if create:
            self._engine.create(self.location)
        else:
            self._engine.check(self.location)
        with self.writing() as connection:
            before = self._revision(connection)
            if (before is None or create) and (reason := self._engine.unfit(connection)):
                raise SettingsInvalid(f"{where}: {reason}; check the setting {self.location.setting}")
            if before is None and not create and not self._engine.made_by_upgrade:
                check_revision(None, where, setting=self.location.setting)
            if before is not None and before >= REVISION:
                check_revision(before, where, self._needs(connection))
                after = before
            else:
                _migrate(connection)
                self._engine.mark(connection)
                after = REVISION
        with self.named_errors():
            self._engine.prepare(self._writer)  # even if nothing changed: an earlier upgrade may have been interrupted
        return before, after

    def _revision(self, connection: Connection) -> str | None:
        """
        The revision of a mapping database; `None` if it has none of our tables, or if creating them was interrupted.

        Raises:
            DatabaseForeign: the database, or a table with one of our names, belongs to another program.
        """
        inspector = inspect(connection)
        there = {name for name in _COLUMNS if inspector.has_table(name)}
        ours = not self._engine.is_foreign(connection) and all(_is_ours(inspector, name) for name in there)
        revisions: list[str] = []
        if ours and _VERSIONS in there:
            revisions = list(connection.execute(select(text("version_num")).select_from(table(_VERSIONS))).scalars())
        if ours and len(revisions) == 1 and mapping.name in there:
            return revisions[0]
        if ours and not revisions and not (there and self._engine.transactional_ddl):
            return None
        raise DatabaseForeign(f"{self.location.shown}: {FOREIGN}; check the setting {self.location.setting}")

    def _needs(self, connection: Connection) -> str | None:
        """The oldest schema that a program must know to use this one; `None` if the schema does not say."""
        if not inspect(connection).has_table(state.name):
            return None
        return connection.execute(select(state.c.needs)).scalar()


def open_database(url: str, setting: str = "database") -> Database:
    """
    Open an existing mapping database that this release can use.

    Raises:
        MappingUnavailable, ConfigurationInvalid: as `Database.check`.
        SettingsInvalid: as `DatabaseLocation.parse`.
    """
    database = Database(url, setting)
    try:
        database.check()
    except BaseException:
        database.close()
        raise
    return database


def upgrade(url: str, *, create: bool = False, setting: str = "database") -> tuple[str | None, str]:
    """
    Bring the schema of a database to this release. Tables are created in an empty database on a server; in an empty or
    missing file only with `create`.

    Returns:
        The revision before and after.

    Raises:
        MappingUnavailable: the database is missing, locked, unreadable or out of reach.
        ConfigurationInvalid: it is not a mapping database, or its schema is of a newer release.
    """
    with contextlib.closing(Database(url, setting)) as database:
        return database.upgrade(create=create)


def _migrate(connection: Connection) -> None:
    # Here, as it loads every dialect of SQLAlchemy, which takes longer than what most commands do.
    from alembic import command
    from alembic.config import Config

    migrations = Config()
    migrations.set_main_option("script_location", str(importlib.resources.files("autoconfig.mapping") / "migrations"))
    migrations.attributes["connection"] = connection
    command.upgrade(migrations, "head")


def _is_ours(inspector: Inspector, name: str) -> bool:
    return _COLUMNS[name] <= {column["name"] for column in inspector.get_columns(name)}
