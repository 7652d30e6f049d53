from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import DatabaseForeign, MappingUnavailable, SchemaTooNew, SchemaTooOld
from autoconfig.mapping.sqlite_finder import SqliteFinder
from tests.mapping.asking import NAME, plan_of, until, write

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mapping.database_errors import ErrorKind


def opened(path: Path) -> None:
    """Open a finder, as a server does."""

    async def scenario() -> None:
        finder = SqliteFinder(path)
        try:
            await finder.start()
        finally:
            await finder.close()

    asyncio.run(scenario())


def test_missing(tmp_path: Path) -> None:
    """A missing file is unavailable, and is not made."""
    with pytest.raises(MappingUnavailable, match="autoconfig init"):
        opened(tmp_path / "mapping.db")

    assert not list(tmp_path.iterdir())


def test_foreign(foreign: Path) -> None:
    """A file that is not ours is refused, whatever it is."""
    with pytest.raises(DatabaseForeign, match=r"foreign\.db: .*; check the setting database"):
        opened(foreign)


@pytest.mark.parametrize(("revision", "error"), [("0000", SchemaTooOld), ("9999", SchemaTooNew)], ids=["old", "new"])
def test_schema_of_another_release(path: Path, revision: str, error: type[Exception]) -> None:
    """A schema of another release is refused."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.execute("UPDATE mapping_state SET needs = ?", (revision,))

    with pytest.raises(error):
        opened(path)


def test_locked(path: Path) -> None:
    """A file that somebody else keeps for itself is unavailable."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(MappingUnavailable, match="locked"):
            opened(path)


def test_what_is_written_is_found_after_the_hold(path: Path) -> None:
    """A new row is seen as soon as the read transaction of earlier requests has ended."""

    async def scenario() -> list[str | None]:
        finder = SqliteFinder(path)
        plans = [await plan_of(finder)]
        write(path, "a")
        await until(lambda: finder._timer is None)
        plans.append(await plan_of(finder))
        await finder.close()
        return plans

    assert asyncio.run(scenario()) == [None, "a"]


def test_the_read_transaction_ends_by_itself(path: Path) -> None:
    """Without another request the read transaction ends, so that a truncating checkpoint passes."""

    def busy() -> bool:
        with closing(sqlite3.connect(path, timeout=0)) as connection:
            return bool(connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    async def scenario() -> list[bool]:
        finder = SqliteFinder(path)
        await finder.find(NAME)
        write(path, "a")
        states = [busy()]
        await until(lambda: finder._timer is None)
        states.append(busy())
        await finder.close()
        return states

    assert asyncio.run(scenario()) == [True, False]


def test_broken_while_open(path: Path) -> None:
    """Whatever the database says when it is asked is `MappingUnavailable`, and the finder can be asked again."""

    async def scenario() -> None:
        finder = SqliteFinder(path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("ALTER TABLE mapping RENAME TO gone")
        with pytest.raises(MappingUnavailable, match=r"mapping\.db: no such table"):
            await finder.find(NAME)
        with pytest.raises(DatabaseForeign):
            await finder.in_use(frozenset("a"))
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("ALTER TABLE gone RENAME TO mapping")
        assert not (await finder.find(NAME)).rows
        await finder.close()

    asyncio.run(scenario())


def test_nothing_can_be_written(path: Path) -> None:
    """The connection of a finder writes nothing."""

    async def scenario() -> None:
        finder = SqliteFinder(path)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            finder._connection.execute("DELETE FROM mapping")
        await finder.close()

    asyncio.run(scenario())


BLOBS = {
    "plan": [(b"shared", "{}")],
    "params": [("shared", b"{}")],
    "both": [(b"shared", b"{}")],
    "of an earlier row": [("shared", b"{\xff}"), ("shared", "{}")],
}


@pytest.mark.parametrize("rows", BLOBS.values(), ids=BLOBS)
def test_blobs(path: Path, rows: list[tuple[str | bytes, str | bytes]]) -> None:
    """A row in which another program wrote a BLOB is left to `find`, and is no fault of the file."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for number, row in enumerate(rows, 1):
            values = (number, NAME.name, number, *row, "me", number)
            columns = "id, name, valid_from, plan, params, changed_by, recorded_at"
            connection.execute(f"INSERT INTO mapping ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", values)

    async def scenario() -> tuple[str | None, tuple[object, object]]:
        finder = SqliteFinder(path)
        await finder.start()
        settled, found = finder.settled(NAME.name, 9), (await finder.find(NAME)).rows[-1]
        await finder.watch()
        assert finder.stale() is None
        assert finder._error_kind is None
        await finder.close()
        return settled, (found.plan, found.params)

    settled, found = asyncio.run(scenario())

    assert found == rows[-1]
    assert settled == ("shared\n{}" if rows[-1] == ("shared", "{}") else None)


def test_text_that_is_no_utf8(path: Path) -> None:
    """A text that is no UTF-8, which only another program writes, concerns its name only: the file is not checked."""
    with closing(sqlite3.connect(path)) as connection, connection:
        values = f"1, '{NAME.name}', 1, CAST(x'ff' AS TEXT), '{{}}', NULL, 'me', 1"
        connection.execute(f"INSERT INTO mapping VALUES ({values})")

    async def scenario() -> ErrorKind | None:
        finder = SqliteFinder(path)
        await finder.start()
        with pytest.raises(MappingUnavailable, match="Could not decode"):
            finder.settled(NAME.name, 9)
        with pytest.raises(MappingUnavailable, match="Could not decode"):
            await finder.find(NAME)
        found = finder._error_kind
        await finder.close()
        return found

    assert asyncio.run(scenario()) is None
