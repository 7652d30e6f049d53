from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import DatabaseForeign, MappingUnavailable, SchemaTooNew, SchemaTooOld
from autoconfig.mail.domain import Domain
from autoconfig.mapping.engine import upgrade
from autoconfig.mapping.journal import Change, Journal
from autoconfig.mapping.sqlite import HOLD, SqliteFinder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = Domain("example.com")


def write(path: Path, plan: str) -> None:
    """Put the name on a plan, as a command does."""
    journal = Journal(f"sqlite:///{path}")
    with journal.writing() as writing:
        writing.append_one(Change(NAME.name, 1, plan, "{}"))
    journal.close()


def put_in_place(path: Path, by: Path | None) -> None:
    """Take the file away, or put another one in its place, as a restore by hand does."""
    if by:
        by.replace(path)
    else:
        path.unlink()


async def until(true: Callable[[], bool]) -> None:
    """Give the loop's timers time to make it true."""
    for _ in range(200):
        if true():
            break
        await asyncio.sleep(HOLD / 2)


async def plan_of(finder: SqliteFinder) -> str | None:
    """The plan on which the name is now."""
    row = (await finder.find(NAME)).at(1)
    return row.plan if row else None


def test_missing(tmp_path: Path) -> None:
    """A missing file is unavailable, and is not made."""
    with pytest.raises(MappingUnavailable, match="autoconfig init"):
        SqliteFinder(tmp_path / "mapping.db")

    assert not list(tmp_path.iterdir())


def test_foreign(foreign: Path) -> None:
    """A file that is not ours is refused, whatever it is."""
    with pytest.raises(DatabaseForeign, match=r"foreign\.db: .*; check the setting database"):
        SqliteFinder(foreign)


@pytest.mark.parametrize(("revision", "error"), [("0000", SchemaTooOld), ("9999", SchemaTooNew)], ids=["old", "new"])
def test_schema_of_another_release(path: Path, revision: str, error: type[Exception]) -> None:
    """A schema of another release is refused."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        connection.execute("UPDATE mapping_state SET needs = ?", (revision,))

    with pytest.raises(error):
        SqliteFinder(path)


def test_locked(path: Path) -> None:
    """A file that somebody else keeps for itself is unavailable."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(MappingUnavailable, match="locked"):
            SqliteFinder(path)


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


def closed(connection: sqlite3.Connection) -> bool:
    """Whether a connection was given back."""
    try:
        connection.execute("SELECT 1")
    except sqlite3.ProgrammingError:
        return True
    return False


def test_replaced_file(path: Path, tmp_path: Path) -> None:
    """A file put in the place of the old one is read after `watch`, and so is what is then written to it."""
    write(path, "old")
    other = tmp_path / "other.db"
    upgrade(f"sqlite:///{other}", create=True)
    write(other, "new")

    async def scenario() -> list[str | None]:
        finder = SqliteFinder(path)
        first = finder._connection
        plans = [await plan_of(finder)]
        put_in_place(path, other)
        plans.append(await plan_of(finder))
        await finder.watch()
        plans.append(await plan_of(finder))
        write(path, "newer")
        await until(lambda: finder._timer is None)
        plans.append(await plan_of(finder))
        second = finder._connection
        await finder.close()
        assert [closed(first), closed(second)] == [True, True]
        return plans

    assert asyncio.run(scenario()) == ["old", "old", "new", "newer"]


def test_the_same_file(path: Path) -> None:
    """As long as the file stands in its place it is opened once."""

    async def scenario() -> bool:
        finder = SqliteFinder(path)
        before = finder._connection
        await finder.watch()
        same = finder._connection is before
        await finder.close()
        return same

    assert asyncio.run(scenario())


def test_removed_file(path: Path) -> None:
    """A file that is gone is read on, until another one stands there; `watch` says so."""
    write(path, "a")

    async def scenario() -> str | None:
        finder = SqliteFinder(path)
        put_in_place(path, None)
        with pytest.raises(MappingUnavailable, match="is gone"):
            await finder.watch()
        plan = await plan_of(finder)
        await finder.close()
        return plan

    assert asyncio.run(scenario()) == "a"


def test_replaced_by_a_foreign_file(path: Path, foreign: Path) -> None:
    """A file that is not ours never takes the place of a good one: `watch` says so and the old one is read on."""
    write(path, "a")

    async def scenario() -> str | None:
        finder = SqliteFinder(path)
        put_in_place(path, foreign)
        with pytest.raises(DatabaseForeign):
            await finder.watch()
        plan = await plan_of(finder)
        await finder.close()
        return plan

    assert asyncio.run(scenario()) == "a"


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
