"""A SQLite mapping as a file: opened without SQLAlchemy, and what lies beside it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from autoconfig.errors import DatabaseForeign, MappingUnavailable
from autoconfig.mapping import database
from autoconfig.mapping.sqlite_errors import UNUSABLE, said, trouble_of
from autoconfig.mapping.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = 2048
"""Pages that go over at a time."""

LOGS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database that is open; of a file that is gone, they would destroy the next one."""

ALL = ("", *LOGS)
"""Each of the files that can belong to a database."""


@contextlib.contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """What SQLite says of a file, as an error that names it and the remedy."""
    try:
        yield
    except sqlite3.Error as error:
        if trouble_of(error) in {*UNUSABLE, Trouble.TAKEN}:  # rows that come in order fit, unless others are there
            raise DatabaseForeign(
                f"{path}: {error}; it is damaged, or no database: remove it with {LOGS[0]} and {LOGS[1]} beside it"
            ) from error
        raise MappingUnavailable(f"{path}: {said(error)}") from error


def connect(path: Path) -> sqlite3.Connection:
    """A file that exists, without transactions of the driver's own."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=database.BUSY_TIMEOUT)


def beside(path: Path, suffix: str) -> Path:
    """A file that SQLite keeps beside a database."""
    return path.with_name(f"{path.name}{suffix}")


def remove(path: Path) -> None:
    """Remove a database that nobody has open."""
    for suffix in ALL:
        beside(path, suffix).unlink(missing_ok=True)


def belongs_to(file: Path, path: Path) -> bool:
    """Whether a file, by whatever name or link, is the database at `path` or one that lies or would lie beside it."""
    real = Path(os.path.realpath(path))
    for mine in (beside(real, suffix) for suffix in ALL):
        if os.path.realpath(file) == str(mine):
            return True
        with contextlib.suppress(OSError):  # one of them is not there
            if file.samefile(mine):
                return True
    return False
