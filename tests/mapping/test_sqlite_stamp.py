"""What is read of a mapping beside SQLite must not harm those who read it by SQLite."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

from autoconfig.mapping.sqlite_stamp import StampReader

if TYPE_CHECKING:
    from pathlib import Path

CHECKPOINT = """
import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
"""


def is_busy(path: Path) -> bool:
    """Whether another process is kept from emptying the log, because somebody reads it."""
    done = subprocess.run([sys.executable, "-c", CHECKPOINT, path], capture_output=True, text=True, check=True)
    return done.stdout == "1\n"


def written(path: Path) -> sqlite3.Connection:
    """A connection that has written to the log."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS a (b)")
    connection.execute("INSERT INTO a VALUES (1)")
    return connection


def test_locks_are_kept(tmp_path: Path) -> None:
    """Reading stamps takes no lock from a reader of this process, also where the index is another one meanwhile."""
    path = tmp_path / "a.db"
    stamps = StampReader(path)
    busy = []
    for _ in range(3):
        with contextlib.closing(written(path)) as connection:
            connection.execute("BEGIN")
            connection.execute("SELECT * FROM a").fetchall()
            for _ in range(2):
                assert stamps.read()
            busy.append(is_busy(path))
            connection.execute("ROLLBACK")
            busy.append(is_busy(path))
    stamps.close()

    assert busy == [True, False] * 3
    assert stamps.read() is not None


def test_overwritten(tmp_path: Path) -> None:
    """A checkpoint is told from a file that was copied over the mapping."""
    path = tmp_path / "a.db"
    stamps = StampReader(path)
    with contextlib.closing(written(path)) as connection:
        first = stamps.read()
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        second = stamps.read()
        path.write_bytes(path.read_bytes() + b"x" * 4096)
        third = stamps.read()
    stamps.close()

    assert first
    assert second
    assert third
    assert not second.overwritten_since(first)
    assert third.overwritten_since(second)
