from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import plan_and_params
from autoconfig.mapping.copy_finder import CopyFinder
from autoconfig.mapping.copy_marker import TABLE, complaint_about
from autoconfig.mapping.copy_status import Status, StatusFile, status_file
from autoconfig.mapping.follower.follower import Follower
from autoconfig.mapping.schema_version import inode_of
from tests.mapping.follower.files import on, sql
from tests.mapping.follower.histories import change, numbered, replace, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = Domain("n1.example")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Where the copy is to be."""
    return tmp_path / "state" / "copy.db"


@pytest.fixture
def finder(path: Path, copy: Path) -> Iterator[CopyFinder]:
    """Reads the copy of the mapping at `path`, which is yet to come."""
    made = CopyFinder(copy, str(path))
    yield made
    asyncio.run(made.close())


@pytest.fixture
def following(path: Path, copy: Path) -> Iterator[Follower]:
    """The follower of the mapping at `path`."""
    with contextlib.closing(Follower(on(path), copy)) as follower:
        yield follower


def plan(finder: CopyFinder) -> str | None:
    """The plan of the name, asked for as a request does."""

    async def asked() -> str | None:
        try:
            settled = finder.settled(NAME.name, 10**10)
        finally:
            finder._release()  # as the loop's timer does, which ends with the loop here
        return settled and plan_and_params(settled)[0]

    return asyncio.run(asked())


def watch(finder: CopyFinder) -> str | None:
    """A look; why there is no copy."""
    try:
        asyncio.run(finder.watch())
    except MappingUnavailable as error:
        return str(error)
    return None


def test_before_there_is_a_copy(finder: CopyFinder, path: Path, copy: Path) -> None:
    """Until there is a copy nothing is answered, and the reason says how far it is, or what is in its way."""
    none = f"there is no local copy of {path} yet"
    nobody = f"{none}: no follower has started yet; see the log"
    with pytest.raises(MappingUnavailable) as asked:
        plan(finder)
    with pytest.raises(MappingUnavailable, match="no such database"):
        asyncio.run(finder.in_use(frozenset({"a"})))
    assert str(asked.value) == nobody
    assert (finder.gauges(), finder.stale(), watch(finder)) == ({}, None, nobody)

    file = StatusFile(copy)
    for status, why in (
        (Status(problem="the store is away"), "the store is away"),
        (Status(doing="copying rows", done=3, of=9), "copying rows: 3 of 9"),
    ):
        file.write(status)
        assert watch(finder) == f"{none}: {why}"
        with pytest.raises(MappingUnavailable, match=why):
            plan(finder)
    file.close()


def test_the_copy_comes_and_goes_on(finder: CopyFinder, following: Follower, path: Path) -> None:
    """As soon as there is a copy it is read; changes and another history are seen without another look."""
    write(on(path), numbered(3, "first"))
    following.look()
    assert watch(finder) is None
    assert plan(finder) == "first"
    assert asyncio.run(finder.in_use(frozenset({"first", "other"}))) == {"first"}
    change(on(path), NAME.name, plan="second")
    following.look()
    assert plan(finder) == "second"
    replace(on(path), numbered(2, "third"))
    following.look()
    assert plan(finder) == "third"
    gauges = finder.gauges()

    assert watch(finder) is None
    assert gauges["copy_age_seconds"] == gauges["replica_age_seconds"] == pytest.approx(0, abs=600)
    assert finder.gauges()["mapping_last_id"] == 2


def test_a_copy_of_another_store(following: Follower, path: Path, copy: Path) -> None:
    """The copy of another store is not served before its own store has confirmed that it is of the same history."""
    write(on(path), numbered(3))
    following.look()
    following.close()
    moved = path.rename(path.with_name("moved.db"))
    finder = CopyFinder(copy, str(moved))
    why = f"{copy}: is a copy of {path}; it is served as soon as {moved} confirms that its history is the same"
    assert watch(finder) == why
    with pytest.raises(MappingUnavailable, match="its history is the same"):
        plan(finder)
    with pytest.raises(MappingUnavailable, match="its history is the same"):
        asyncio.run(finder.in_use(frozenset({"plan"})))
    with contextlib.closing(Follower(on(moved), copy)) as confirming:
        confirming.look()
    assert watch(finder) is None
    assert plan(finder) == "plan"
    asyncio.run(finder.close())


def test_no_copy(finder: CopyFinder, path: Path, copy: Path) -> None:
    """A mapping of its own in the copy's place is not served."""
    copy.parent.mkdir()
    path.rename(copy)

    assert (watch(finder) or "").startswith(f"{copy}: is not a copy; ")


def test_what_is_served_stays(finder: CopyFinder, following: Follower, path: Path, copy: Path) -> None:
    """A copy whose name is gone for a moment is served on; a broken file in its place is not, and is complained of."""
    write(on(path), numbered(3))
    following.look()
    assert watch(finder) is None
    copy.rename(copy.with_name("gone"))
    assert watch(finder) is None
    copy.write_bytes(b"nonsense" * 999)
    with pytest.raises(Exception, match="not a database"):
        asyncio.run(finder.watch())
    assert plan(finder) == "plan"
    following.look()
    assert not complaint_about(copy).exists()
    assert watch(finder) is None
    assert plan(finder) == "plan"


def test_a_copy_that_cannot_be_opened(finder: CopyFinder, following: Follower, path: Path, copy: Path) -> None:
    """A damaged copy is complained of, so that the follower, which has it open, makes it again."""
    write(on(path), numbered(3))
    copy.write_bytes(b"nonsense" * 999)
    assert "not a database" in (watch(finder) or "")
    assert complaint_about(copy).read_text() == str(inode_of(copy))
    following.look()

    assert watch(finder) is None
    assert plan(finder) == "plan"


def test_damage_that_a_request_finds(finder: CopyFinder, following: Follower, path: Path, copy: Path) -> None:
    """A page that cannot be read fails the requests that need it, until the copy was made again."""
    write(on(path), numbered(3000))
    following.look()
    sql(copy, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert watch(finder) is None
    root = sql(copy, "SELECT rootpage FROM sqlite_schema WHERE name = 'mapping_name'")
    (size,) = sql(copy, "PRAGMA page_size")[0]
    assert isinstance(size, int)
    with copy.open("r+b") as file:
        for page in range(int(str(root[0][0])) if root else 4, copy.stat().st_size // size):
            file.seek(page * size)
            file.write(b"\xff" * size)
    with pytest.raises(MappingUnavailable, match="malformed"):
        plan(finder)
    watch(finder)
    assert complaint_about(copy).exists()
    following.look()
    assert watch(finder) is None
    assert plan(finder) == "plan"


def test_age_without_a_status(finder: CopyFinder, following: Follower, path: Path, copy: Path) -> None:
    """A copy whose follower said nothing yet is as old as the last comparison of all rows."""
    write(on(path), numbered(3))
    following.look()
    following.close()
    status_file(copy).unlink()
    sql(copy, f"UPDATE {TABLE} SET verified_at = 5")
    assert watch(finder) is None

    assert finder.gauges()["copy_age_seconds"] > 50 * 365 * 86_400


def test_a_mark_that_cannot_be_read(finder: CopyFinder, following: Follower, copy: Path) -> None:
    """A copy that does not say what it is of is not served."""
    following.look()
    following.close()
    sql(copy, f"DROP TABLE {TABLE}", f"CREATE TABLE {TABLE} (x)")

    assert "no such column" in (watch(finder) or "")
    with contextlib.closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
