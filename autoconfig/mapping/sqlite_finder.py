"""
Read a SQLite mapping in place: one lookup by primary key per request, in the event loop, without suspending.

The traps, each seen in practice: An open read transaction blocks checkpoints, so a timer ends it. A replaced file is
still read through the old descriptor, and an overwritten one through the pages in memory, so both are detected
(`sqlite_stamp`). mmap is off: if the file is truncated (`cp` over it), access to the mapped memory kills the process,
while an ordinary read is an error.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING, Any, NoReturn, Self

from autoconfig.errors import (
    AutoconfigError,
    ConfigurationInvalid,
    DatabaseForeign,
    MappingUnavailable,
    SettingsInvalid,
)
from autoconfig.mail.params import SEPARATOR
from autoconfig.mapping.clocks import BEGINS, ahead_of
from autoconfig.mapping.copy_marker import IS_MARKED, SOURCE
from autoconfig.mapping.database_errors import RESTORE
from autoconfig.mapping.record import foreign_row
from autoconfig.mapping.schema_version import APPLICATION_ID, check_file, check_revision
from autoconfig.mapping.sqlite_errors import UNUSABLE, error_kind_of, message_of
from autoconfig.mapping.sqlite_stamp import StampReader
from autoconfig.mapping.timeline import NOTHING, Row, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.database_errors import ErrorKind

HOLD = 0.05
"""Seconds for which a read transaction stays open for further requests, at most."""

_BUSY_MS = 50  # a reader only waits for the process that recovers the file after a crash

_CACHE_KIB = 8_192
"""Page cache of each process: enough for the inner pages of ten million names. The kernel keeps the others."""

_FROM = "FROM mapping WHERE name = ? ORDER BY valid_from, id"
_FIND = f"SELECT id, {BEGINS}, plan, params {_FROM}"
# One column with a short name, because the driver describes each one after each execution. A BLOB, which no command
# writes, is left to `find`: `||` would make a text of it.
_SETTLED = f"""
SELECT CASE WHEN {BEGINS} <= ? AND typeof(plan) = 'text' AND typeof(params) = 'text'
  THEN plan || '{SEPARATOR}' || params END AS settled
{_FROM}
"""

_NEWEST = "SELECT recorded_at FROM mapping ORDER BY id DESC LIMIT 1"

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
        """Open the file. If that fails, `start` and every lookup raise the reason."""
        self._path = path
        self._timer: asyncio.TimerHandle | None = None
        self._error_kind: ErrorKind | None = None
        """The kind of error of the last failed lookup."""
        self._stamps = StampReader(path)
        self._stamp = self._stamps.read()
        self._overwritten = False
        """Whether something other than SQLite wrote to the open file."""
        self._stale: str | None = None
        self._clock: str | None = None
        """The problem with the clock, if any."""
        self._read(self._first())

    async def find(self, name: Domain) -> Timeline[Row]:
        """Find the rows of a name. Never suspends."""
        rows = [Row(*row) for row in self._rows(_FIND, (name.name,))]
        for row in rows:
            if {type(row.id), type(row.valid_from)} != {int}:
                problem = "its id or time is not a number"
                raise MappingUnavailable(f"{self._path}: {foreign_row(row.id, problem, name.name)}")
        return Timeline(rows) if rows else NOTHING

    def settled(self, name: str, now: float) -> str | None:
        """As `Finder.settled`."""
        rows = self._rows(_SETTLED, (now, name))
        return rows[-1][0] if rows else None

    def _rows(self, statement: str, values: tuple[float | str, ...]) -> list[Any]:
        """
        The result of a statement.

        Raises:
            MappingUnavailable: the file cannot be read.
        """
        try:
            if self._timer is None:
                self._hold()
            return self._cursor.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self._failed(error)
            self._release()
            raise MappingUnavailable(f"{self._path}: {error}") from error

    async def in_use(self, plans: frozenset[str]) -> frozenset[str]:
        """Find which of `plans` are in use. Reads the whole table in a thread."""
        return await asyncio.to_thread(self._in_use, sorted(plans))

    def _in_use(self, plans: list[str]) -> frozenset[str]:
        statement = _IN_USE.format(marks=",".join("?" * len(plans)))
        try:
            with contextlib.closing(self._opened()) as connection:
                return frozenset(plan for (plan,) in connection.execute(statement, (*plans, int(time.time()))))
        except sqlite3.Error as error:
            raise MappingUnavailable(f"{self._path}: {error}") from error

    async def start(self) -> None:
        """Open the file, if it could not be opened before."""
        if self._absent is not None:
            self._stamp = self._stamps.read()
            self._replace(self._opened())

    def gauges(self) -> Mapping[str, float]:
        """No gauges."""
        return {}

    def stale(self) -> str | None:
        """The file is gone, was replaced by one that cannot be used, or a clock is wrong."""
        return self._stale or self._clock

    async def watch(self) -> None:
        """
        Reopen the file if it was replaced, or if it was damaged and may be repaired now.

        Raises:
            MappingUnavailable: there is no mapping file that can be read.
        """
        stamp, before = self._stamps.read(), self._stamp
        self._stamp = stamp
        if stamp is None:
            if (absent := self._absent) is not None:
                raise MappingUnavailable(absent.why)
            self._stale = f"{self._path}: is gone; the open file is still served"
            return
        self._overwritten |= stamp.overwritten_since(before)
        replaced = before is None or before.inode != stamp.inode
        if replaced or self._overwritten or self._error_kind is not None or self._absent is not None:
            try:
                fresh, note = await asyncio.to_thread(self._sound)
            except AutoconfigError as error:
                self._not_opened(error, replaced=replaced)
            else:
                self._replace(fresh)
                self._stale = note
        self._see_clock()

    def _see_clock(self) -> None:
        """Check that a row can be read, and that the newest one is not from the future."""
        try:
            newest = self._connection.execute(_NEWEST).fetchone()
        except sqlite3.Error as error:
            self._failed(error)
            return
        is_sound = newest is not None and type(newest[0]) is int
        self._clock = ahead_of(time.time(), newest[0]) if is_sound else None

    def _failed(self, error: sqlite3.Error) -> None:
        """Have the next `watch` check the file, unless only the driver failed: at a text that is not UTF-8."""
        if hasattr(error, "sqlite_errorcode"):
            self._error_kind = error_kind_of(error)

    def _not_opened(self, error: AutoconfigError, *, replaced: bool) -> None:
        """Keep serving the open file, if it is another one; stop serving a damaged file."""
        if self._absent is None and replaced:
            self._stale = f"{error}; the open file is still served"
            self._stamp = None  # so that the next `watch` tries again
            return
        if isinstance(error, ConfigurationInvalid):  # anything else, such as a lock, may be over in a second
            was_overwritten = self._overwritten
            self._replace(Absent(str(error)))
            self._overwritten = was_overwritten
        raise MappingUnavailable(str(error)) from error

    async def close(self) -> None:
        """Close the file."""
        self._release()
        self._connection.close()
        self._stamps.close()

    @property
    def _absent(self) -> Absent | None:
        """The placeholder for the connection, if the file cannot be used."""
        return self._connection if isinstance(self._connection, Absent) else None

    def _opened(self, *, log: bool = True) -> sqlite3.Connection:
        """
        Open the file.

        Raises:
            SettingsInvalid: the file is a copy of another database.
            MappingUnavailable, ConfigurationInvalid: as `open_file`.
        """
        connection = open_file(self._path, log=log)
        if (source := source_of(connection)) is not None:
            connection.close()
            raise SettingsInvalid(
                f"{self._path}: is a copy of {source[0]}; write the URL of that as `database`: `serve` keeps a copy "
                "itself, in `state_dir`"
            )
        return connection

    def _sound(self) -> tuple[sqlite3.Connection, str | None]:
        """
        Open the file, check all of it, and return the connection and a warning, if any.

        If somebody copied a file over the old one, the log of the old one is still beside it. If both together are
        damaged, only the file is read, and the warning says so.

        Raises:
            MappingUnavailable, ConfigurationInvalid: as `_opened`.
        """
        try:
            return _undamaged(self._opened(), self._path), None
        except ConfigurationInvalid:
            if not self._overwritten:
                raise
            note = f"{self._path}: was copied over another database, and the log of that is still beside it; {RESTORE}"
            return _undamaged(self._opened(log=False), self._path), note

    def _first(self) -> sqlite3.Connection | Absent:
        """The first connection, or a placeholder."""
        try:
            return self._opened()
        except AutoconfigError as error:
            return Absent(str(error))

    def _read(self, connection: sqlite3.Connection | Absent) -> None:
        self._connection = connection
        self._cursor = connection.cursor()  # reused: creating one takes a twentieth of the time of a lookup

    def _replace(self, fresh: sqlite3.Connection | Absent) -> None:
        """Close the connection and use another one from now on."""
        self._release()
        self._connection.close()
        self._stale, self._overwritten, self._error_kind = None, False, None
        self._read(fresh)

    def _hold(self) -> None:
        """Begin a read transaction that ends after `HOLD` seconds."""
        self._connection.execute("BEGIN")
        self._timer = asyncio.get_running_loop().call_later(HOLD, self._release)

    def _release(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")


class Absent:
    """
    Stands in for the connection to a file that cannot be served: every lookup raises the reason. This way lookups in an
    existing file need no extra check.
    """

    in_transaction = False

    def __init__(self, why: str) -> None:
        """`why` is what lookups raise."""
        self.why = why

    def cursor(self) -> Self:
        """Return itself."""
        return self

    def execute(self, *_statement: object) -> NoReturn:
        """Raise the reason. A lookup of `SqliteFinder` begins each transaction with this call."""
        raise MappingUnavailable(self.why)

    def close(self) -> None:
        """Do nothing."""


def _undamaged(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """
    Check the whole database and return its connection.

    Raises:
        DatabaseForeign: the file is damaged; the connection is closed.
    """
    try:
        ((state,),) = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        state = str(error)
    if state == "ok":
        return connection
    connection.close()
    raise DatabaseForeign(f"{path}: is damaged: {' '.join(state.split())}; {RESTORE}")


def open_file(path: Path, *, log: bool = True) -> sqlite3.Connection:
    """
    Open a mapping for reading; without `log`, ignore the write-ahead log beside the file.

    Raises:
        MappingUnavailable: the file is missing, locked or unreadable.
        ConfigurationInvalid: the file is not a mapping, is damaged, or has a schema of another release.
    """
    check_file(path)
    try:
        # rw, not ro: with ro, a WAL database can only be read while another process has it open.
        uri = path.absolute().as_uri() + ("?mode=rw" if log else "?immutable=1")
        connection = sqlite3.connect(
            uri, uri=True, isolation_level=None, timeout=_BUSY_MS / 1000, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise MappingUnavailable(f"{path}: {message_of(error)}") from error
    try:
        connection.execute("PRAGMA mmap_size = 0")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        check_revision(*_revision(connection, str(path)))
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT 1 FROM mapping LIMIT 1").fetchall()
    except sqlite3.Error as error:
        connection.close()
        if error_kind_of(error) in UNUSABLE:
            raise DatabaseForeign(f"{path}: {error}; check the setting database, or {RESTORE}") from error
        raise MappingUnavailable(f"{path}: {message_of(error)}") from error
    except Exception:
        connection.close()
        raise
    return connection


def source_of(connection: sqlite3.Connection) -> tuple[str, int] | None:
    """
    The database that a file is a copy of, without its password, and when they were last compared (Unix seconds);
    `None`: the file is not a copy.
    """
    if connection.execute(IS_MARKED).fetchone() is None:
        return None
    source, verified_at = connection.execute(SOURCE).fetchone() or ("", 0)
    return str(source), int(verified_at)


def _revision(connection: sqlite3.Connection, where: str) -> tuple[str | None, str, str | None]:
    """The arguments of `check_revision` for a file: its revision, its name, and the oldest revision it needs."""
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    tables: Iterable[tuple[str]] = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    if mark != APPLICATION_ID or not {("alembic_version",), ("mapping",)} <= set(tables):
        check_revision(None, where)
    found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    needs = None
    if ("mapping_state",) in tables:
        (needs,) = connection.execute("SELECT needs FROM mapping_state").fetchone() or (None,)
    return str(found[0]) if found else None, where, needs
