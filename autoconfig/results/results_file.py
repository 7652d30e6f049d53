"""The file with results, `checks.db` in `state_dir`: its tables, and how it is opened."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from autoconfig.errors import MappingUnavailable, Refused
from autoconfig.files import MODE, created

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAME = "checks.db"
"""In the state folder."""
VERSION = 1
"""Of the tables."""
_BUSY = 10.0
"""Seconds to wait for another process."""
_TABLES = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    machine TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    figures TEXT NOT NULL DEFAULT '{}'
);
CREATE TABLE domain (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    row TEXT NOT NULL,
    plan TEXT NOT NULL,
    machine TEXT NOT NULL,
    checked_at INTEGER NOT NULL,
    servers INTEGER NOT NULL,
    has_records INTEGER NOT NULL,
    heard INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) WITHOUT ROWID;
CREATE TABLE finding (
    run INTEGER NOT NULL,
    name TEXT NOT NULL,
    place INTEGER NOT NULL,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    server TEXT NOT NULL,
    seen TEXT NOT NULL,
    ja TEXT NOT NULL,
    en TEXT NOT NULL,
    PRIMARY KEY (run, name, place)
) WITHOUT ROWID;
CREATE INDEX finding_code ON finding (run, code, name);
CREATE TABLE observation (
    server TEXT NOT NULL,
    name TEXT NOT NULL,
    seen TEXT NOT NULL,
    machine TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    PRIMARY KEY (server, name)
) WITHOUT ROWID;
"""


@contextlib.contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """
    Make errors of SQLite ours.

    Raises:
        MappingUnavailable: the file cannot be used.
    """
    try:
        yield
    except sqlite3.Error as error:
        remedy = "it has nothing but results of checks: remove it with what lies beside it, if it is damaged"
        raise MappingUnavailable(f"{path}: {error}; {remedy}") from error


@contextlib.contextmanager
def opened(state_dir: Path) -> Iterator[sqlite3.Connection]:
    """
    Open the file to write; it is made if it does not exist.

    Raises:
        MappingUnavailable: it cannot be used.
        Refused: a newer release made it.
        OSError: it cannot be made.
    """
    path = state_dir / NAME
    with contextlib.suppress(FileExistsError):
        created(path, MODE)
    with named_errors(path), contextlib.closing(_connect(path, "rw")) as connection:
        # A kill loses nothing that was committed, and a power cut at most the last moments.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _prepare(connection, path)
        yield connection


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block writes, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextlib.contextmanager
def looked_at(state_dir: Path) -> Iterator[sqlite3.Connection | None]:
    """
    Open the file to read; `None` if it does not exist, or is of another release.

    Raises:
        MappingUnavailable: it cannot be used.
    """
    path = state_dir / NAME
    if not path.exists():
        yield None
        return
    with named_errors(path), contextlib.closing(_connect(path, "ro")) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        yield connection if version == VERSION else None


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY)


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise Refused(f"{path}: a newer release made it; use that release, or remove the file: it has results only")
    if version == 0:
        connection.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
