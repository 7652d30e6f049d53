from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.sqlite_errors import said, trouble_of
from autoconfig.mapping.trouble import REMEDIES, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def full(path: Path) -> None:
    """Write more than there is room for."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("INSERT INTO t VALUES (zeroblob(100000))")


def read_only(path: Path) -> None:
    """Write to a file that was opened to be read."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("INSERT INTO t VALUES (1)")


def no_folder(path: Path) -> None:
    """Open a file where no folder is."""
    sqlite3.connect(path / "nope.db")


def no_database(path: Path) -> None:
    """Read another program's file."""
    path.write_bytes(b"no database, and longer than a header of SQLite's is" * 20)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT 1 FROM sqlite_schema")


def damaged(path: Path) -> None:
    """Read a file whose second page is rubbish."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT * FROM t").fetchall()


def busy(path: Path) -> None:
    """Write while somebody else does."""
    with closing(sqlite3.connect(path)) as one, closing(sqlite3.connect(path, timeout=0)) as other:
        one.execute("BEGIN IMMEDIATE")
        other.execute("BEGIN IMMEDIATE")


def taken(path: Path) -> None:
    """Use an id twice."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)")
        connection.executemany("INSERT INTO t VALUES (?)", [(1,), (1,)])


def no_table(path: Path) -> None:
    """Read a table that is not there."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT 1 FROM t")


def no_value(path: Path) -> None:
    """Forget a value: the driver says so, and SQLite was not asked."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("SELECT ?")


def interrupted(path: Path) -> None:
    """End a statement while it runs."""
    with closing(sqlite3.connect(path)) as connection:
        connection.set_progress_handler(lambda: 1, 1)
        connection.execute("SELECT 1")


@pytest.mark.parametrize(
    ("trouble", "provoke"),
    [
        (Trouble.FULL, full),
        (Trouble.READ_ONLY, read_only),
        (Trouble.NOT_OPENED, no_folder),
        (Trouble.NO_DATABASE, no_database),
        (Trouble.DAMAGED, damaged),
        (Trouble.BUSY, busy),
        (Trouble.TAKEN, taken),
        (Trouble.STATEMENT, no_table),
        (Trouble.STATEMENT, no_value),
        (Trouble.FILE, interrupted),
    ],
    ids=lambda value: value.name if isinstance(value, Trouble) else value.__name__,
)
def test_kinds(tmp_path: Path, trouble: Trouble, provoke: Callable[[Path], None]) -> None:
    """Each kind of error that SQLite itself makes is told from the others, and says what helps, if anything does."""
    with pytest.raises(sqlite3.Error) as caught:
        provoke(tmp_path / "a.db")

    assert trouble is trouble_of(caught.value)
    assert said(caught.value) == "; ".join(filter(None, [str(caught.value), REMEDIES.get(trouble)]))


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (Trouble.FULL, "there has to be room"),
        (Trouble.READ_ONLY, "this user may not write it"),
        (Trouble.NOT_OPENED, "this user may not read and write it"),
    ],
    ids=["full", "read-only", "not opened"],
)
def test_remedies(trouble: Trouble, says: str) -> None:
    """Room and rights are named, each where it is what lacks."""
    assert says in REMEDIES[trouble]


def test_without_sqlalchemy() -> None:
    """A server reads files without SQLAlchemy, and tells their errors apart without it."""
    program = "import sys, autoconfig.mapping.sqlite_errors; sys.exit('sqlalchemy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
