"""Opens a mapping database for the commands, and makes or upgrades one. How, `engines` knows."""

from __future__ import annotations

import contextlib
import importlib.resources
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect, select, table, text

from autoconfig.errors import DatabaseForeign, SchemaTooOld, SettingsInvalid
from autoconfig.mapping.database import FOREIGN, NO_SCHEMA, REVISION, check_revision
from autoconfig.mapping.engines import engine_of
from autoconfig.mapping.place import Place
from autoconfig.mapping.schema import mapping, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Inspector

    from autoconfig.mapping.schema import Record

_VERSIONS = "alembic_version"
_COLUMNS = {
    _VERSIONS: {"version_num"},
    mapping.name: set(mapping.columns.keys()),
    state.name: set(state.columns.keys()),
}


class Database:
    """A mapping database, opened: its primary; what is only read, from a standby where that one is away."""

    def __init__(self, url: str, setting: str = "database") -> None:
        """Connects to nothing yet. Errors name the `setting` that the URL is from."""
        self.place = Place.parse(url, setting)
        self._engine = engine_of(self.place.kind)
        self._reader = self._engine.connect(self.place, writing=False)
        self._writer = self._engine.connect(self.place, writing=True)

    def close(self) -> None:
        """Give the connections back."""
        self._reader.dispose()
        self._writer.dispose()

    @contextlib.contextmanager
    def named_errors(self) -> Iterator[None]:
        """Whatever the driver says, as an error that names the place and the remedy."""
        try:
            yield
        except self._engine.errors as error:
            raise self._engine.explain(self.place, error) from error

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """See `Engine.reading`."""
        with self.named_errors(), self._engine.reading(self._reader) as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """See `Engine.writing`."""
        with self.named_errors(), self._engine.writing(self._writer) as connection:
            yield connection

    def is_standby(self, connection: Connection) -> bool:
        """See `Engine.is_standby`."""
        with self.named_errors():
            return self._engine.is_standby(connection)

    def append(self, connection: Connection, records: list[Record]) -> None:
        """See `Engine.append`."""
        with self.named_errors():
            self._engine.append(connection, records)

    def settle(self) -> None:
        """See `Engine.settle`."""
        with self.named_errors():
            self._engine.settle(self._writer)

    def check(self) -> None:
        """
        See that it is ours and that this release can use it.

        Raises:
            MappingUnavailable: it is missing, locked, unreadable or out of reach.
            ConfigurationInvalid: it is not ours, or its schema is of another release.
        """
        self._engine.check(self.place)
        with self.named_errors(), self._engine.autocommit(self._reader) as connection:
            revision = self._revision(connection)
            if revision is None and self._engine.made_by_upgrade:
                raise SchemaTooOld(f"{self.place.shown}: {NO_SCHEMA}")
            check_revision(revision, self.place.shown, self._needs(connection))

    def upgrade(self, *, create: bool) -> tuple[str | None, str]:
        """See `upgrade`."""
        where = self.place.shown
        if create:
            self._engine.create(self.place)
        else:
            self._engine.check(self.place)
        with self.writing() as connection:
            before = self._revision(connection)
            if (before is None or create) and (reason := self._engine.unfit(connection)):
                raise SettingsInvalid(f"{where}: {reason}; check the setting {self.place.setting}")
            if before is None and not create and not self._engine.made_by_upgrade:
                check_revision(None, where, setting=self.place.setting)
            if before is not None and before >= REVISION:
                check_revision(before, where, self._needs(connection))
                after = before
            else:
                _migrate(connection)
                self._engine.mark(connection)
                after = REVISION
        with self.named_errors():
            self._engine.prepare(self._writer)  # also after an upgrade that was interrupted before it
        return before, after

    def _revision(self, connection: Connection) -> str | None:
        """
        The revision of one of our databases; `None` where none of our tables is, or where making them was interrupted.

        Raises:
            DatabaseForeign: it is another program's, or has tables of another one under our names.
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
        raise DatabaseForeign(f"{self.place.shown}: {FOREIGN}; check the setting {self.place.setting}")

    def _needs(self, connection: Connection) -> str | None:
        """The oldest schema that a program must know for this one, where the schema says so."""
        if not inspect(connection).has_table(state.name):
            return None
        return connection.execute(select(state.c.needs)).scalar()


def open_database(url: str, setting: str = "database") -> Database:
    """
    An existing database of ours, at a schema that this release can use.

    Raises:
        MappingUnavailable, ConfigurationInvalid: see `Database.check`.
        SettingsInvalid: see `Place.parse`.
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
    Bring the schema of a database to this release. An empty database of a server gets its tables; an empty or missing
    file only with `create`.

    Returns:
        The revision before and after.

    Raises:
        MappingUnavailable: it is missing, locked, unreadable or out of reach.
        ConfigurationInvalid: it is not ours, or its schema is of a newer release.
    """
    with contextlib.closing(Database(url, setting)) as database:
        return database.upgrade(create=create)


def _migrate(connection: Connection) -> None:
    migrations = Config()
    migrations.set_main_option("script_location", str(importlib.resources.files("autoconfig.mapping") / "migrations"))
    migrations.attributes["connection"] = connection
    command.upgrade(migrations, "head")


def _is_ours(inspector: Inspector, name: str) -> bool:
    return _COLUMNS[name] <= {column["name"] for column in inspector.get_columns(name)}
