"""
Reads a SQLite mapping in place: one lookup by primary key a request, in the event loop, never suspending.

The traps, each seen: a read transaction kept open stops the checkpoint, so a timer ends it; a file that was replaced
goes on being read through the old descriptor, so the inode is compared. The file is read through mmap, which saves an
eighth of a request: who truncates it under a reader (`cp` over it) kills the process, so restoring is described in
docs/operating.md and never done so.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

from autoconfig.errors import DatabaseForeign, MappingUnavailable
from autoconfig.mapping.database import APPLICATION_ID, check_file, check_revision, inode_of
from autoconfig.mapping.mark import replica_age
from autoconfig.mapping.sqlite_errors import UNUSABLE, said, trouble_of
from autoconfig.mapping.timeline import NOTHING, Row, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from autoconfig.mail.domain import Domain

HOLD = 0.05
"""Longest time in seconds for which a read transaction is kept open for the next request."""

_BUSY_MS = 50  # a reader waits for nobody but the one who recovers the file after a crash

# Saves a system call a page: measured at a million names by `make bench`.
_MMAP = 1 << 30

_FIND = "SELECT id, valid_from, plan, params FROM mapping WHERE name = ? ORDER BY valid_from, id"

_new_row = tuple.__new__  # `Row._make` counts the columns each time; the statement has them right

_IN_USE = """
SELECT DISTINCT plan FROM mapping AS row
WHERE plan IN ({marks}) AND NOT EXISTS (
  SELECT 1 FROM mapping AS newer
  WHERE newer.name = row.name
    AND (newer.valid_from, newer.id) > (row.valid_from, row.id)
    AND newer.valid_from <= max(row.valid_from, ?)
)
"""


class SqliteFinder:
    """A `Finder` over a file on this machine."""

    def __init__(self, path: Path) -> None:
        """
        Open the file and see that it is ours.

        Raises:
            MappingUnavailable: it is missing, locked or unreadable.
            ConfigurationInvalid: it is not ours, or its schema is of another release.
        """
        self._path = path
        self._connection = _open(path)
        self._cursor = self._connection.cursor()  # one for all: making it is a twentieth of a lookup
        self._inode = inode_of(path)
        self._timer: asyncio.TimerHandle | None = None

    async def find(self, name: Domain) -> Timeline[Row]:
        """See `Finder`. Never suspends."""
        return self.find_now(name)

    def find_now(self, name: Domain) -> Timeline[Row]:
        """See `Finder`. Never `None`."""
        try:
            if self._timer is None:
                self._hold()
            rows = self._cursor.execute(_FIND, (name.name,)).fetchall()
        except sqlite3.Error as error:
            self._release()
            raise MappingUnavailable(f"{self._path}: {error}") from error
        if len(rows) == 1:  # nearly all
            return Timeline((_new_row(Row, rows[0]),))
        return Timeline([_new_row(Row, row) for row in rows]) if rows else NOTHING

    async def in_use(self, plans: frozenset[str]) -> frozenset[str]:
        """See `Finder`. Reads the whole table, in a thread."""
        return await asyncio.to_thread(self._in_use, sorted(plans))

    def _in_use(self, plans: list[str]) -> frozenset[str]:
        statement = _IN_USE.format(marks=",".join("?" * len(plans)))
        try:
            with contextlib.closing(_open(self._path)) as connection:
                return frozenset(plan for (plan,) in connection.execute(statement, (*plans, int(time.time()))))
        except sqlite3.Error as error:
            raise MappingUnavailable(f"{self._path}: {error}") from error

    async def start(self) -> None:
        """See `Finder`: the file was opened and judged when this was made."""

    def gauges(self) -> Mapping[str, float]:
        """See `Finder`: a replica's age."""
        age = replica_age(self._connection, self._path)
        return {} if age is None else {"replica_age_seconds": age}

    async def watch(self) -> None:
        """See `Finder`: open the file again where another one stands in its place; if none does, go on with it."""
        inode = inode_of(self._path)
        if inode is None:
            raise MappingUnavailable(f"{self._path}: is gone; what was open is served on")
        if inode == self._inode:
            return
        fresh = _open(self._path)
        self._release()
        self._connection.close()
        self._connection, self._cursor, self._inode = fresh, fresh.cursor(), inode

    async def close(self) -> None:
        """See `Finder`."""
        self._release()
        self._connection.close()

    def _hold(self) -> None:
        """Begin a read transaction, and see that it ends soon."""
        self._connection.execute("BEGIN")
        self._timer = asyncio.get_running_loop().call_later(HOLD, self._release)

    def _release(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")


def _open(path: Path) -> sqlite3.Connection:
    check_file(path)
    try:
        # rw, not ro: with ro a WAL database can be read only while somebody else has it open.
        uri = path.absolute().as_uri() + "?mode=rw"
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, timeout=_BUSY_MS / 1000, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise MappingUnavailable(f"{path}: {said(error)}") from error
    try:
        check_revision(*_revision(connection, str(path)))
        connection.execute("PRAGMA query_only = ON")
        connection.execute(f"PRAGMA mmap_size = {_MMAP}")
        connection.execute("SELECT 1 FROM mapping LIMIT 1").fetchall()
    except sqlite3.Error as error:
        connection.close()
        if trouble_of(error) in UNUSABLE:
            raise DatabaseForeign(f"{path}: {error}; check the setting database") from error
        raise MappingUnavailable(f"{path}: {said(error)}") from error
    except Exception:
        connection.close()
        raise
    return connection


def _revision(connection: sqlite3.Connection, where: str) -> tuple[str | None, str, str | None]:
    """The schema, the file, and the oldest schema that a program must know for it."""
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    tables: Iterable[tuple[str]] = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    if mark != APPLICATION_ID or not {("alembic_version",), ("mapping",)} <= set(tables):
        check_revision(None, where)
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    needs = None
    if ("mapping_state",) in tables:
        (needs,) = connection.execute("SELECT needs FROM mapping_state").fetchone() or (None,)
    return str(found[0]) if found else None, where, needs
