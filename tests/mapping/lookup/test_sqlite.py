"""What holds for queries to another program's file."""

from __future__ import annotations

import asyncio
import os
import pwd
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.lookup.connection import QueryResult, Statement
from autoconfig.mapping.lookup.database import ForeignDatabase
from tests.mapping.foreign.databases import CUSTOMERS, new_foreign, statements
from tests.mapping.lookup.asked import about, asked, one

if TYPE_CHECKING:
    from collections.abc import Iterator


def sqlite_database(path: Path) -> ForeignDatabase:
    """A database in a file."""
    return ForeignDatabase(DatabaseLocation.parse(f"sqlite:///{path}"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Nothing is made in its place."""
    path = tmp_path / "nothing.db"
    with pytest.raises(MappingUnavailable, match="there is no such file"):
        asyncio.run(sqlite_database(path).answer(Statement("SELECT 1", {})))

    assert not path.exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """The error names the setting."""
    path = tmp_path / "customers.csv"
    path.write_text("domain,plan\n" * 100)

    with pytest.raises(SettingsInvalid, match=r"database: .*is not a SQLite database"):
        asyncio.run(sqlite_database(path).answer(Statement("SELECT 1", {})))


def test_a_file_in_wal_mode(request: pytest.FixtureRequest) -> None:
    """A file in WAL mode can be read without another process that has it open, and during writes."""
    foreign = new_foreign(request, Kind.SQLITE)
    foreign.execute("PRAGMA journal_mode = WAL", *statements(CUSTOMERS))
    statement = about(foreign, "shared.example")

    assert one(foreign, statement).rows == [("shared", "cs1.xbit.jp")]
    with closing(sqlite3.connect(DatabaseLocation.parse(foreign.url).path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM customers")
        assert one(foreign, statement).rows == [("shared", "cs1.xbit.jp")]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may look into, and whose owner alone may write to it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        folder.chmod(0o755)


def test_a_file_in_wal_mode_whose_folder_cannot_be_written(folder: Path) -> None:
    """It cannot be read there, for that needs a file beside it: the sentence says so."""
    path = folder / "customers.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE customers (domain TEXT)")
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        with pytest.raises(MappingUnavailable, match="to read a file in WAL mode, this user must"):
            asyncio.run(sqlite_database(path).answer(Statement("SELECT 1", {})))
    finally:
        if root:
            os.seteuid(0)


def test_another_file_in_its_place(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A file that is put in its place is read from then on."""
    foreign = new_foreign(request, Kind.SQLITE)
    foreign.execute(*statements(CUSTOMERS))
    path = DatabaseLocation.parse(foreign.url).path

    async def ask(database: ForeignDatabase) -> QueryResult:
        statement = about(foreign, "shared.example")
        before = await database.answer(statement)
        path.rename(tmp_path / "old.db")
        foreign.execute(*statements(CUSTOMERS), "UPDATE customers SET host = 'cs2.xbit.jp'")
        return QueryResult((), [*before.rows, *(await database.answer(statement)).rows])

    assert asked(foreign, ask).rows == [("shared", "cs1.xbit.jp"), ("shared", "cs2.xbit.jp")]


def test_a_file_that_is_locked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader waits a moment for an exclusive writer; then the error says so, and the file is not missing."""
    monkeypatch.setattr("autoconfig.mapping.lookup.connection._BUSY", 0.05)
    foreign = new_foreign(request, Kind.SQLITE)
    foreign.execute(*statements(CUSTOMERS))

    async def ask(database: ForeignDatabase) -> QueryResult:
        statement = about(foreign, "shared.example")
        await database.answer(statement)
        with closing(sqlite3.connect(DatabaseLocation.parse(foreign.url).path, isolation_level=None)) as writer:
            writer.execute("BEGIN EXCLUSIVE")
            with pytest.raises(MappingUnavailable, match="locked"):
                await database.answer(statement)
        return await database.answer(statement)

    assert asked(foreign, ask).rows == [("shared", "cs1.xbit.jp")]
