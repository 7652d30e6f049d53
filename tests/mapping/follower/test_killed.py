"""kill -9 at any moment of what takes long: what was there is there, or what was to be; never anything between."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.backup.backup import backup
from tests.mapping.follower.files import on
from tests.mapping.follower.histories import change, generation_of, numbered, replace, rows_of, write
from tests.mapping.follower.killed import killed

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 400
MOMENTS = (1, 8, 12, 16, 20)
"""Numbers of batches and of comparisons after which it is killed; none of the tasks has fewer than the last but one."""


def whole(path: Path) -> bool:
    """What SQLite says of a file."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_first_copy(url: str, tmp_path: Path) -> None:
    """
    A first copy that is killed again and again gets on and ends; a copy made afresh leaves the rows from before until
    its own are there.
    """
    path = tmp_path / "copy.db"
    write(url, numbered(ROWS))
    times = 0
    while killed(4, "follow", url, path):
        assert not path.exists() or rows_of(on(path)) == numbered(ROWS)
        times += 1
        assert times < 20
    assert times >= 2
    assert rows_of(on(path)) == numbered(ROWS)

    replace(url, numbered(ROWS - 50, "other"))
    states = []
    for at in MOMENTS:
        if not killed(at, "follow", url, path):
            break
        states.append(rows_of(on(path)))
        assert whole(path)
    assert numbered(ROWS) in states
    assert all(state in (numbered(ROWS), numbered(ROWS - 50, "other")) for state in states)

    assert not killed(1000, "follow", url, path)
    assert rows_of(on(path)) == numbered(ROWS - 50, "other")
    assert sorted(file.name for file in tmp_path.glob("copy.db*")) == ["copy.db", "copy.db.follower"]


@pytest.mark.parametrize("engine", ["mariadb"])
def test_new_rows(url: str, tmp_path: Path) -> None:
    """Killed while new rows are written, a copy has none of them, and then all."""
    path = tmp_path / "copy.db"
    write(url, numbered(ROWS))
    assert not killed(1000, "follow", url, path)
    change(url, *(f"new{number}.example" for number in range(200)))

    assert killed(3, "follow", url, path)
    assert rows_of(on(path)) == numbered(ROWS)
    assert not killed(1000, "follow", url, path)
    assert rows_of(on(path)) == rows_of(url)


@pytest.mark.parametrize("engine", ["sqlite", "mariadb"])
def test_backup(url: str, tmp_path: Path) -> None:
    """A backup that replaces another one is killed: the other one is still there, or the new one is."""
    file = tmp_path / "backup.db"
    write(url, numbered(ROWS))
    backup(url, file)
    old = file.read_bytes()
    write(url, numbered(ROWS, first=ROWS + 1))
    ended = 0
    for at in (*MOMENTS, 30, 40):
        ended += not killed(at, "backup", url, file)
        assert file.read_bytes() == old or rows_of(on(file)) == numbered(2 * ROWS)

    assert ended <= 3
    assert not killed(1000, "backup", url, file)
    assert rows_of(on(file)) == numbered(2 * ROWS)


def test_restore(url: str, tmp_path: Path) -> None:
    """A restore that is killed leaves the mapping as it was; after one that ended, it is as it was backed up."""
    file, before = tmp_path / "backup.db", tmp_path / "before.db"
    write(url, numbered(ROWS))
    backup(url, file)
    generation = replace(url, numbered(ROWS + 50, "other"))
    times = 0
    for at in (*MOMENTS, 35, 45, 55, 65):
        if not killed(at, "restore", url, file, before):
            break
        times += 1
        assert rows_of(url) == numbered(ROWS + 50, "other")
        assert generation_of(url) == generation
    assert times >= 4

    killed(1000, "restore", url, file, before)
    assert rows_of(url) == numbered(ROWS)
    assert generation_of(url) != generation
    assert rows_of(on(before)) == numbered(ROWS + 50, "other")


@pytest.mark.parametrize("engine", ["postgresql", "mariadb"])
def test_copy(url: str, path: Path) -> None:
    """A copy into another database that is killed leaves that one without rows; the next one copies all."""
    write(on(path), numbered(ROWS))
    for at in (1, 5, 8):
        assert killed(at, "copy", on(path), url)
        assert rows_of(url) == []

    assert not killed(1000, "copy", on(path), url)
    assert rows_of(url) == numbered(ROWS)
