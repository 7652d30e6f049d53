"""A mapping file that is replaced, damaged or copied over while a finder reads it."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mail.domain import Domain
from autoconfig.mapping.sqlite_finder import Absent, SqliteFinder
from autoconfig.mapping.store import Change, Journal
from autoconfig.mapping.store_database import upgrade
from tests.mapping.asking import NAME, plan_of, until, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def put_in_place(path: Path, by: Path | None) -> None:
    """Take the file away, or put another one in its place, as a restore by hand does."""
    if by:
        by.replace(path)
    else:
        path.unlink()


def copy_over(path: Path, content: bytes) -> None:
    """Write over the file, as `cp` does."""
    path.write_bytes(content)


def closed(connection: sqlite3.Connection | Absent) -> bool:
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


def test_a_file_that_comes_later(path: Path, tmp_path: Path) -> None:
    """A finder that was made without a file starts as soon as there is one."""
    later = tmp_path / "later.db"

    async def scenario() -> str | None:
        finder = SqliteFinder(later)
        with pytest.raises(MappingUnavailable, match="no such database"):
            await finder.find(NAME)
        write(path, "a")
        put_in_place(later, path)
        await finder.start()
        plan = await plan_of(finder)
        await finder.close()
        return plan

    assert asyncio.run(scenario()) == "a"


@pytest.mark.parametrize("by", ["nothing", "another program's"])
def test_a_file_that_is_gone(path: Path, foreign: Path, by: str) -> None:
    """A file that is gone, or has another program's in its place, is read on; the finder says so until it is back."""
    write(path, "a")
    kept = path.with_name("kept.db")
    os.link(path, kept)

    async def scenario() -> list[str | None]:
        finder = SqliteFinder(path)
        seen = [finder.stale()]
        put_in_place(path, foreign if by != "nothing" else None)
        for _ in range(2):
            await finder.watch()
            seen += [finder.stale(), await plan_of(finder)]
        kept.replace(path)
        await finder.watch()
        seen += [finder.stale(), await plan_of(finder)]
        await finder.close()
        return seen

    before, *meanwhile, after, plan = asyncio.run(scenario())
    assert (before, after, plan) == (None, None, "a")
    assert meanwhile[1::2] == ["a", "a"]
    assert all("the open file is still served" in str(stale) for stale in meanwhile[::2])


def cut_off(path: Path) -> None:
    """Leave the first page only."""
    os.truncate(path, 4096)


def emptied(path: Path) -> None:
    """Leave nothing."""
    os.truncate(path, 0)


def scribbled(path: Path) -> None:
    """Write over all pages but the first."""
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\x5a" * (path.stat().st_size - 4096))


def another_program(path: Path) -> None:
    """Copy another program's file over it."""
    path.write_bytes(b"text\n" * 5000)


@pytest.mark.parametrize("damage", [cut_off, emptied, scribbled, another_program])
def test_damaged_in_place(path: Path, damage: Callable[[Path], None]) -> None:
    """No row is found wrongly in a file that is damaged in place; once it is mended in place all are found again."""
    names = [Domain(f"d{number}.example") for number in range(2000)]
    with closing(Journal(f"sqlite:///{path}")) as journal:
        with journal.writing() as writing:
            writing.append([Change(name.name, 1, "a", "{}") for name in names])
        journal.settle()
    whole = path.read_bytes()

    async def found(finder: SqliteFinder) -> set[str | None]:
        plans: set[str | None] = set()
        for name in names[::50]:
            try:
                row = (await finder.find(name)).at(1)
            except MappingUnavailable:
                plans.add("unavailable")
            else:
                plans.add(row.plan if row else None)
        return plans

    async def scenario() -> list[set[str | None]]:
        finder = SqliteFinder(path)
        seen = [await found(finder)]
        damage(path)
        seen.append(await found(finder) - {"a"})
        for _ in range(2):
            with pytest.raises(MappingUnavailable):
                await finder.watch()
            seen.append(await found(finder))
        copy_over(path, whole)
        await finder.watch()
        seen.append(await found(finder))
        await finder.close()
        return seen

    before, meanwhile, noticed, still, after = asyncio.run(scenario())
    assert (before, after) == ({"a"}, {"a"})
    assert meanwhile <= {"unavailable"}
    assert (noticed, still) == ({"unavailable"}, {"unavailable"})


def test_copied_over(path: Path, tmp_path: Path) -> None:
    """
    What is copied over the file is read, also where the log of the old one is still beside it: SQLite would lay that
    over pages that it does not belong to.
    """
    other = tmp_path / "other.db"
    upgrade(f"sqlite:///{other}", create=True)
    for number in range(200):
        write(path, f"old-{number}")
    write(other, "new")
    with closing(Journal(f"sqlite:///{other}")) as journal:
        journal.settle()

    async def scenario() -> list[str | None]:
        finder = SqliteFinder(path)
        write(path, "old")  # into the log, which stays there as long as the finder has the file open
        plans = [await plan_of(finder)]
        copy_over(path, new)
        await finder.watch()
        plans.append(await plan_of(finder))
        await finder.close()
        return plans

    new = other.read_bytes()
    assert asyncio.run(scenario()) == ["old", "new"]


def test_checkpoints(path: Path) -> None:
    """A checkpoint, which also writes to the file, does not cause a check of the whole file."""

    async def scenario() -> list[bool]:
        finder = SqliteFinder(path)
        before = finder._connection
        await finder.watch()
        same = []
        for plan in ("a", "b"):
            write(path, plan)
            await until(lambda: finder._timer is None)
            with closing(Journal(f"sqlite:///{path}")) as journal:
                journal.settle()
            await finder.watch()
            same += [finder._connection is before, await plan_of(finder) == plan]
        await finder.close()
        return same

    assert asyncio.run(scenario()) == [True] * 4
