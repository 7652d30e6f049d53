"""SQLite mapping files: open, rename and remove them together with the files that SQLite keeps beside them."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from autoconfig.errors import DatabaseForeign, MappingUnavailable
from autoconfig.mapping.database_errors import ErrorKind
from autoconfig.mapping.schema_version import BUSY_TIMEOUT
from autoconfig.mapping.sqlite_errors import UNUSABLE, error_kind_of, message_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = 2048
"""Pages that a backup copies at a time."""

LOGS = ("-wal", "-shm", "-journal")
"""Files that SQLite keeps beside an open database. Left over from a removed one, they would destroy the next one."""

ALL = ("", *LOGS)
"""The suffixes of all files that can belong to a database."""

KEPT = 2
"""How many unusable files are kept."""


@contextlib.contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turn SQLite errors into errors that name the file and the remedy."""
    try:
        yield
    except sqlite3.Error as error:
        if error_kind_of(error) in {
            *UNUSABLE,
            ErrorKind.TAKEN,
        }:  # rows in id order only clash with rows of another history
            raise DatabaseForeign(
                f"{path}: {error}; it is damaged, or not a database: remove it with {LOGS[0]} and {LOGS[1]} beside it"
            ) from error
        raise MappingUnavailable(f"{path}: {message_of(error)}") from error


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing file; the driver begins no transactions by itself."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT)


def beside(path: Path, suffix: str) -> Path:
    """The path of the file with this suffix beside a database."""
    return path.with_name(f"{path.name}{suffix}")


def remove(path: Path) -> None:
    """Remove a database that no process has open."""
    for suffix in ALL:
        beside(path, suffix).unlink(missing_ok=True)


def set_aside(path: Path) -> Path:
    """
    Rename an unusable file and the logs beside it; the last `KEPT` files are kept. A process that has the file open can
    still read it: SQLite notices that the name has changed, and leaves the next file's logs alone.

    Returns:
        The new name.
    """
    for number in range(KEPT, 0, -1):
        former = beside(path, f".aside-{number - 1}") if number > 1 else path
        for suffix in ALL:  # the database first, so that it is never opened without its log
            name = beside(former, suffix)
            target = beside(beside(path, f".aside-{number}"), suffix)
            target.unlink(missing_ok=True)
            if name.exists():
                name.rename(target)
    return beside(path, ".aside-1")


def damage_of(path: Path) -> str | None:
    """
    Why a mapping file cannot be used: it is damaged or empty. `None`: it can be used, or it belongs to another program,
    which only its tables show. Reads the whole file.
    """
    try:
        with contextlib.closing(connect(path)) as connection:
            ((state,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        return str(error) if error_kind_of(error) in UNUSABLE else None
    if state != "ok":
        return " ".join(str(state).split())
    return None if tables else "is empty"


def belongs_to(file: Path, path: Path) -> bool:
    """Whether `file`, under any name or link, is the database at `path` or one of the files beside it."""
    real = Path(os.path.realpath(path))
    for mine in (beside(real, suffix) for suffix in ALL):
        if os.path.realpath(file) == str(mine):
            return True
        with contextlib.suppress(OSError):  # one of them does not exist
            if file.samefile(mine):
                return True
    return False
