from __future__ import annotations

import importlib.resources
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from autoconfig.errors import DatabaseForeign, MappingUnavailable, SchemaTooNew, SchemaTooOld
from autoconfig.mapping.record import Record
from autoconfig.mapping.schema_version import APPLICATION_ID, REVISION
from autoconfig.mapping.store import Change, Journal
from autoconfig.mapping.store_database import Database, open_database, upgrade
from tests.support.schema import OURS, is_whole, tables

if TYPE_CHECKING:
    from pathlib import Path


def execute(url: str, *statements: str) -> None:
    """Change a database behind our back."""
    with closing(Database(url)) as database, database.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def pragma(path: Path, name: str) -> object:
    """What the file says of itself."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(f"PRAGMA {name}").fetchone()[0]


@pytest.fixture
def changed(engine: str, request: pytest.FixtureRequest, blank: str) -> str:
    """A mapping database that the test may spoil."""
    if engine == "mariadb":  # there, other tests use the same one
        upgrade(blank)
        return blank
    found: str = request.getfixturevalue("url")
    return found


def test_create(blank: str) -> None:
    """An empty database of a server, or a new file, gets the schema of this release; then nothing is left to do."""
    assert upgrade(blank, create=True) == (None, REVISION)
    assert upgrade(blank) == (REVISION, REVISION)
    assert upgrade(blank, create=True) == (REVISION, REVISION)
    assert tables(blank) == OURS
    is_whole(blank)


def test_create_a_file(tmp_path: Path) -> None:
    """A new file is marked as ours, and in WAL mode."""
    path = tmp_path / "mapping.db"
    upgrade(f"sqlite:///{path}", create=True)

    assert pragma(path, "application_id") == APPLICATION_ID
    assert pragma(path, "journal_mode") == "wal"

    pragma(path, "journal_mode = DELETE")
    upgrade(f"sqlite:///{path}")

    assert pragma(path, "journal_mode") == "wal"


def test_an_empty_file_becomes_a_database_only_on_demand(tmp_path: Path) -> None:
    """An empty file is not taken for a database, and `create` makes it one."""
    path = tmp_path / "mapping.db"
    path.touch()
    with pytest.raises(DatabaseForeign):
        open_database(f"sqlite:///{path}")
    with pytest.raises(DatabaseForeign):
        upgrade(f"sqlite:///{path}")

    assert upgrade(f"sqlite:///{path}", create=True) == (None, REVISION)


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_an_empty_database_of_a_server(blank: str) -> None:
    """A server's database without tables cannot be used; the error names `db upgrade`, and that helps."""
    with pytest.raises(SchemaTooOld, match=r"has no tables of this program yet; run `autoconfig db upgrade`"):
        open_database(blank)

    assert upgrade(blank) == (None, REVISION)


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_a_database_shared_with_another_program(blank: str) -> None:
    """Another program's tables beside ours do no harm, and are left alone."""
    execute(blank, "CREATE TABLE customers (name varchar(9))", "INSERT INTO customers VALUES ('a')")
    upgrade(blank)
    is_whole(blank)

    assert tables(blank) == OURS | {"customers"}


TAKEN = {
    "a mapping": ["CREATE TABLE mapping (name varchar(9))"],
    "a state": ["CREATE TABLE mapping_state (name varchar(9))"],
    "an Alembic": [
        "CREATE TABLE alembic_version (version_num varchar(32))",
        "INSERT INTO alembic_version VALUES ('ae1027a6')",
    ],
    "an older Alembic": [
        "CREATE TABLE alembic_version (version varchar(32))",
        "INSERT INTO alembic_version VALUES ('ae1027a6')",
    ],
}


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
@pytest.mark.parametrize("statements", TAKEN.values(), ids=TAKEN)
def test_names_that_are_taken(blank: str, statements: list[str]) -> None:
    """Where another program has a table of one of our names, nothing is opened, made or changed."""
    execute(blank, *statements)
    before = tables(blank)
    for attempt in (open_database, upgrade):
        with pytest.raises(DatabaseForeign, match="is not a mapping database of this program; check the setting data"):
            attempt(blank)

    assert tables(blank) == before


SPOILT = {
    "no mapping": ["DROP TABLE mapping"],
    "a column less": ["ALTER TABLE mapping DROP COLUMN note"],
    "two revisions": ["INSERT INTO alembic_version VALUES ('0001')"],
}


@pytest.mark.parametrize("statements", SPOILT.values(), ids=SPOILT)
def test_spoilt(changed: str, statements: list[str]) -> None:
    """A database that was ours once and lacks something is refused, and not made new."""
    execute(changed, *statements)
    for attempt in (open_database, upgrade):
        with pytest.raises(DatabaseForeign, match="is not a mapping database of this program"):
            attempt(changed)


@pytest.mark.parametrize("engine", ["postgresql"])
def test_without_its_revision(changed: str) -> None:
    """Where migrations are transactions, tables without a revision are somebody else's doing."""
    execute(changed, "DELETE FROM alembic_version")
    with pytest.raises(DatabaseForeign):
        upgrade(changed)


def test_revision_is_the_head() -> None:
    """The revision that this release asks for is the newest migration."""
    migrations = Config()
    migrations.set_main_option("script_location", str(importlib.resources.files("autoconfig.mapping") / "migrations"))

    assert ScriptDirectory.from_config(migrations).get_current_head() == REVISION


def test_missing(tmp_path: Path) -> None:
    """A missing file is neither opened nor upgraded, and not made."""
    url = f"sqlite:///{tmp_path / 'mapping.db'}"
    with pytest.raises(MappingUnavailable, match="autoconfig init"):
        open_database(url)
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
        open_database(f"sqlite:///{foreign}")


@pytest.mark.parametrize("create", [False, True], ids=["upgrade", "create"])
def test_foreign_is_not_upgraded(tmp_path: Path, create: bool) -> None:
    """Somebody else's file is left as it is."""
    path = tmp_path / "foreign.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(DatabaseForeign):
        upgrade(f"sqlite:///{path}", create=create)

    assert path.read_bytes() == before


def test_an_older_schema(changed: str) -> None:
    """A schema of an older release is not opened, and the remedy is named."""
    execute(changed, "DROP TABLE mapping_state", "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(SchemaTooOld, match="has schema 0001, this release needs 0002; run `autoconfig db upgrade`"):
        open_database(changed)

    assert upgrade(changed) == ("0001", REVISION)
    is_whole(changed)


def test_a_newer_schema(changed: str) -> None:
    """A schema of a newer release is used where it says that this release can, and never changed."""
    execute(
        changed, "UPDATE alembic_version SET version_num = '9999'", "ALTER TABLE mapping ADD COLUMN later varchar(9)"
    )
    with closing(Journal(changed)) as journal, journal.writing() as writing:
        writing.append([Change("a.example", 1, "p", "{}")])

        assert writing.timeline("a.example").rows[0].plan == "p"
    assert upgrade(changed) == ("9999", "9999")

    execute(changed, "UPDATE mapping_state SET needs = '9999'")
    for attempt in (open_database, upgrade):
        with pytest.raises(SchemaTooNew, match="install a newer release"):
            attempt(changed)


def test_locked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another writer does not end, an upgrade says so."""
    with closing(Journal(url)) as journal, journal.writing():
        monkeypatch.setattr("autoconfig.mapping.schema_version.BUSY_TIMEOUT", 0.05)
        with pytest.raises(
            MappingUnavailable, match="another command is writing to it; try again when it has finished"
        ):
            upgrade(url)


@pytest.mark.parametrize("new", [True, False], ids=["new", "there already"])
def test_rights_of_a_new_file(tmp_path: Path, new: bool) -> None:
    """A new file is not for everybody, nor are those beside it; one that is there keeps its rights."""
    path = tmp_path / "new.db"
    if not new:
        path.touch(0o600)
    upgrade(f"sqlite:///{path}", create=True)
    with closing(Journal(f"sqlite:///{path}")) as journal, journal.reading() as reading:
        reading.count()
        modes = {file.stat().st_mode & 0o777 for file in tmp_path.glob("new.db*")}

    assert modes == {0o640 if new else 0o600}


def test_errors_name_the_setting(tmp_path: Path) -> None:
    """An empty file is named with the setting that it is from."""
    (tmp_path / "empty.db").touch()
    with pytest.raises(DatabaseForeign, match=r"empty\.db: is not a mapping database .*; check the setting URL"):
        upgrade(f"sqlite:///{tmp_path / 'empty.db'}", setting="URL")


def test_a_disk_that_is_full(path: Path) -> None:
    """On a full disk, the remedy says so, and the whole transaction is rolled back."""

    def filled(database: Database) -> None:
        with database.writing() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # no more pages than there are
            rows = [Record(number, "a" * 253, number, "p", "{}", None, "me", 1) for number in range(999)]
            database.append(connection, rows)

    with (
        closing(Database(f"sqlite:///{path}")) as database,
        pytest.raises(MappingUnavailable, match="database or disk is full; make room on its disk"),
    ):
        filled(database)
    with closing(Journal(f"sqlite:///{path}")) as journal, journal.reading() as reading:
        assert reading.count() == 0
