from __future__ import annotations

import importlib.resources
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from autoconfig.errors import DatabaseForeign, MappingUnavailable, SchemaTooNew, SchemaTooOld
from autoconfig.mapping.database import APPLICATION_ID, REVISION
from autoconfig.mapping.engine import open_engine, upgrade
from autoconfig.mapping.schema import metadata

if TYPE_CHECKING:
    from pathlib import Path


def pragma(path: Path, name: str) -> object:
    """What the file says of itself."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


def at_revision(path: Path, revision: str) -> None:
    """Pretend that another release made it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def test_create(tmp_path: Path) -> None:
    """A new database is marked as ours, in WAL mode, and at the schema of this release."""
    path = tmp_path / "mapping.db"

    assert upgrade(f"sqlite:///{path}", create=True) == (None, REVISION)
    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "journal_mode") == "wal"


def test_an_empty_file_becomes_a_database_only_on_demand(tmp_path: Path) -> None:
    """An empty file is not taken for a database, and `create` makes it one."""
    path = tmp_path / "mapping.db"
    path.touch()
    with pytest.raises(DatabaseForeign):
        open_engine(f"sqlite:///{path}")
    with pytest.raises(DatabaseForeign):
        upgrade(f"sqlite:///{path}")

    assert upgrade(f"sqlite:///{path}", create=True) == (None, REVISION)


def test_upgrade_twice(url: str) -> None:
    """A database of this release needs no upgrade, and `create` does it no harm."""
    assert upgrade(url) == (REVISION, REVISION)
    assert upgrade(url, create=True) == (REVISION, REVISION)


def test_revision_is_the_head() -> None:
    """The revision that this release asks for is the newest migration."""
    migrations = Config()
    migrations.set_main_option("script_location", str(importlib.resources.files("autoconfig.mapping") / "migrations"))

    assert ScriptDirectory.from_config(migrations).get_current_head() == REVISION


def test_models_are_what_migrations_make(url: str) -> None:
    """Whoever changes the table without a migration hears of it."""
    engine = open_engine(url)
    with engine.connect() as connection:
        difference = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()

    assert difference == []


def test_missing(tmp_path: Path) -> None:
    """A missing file is neither opened nor upgraded, and not made."""
    url = f"sqlite:///{tmp_path / 'mapping.db'}"
    with pytest.raises(MappingUnavailable, match="autoconfig init"):
        open_engine(url)
    with pytest.raises(MappingUnavailable, match="autoconfig init"):
        upgrade(url)

    assert not list(tmp_path.iterdir())


def test_missing_folder(tmp_path: Path) -> None:
    """A database that cannot be made is unavailable, with a hint at the folder."""
    with pytest.raises(MappingUnavailable, match="is its folder writable"):
        upgrade(f"sqlite:///{tmp_path / 'missing' / 'mapping.db'}", create=True)


def test_foreign(foreign: Path) -> None:
    """A file that is not ours is refused, whatever it is."""
    with pytest.raises(DatabaseForeign, match=r"foreign\.db: .*; check the setting database"):
        open_engine(f"sqlite:///{foreign}")


@pytest.mark.parametrize("create", [False, True], ids=["upgrade", "create"])
def test_foreign_is_not_upgraded(tmp_path: Path, create: bool) -> None:
    """Somebody else's database is left as it is."""
    path = tmp_path / "foreign.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(DatabaseForeign):
        upgrade(f"sqlite:///{path}", create=create)

    assert path.read_bytes() == before


@pytest.mark.parametrize(("revision", "error"), [("0000", SchemaTooOld), ("9999", SchemaTooNew)], ids=["old", "new"])
def test_schema_of_another_release(path: Path, url: str, revision: str, error: type[Exception]) -> None:
    """A schema of another release is not opened."""
    at_revision(path, revision)

    with pytest.raises(error):
        open_engine(url)


def test_a_newer_schema_is_not_upgraded(path: Path, url: str) -> None:
    """What a newer release made stays as it is."""
    at_revision(path, "9999")

    with pytest.raises(SchemaTooNew):
        upgrade(url)


def test_locked(path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another writer does not end, opening to write says so."""
    monkeypatch.setattr("autoconfig.mapping.engine.BUSY_TIMEOUT", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(MappingUnavailable, match="another command is writing"):
            upgrade(url)
