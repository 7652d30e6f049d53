from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.database_errors import REMEDIES, ErrorKind
from autoconfig.mapping.sqlite_errors import error_kind_of, message_of

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
    ("kind", "provoke"),
    [
        (ErrorKind.FULL, full),
        (ErrorKind.READ_ONLY, read_only),
        (ErrorKind.NOT_OPENED, no_folder),
        (ErrorKind.NO_DATABASE, no_database),
        (ErrorKind.DAMAGED, damaged),
        (ErrorKind.BUSY, busy),
        (ErrorKind.TAKEN, taken),
        (ErrorKind.STATEMENT, no_table),
        (ErrorKind.STATEMENT, no_value),
        (ErrorKind.FILE, interrupted),
    ],
    ids=lambda value: value.name if isinstance(value, ErrorKind) else value.__name__,
)
def test_kinds(tmp_path: Path, kind: ErrorKind, provoke: Callable[[Path], None]) -> None:
    """Each kind of error that SQLite raises is recognized, and has a remedy if there is one."""
    with pytest.raises(sqlite3.Error) as caught:
        provoke(tmp_path / "a.db")

    assert kind is error_kind_of(caught.value)
    assert message_of(caught.value) == "; ".join(filter(None, [str(caught.value), REMEDIES.get(kind)]))


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (ErrorKind.FULL, "make room on its disk"),
        (ErrorKind.READ_ONLY, "this user may not write to it"),
        (ErrorKind.NOT_OPENED, "this user may not read and write it"),
    ],
    ids=["full", "read-only", "not opened"],
)
def test_remedies(kind: ErrorKind, says: str) -> None:
    """Room and rights are named, each where it is what lacks."""
    assert says in REMEDIES[kind]


def test_without_sqlalchemy() -> None:
    """A server reads files without SQLAlchemy, and tells their errors apart without it."""
    program = "import sys, autoconfig.mapping.sqlite_errors; sys.exit('sqlalchemy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
