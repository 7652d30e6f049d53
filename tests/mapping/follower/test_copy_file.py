from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable, Refused
from autoconfig.mapping import schema_version
from autoconfig.mapping.copy_marker import TABLE
from autoconfig.mapping.follower.copy_file import CopyFile, Origin
from autoconfig.mapping.follower.follower import Follower
from autoconfig.mapping.store_database import upgrade
from tests.mapping.follower.files import on, sql
from tests.mapping.follower.histories import change, numbered, replace, rows_of, write
from tests.mapping.follower.looking import age, compared, looked

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.usefixtures("small")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_damage_is_mended(url: str, copy: Path) -> None:
    """Damage within the copy is found when all rows are compared; a new copy takes its place, the old one is kept."""
    write(url, numbered(3000))
    looked(url, copy)
    whole = copy.read_bytes()
    with copy.open("r+b") as file:
        file.seek(len(whole) // 2)
        file.write(b"\xff" * 16384)
    age(copy)
    with contextlib.closing(Follower(url, copy)) as following:
        look = compared(following)[-1]

    assert look.afresh is not None
    assert rows_of(on(copy)) == numbered(3000)
    assert sql(copy, "PRAGMA integrity_check") == [("ok",)]
    assert b"\xff" * 16384 in copy.with_name("copy.db.aside-1").read_bytes()


def _empty_mapping(copy: Path) -> None:
    upgrade(on(copy), create=True)


def _other_program(copy: Path) -> None:
    sql(copy, "CREATE TABLE mapping (name TEXT)")


def _text(copy: Path) -> None:
    copy.write_text("name,plan\n" * 100)


def _nothing(copy: Path) -> None:
    copy.touch()


def _replica(copy: Path) -> None:
    upgrade(on(copy), create=True)
    sql(copy, f"CREATE TABLE {TABLE} (source TEXT, verified_at INTEGER)")


def _mark_without_row(copy: Path) -> None:
    CopyFile.made(copy, Origin("x"), "g").close()
    sql(copy, f"DELETE FROM {TABLE}")


def _too_new(copy: Path) -> None:
    CopyFile.made(copy, Origin("x"), "g").close()
    sql(copy, "UPDATE alembic_version SET version_num = '9999'", "UPDATE mapping_state SET needs = '9999'")


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize(
    "make",
    [_empty_mapping, _other_program, _text, _nothing, _replica, _mark_without_row, _too_new],
    ids=lambda make: make.__name__.removeprefix("_"),
)
def test_what_is_no_copy_is_set_aside(url: str, copy: Path, make: Callable[[Path], None]) -> None:
    """Whatever else stands in the copy's place, or is of a newer release, gives way to a copy, and is kept."""
    write(url, numbered(30))
    make(copy)
    there = copy.stat().st_ino
    with contextlib.closing(Follower(url, copy)) as following:
        assert copy.stat().st_ino == there  # until there is something better
        assert following.look().afresh

    assert rows_of(on(copy)) == numbered(30)
    assert copy.with_name("copy.db.aside-1").stat().st_ino == there


@pytest.mark.parametrize("engine", ["sqlite"])
def test_how_many_are_kept(url: str, copy: Path) -> None:
    """The last two files that could not be used are kept, no more."""
    for text in ("first", "second", "third", "fourth"):
        copy.unlink(missing_ok=True)
        copy.write_text(text * 100)
        looked(url, copy)

    kept = {path.name: path.read_text()[:6] for path in copy.parent.glob("copy.db.aside-?")}
    assert kept == {"copy.db.aside-1": "fourth", "copy.db.aside-2": "thirdt"}


@pytest.mark.parametrize("engine", ["sqlite"])
def test_two_followers(url: str, following: Follower, copy: Path) -> None:
    """A second follower on the file is refused, for as long as the first one is there."""
    with pytest.raises(Refused, match="another follower is running"):
        Follower(url, copy)
    following.close()
    looked(url, copy)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_folder(url: str, tmp_path: Path) -> None:
    """A missing folder is created; if that fails, the error names it."""
    looked(url, tmp_path / "none" / "copy.db")
    with pytest.raises(MappingUnavailable, match=r"copy\.db\.follower: Not a directory"):
        Follower(url, Path("/dev/null/copy.db"))


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_begun_copy_is_gone_on_with(url: str, copy: Path) -> None:
    """A copy that was interrupted goes on where it ended; one of another history is begun again."""
    write(url, numbered(30))

    class Interrupted(Exception):
        pass

    def stop(step: str, done: int, _total: int | None) -> None:
        if (step, done) == ("copying rows", 14):
            raise Interrupted

    def interrupted() -> None:
        with contextlib.closing(Follower(url, copy, stop)) as following, pytest.raises(Interrupted):
            following.look()

    interrupted()
    assert not copy.exists()
    assert looked(url, copy).rows == 30 - 14  # reported rows are committed

    for path in copy.parent.iterdir():
        path.unlink()
    interrupted()
    replace(url, numbered(30, "other"))
    assert looked(url, copy).rows == 30
    assert rows_of(on(copy)) == numbered(30, "other")


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("left", ["foreign", "unmarked", "wrong"])
def test_a_copy_that_cannot_be_gone_on_with(url: str, copy: Path, left: str) -> None:
    """Whatever lies where the copy is to be, it is made anew."""
    write(url, numbered(30))
    fresh = copy.with_name("copy.db.new")
    if left == "foreign":
        fresh.write_bytes(b"nonsense" * 1000)
    elif left == "unmarked":
        upgrade(on(fresh), create=True)
    else:
        looked(url, fresh)
        sql(fresh, "UPDATE mapping SET name = 'wrong.example' WHERE id = 3")
        with pytest.raises(MappingUnavailable, match="differ from those of the store"):
            looked(url, copy)
        assert not copy.exists()

    assert looked(url, copy).last_id == 30
    assert rows_of(on(copy)) == numbered(30)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_logs_of_a_removed_copy(url: str, copy: Path) -> None:
    """The log of a copy that was removed does no harm to the next one."""
    write(url, numbered(30))
    looked(url, copy)
    with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as open_elsewhere:
        open_elsewhere.execute("UPDATE mapping SET plan = 'wrong'")
        copy.unlink()
        assert copy.with_name("copy.db-wal").stat().st_size
        looked(url, copy)

    assert rows_of(on(copy)) == numbered(30)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_copy_left_by_a_crash(url: str, copy: Path) -> None:
    """A copy that has taken its place just before a crash is removed."""
    write(url, numbered(3))
    looked(url, copy)
    fresh = copy.with_name("copy.db.new")
    looked(url, fresh)
    looked(url, copy)

    assert not fresh.exists()


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_source_is_written_down(url: str, path: Path, copy: Path) -> None:
    """A copy says where its rows come from, also when that changes."""
    looked(url, copy)
    assert sql(copy, f"SELECT source FROM {TABLE}") == [(str(path),)]
    moved = path.rename(path.with_name("moved.db"))
    assert looked(on(moved), copy).afresh is None

    assert sql(copy, f"SELECT source FROM {TABLE}") == [(str(moved),)]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_copy_that_is_locked(url: str, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If another process writes to the copy, such as `db upgrade`, the error says so, and the next look continues."""
    monkeypatch.setattr(schema_version, "BUSY_TIMEOUT", 0.05)
    write(url, numbered(3))
    with contextlib.closing(Follower(url, copy)) as following:
        following.look()
        change(url, "new.example")
        with contextlib.closing(sqlite3.connect(copy, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(MappingUnavailable, match=r"copy\.db: database is locked"):
                following.look()
        assert following.look().rows == 1


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("root", [True, False], ids=["root", "another user"])
def test_who_owns_it(url: str, copy: Path, root: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What root makes belongs to the owner of the folder, who serves it; others own what they make."""
    if os.geteuid() == 0:
        os.chown(copy.parent, 12345, 54321)
    folder, expected = copy.parent.stat(), (os.geteuid(), os.getegid())
    if root and os.geteuid() == 0:
        expected = (folder.st_uid, folder.st_gid)
    elif not root:
        monkeypatch.setattr("autoconfig.files.os.geteuid", lambda: 1000)
    looked(url, copy)

    owners = {(path.stat().st_uid, path.stat().st_gid) for path in copy.parent.iterdir()}
    assert owners == {expected}
