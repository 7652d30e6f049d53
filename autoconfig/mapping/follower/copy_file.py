"""
The file in which a node keeps the rows of the store: an ordinary SQLite mapping, marked as a copy.

No file is ever renamed over an open one: SQLite finds the log of a database by its name, and the log of one database
destroys another. SQLite's backup API writes a new copy page by page into the file that readers have open, in one
transaction: readers see the old rows or the new ones, and after a crash the old ones.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from typing import TYPE_CHECKING, NamedTuple, Self

from autoconfig.errors import Refused
from autoconfig.files import synchronize
from autoconfig.mapping import copy_marker
from autoconfig.mapping.batches import batched
from autoconfig.mapping.database_errors import ErrorKind
from autoconfig.mapping.progress import silent
from autoconfig.mapping.record import COLUMNS, Record, insertion
from autoconfig.mapping.schema_version import APPLICATION_ID
from autoconfig.mapping.sqlite_errors import error_kind_of
from autoconfig.mapping.sqlite_file import LOGS, PAGES, beside, connect, named_errors, remove, set_aside
from autoconfig.mapping.store_database import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from autoconfig.mapping.progress import OnProgress

BATCH = 5000

_INSERT = insertion("?")
_SINCE = f"SELECT {COLUMNS} FROM mapping WHERE id > ? AND id <= ? ORDER BY id"  # noqa: S608
_TIP = f"SELECT {COLUMNS} FROM mapping ORDER BY id DESC LIMIT 1"  # noqa: S608
_MARK = f"""
CREATE TABLE {copy_marker.TABLE} (
  source TEXT NOT NULL, verified_at INTEGER NOT NULL, primary_seen INTEGER NOT NULL, left_generations TEXT NOT NULL
)
"""
_ORIGIN = f"SELECT source, verified_at, primary_seen, left_generations FROM {copy_marker.TABLE}"  # noqa: S608
_FIRST_NOTE = f"INSERT INTO {copy_marker.TABLE} VALUES (?, ?, ?, ?)"  # noqa: S608
_NOTE = f"UPDATE {copy_marker.TABLE} SET source = ?, verified_at = ?, primary_seen = ?, left_generations = ?"  # noqa: S608


class Origin(NamedTuple):
    """Where the rows of a copy come from."""

    source: str
    """The store, without its password."""
    verified_at: int = 0
    """When all rows were last verified against the store's, in Unix seconds; 0: never."""
    primary_seen: bool = False
    """Whether a primary of this store has answered. If so, standbys with another history are not believed."""
    left: tuple[str, ...] = ()
    """Generations that the copy had before, the latest last. A standby that has one of them is behind."""


class CopyFile:
    """
    A copy, opened by the only process that writes to it.

    Its methods raise `DatabaseForeign` if the file is damaged, and `MappingUnavailable` if it cannot be used now.
    """

    def __init__(self, path: Path) -> None:
        """
        Open the file, and bring its schema to this release.

        Raises:
            Refused: the file is a mapping, not a copy.
            ConfigurationInvalid: the file is damaged, not a database, or has the schema of a newer release.
        """
        self.path = path
        with named_errors(path), contextlib.closing(connect(path)) as connection:
            if not _is_marked(connection):
                raise Refused(f"{path}: is not a copy of another database")
        upgrade(f"sqlite:///{path}")
        with named_errors(path):
            self._connection = connect(path)
            # No fsync per transaction: what a power cut loses is fetched again.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            try:
                self.origin = self._origin()
            except BaseException:
                self._connection.close()
                raise

    @classmethod
    def made(cls, path: Path, origin: Origin, generation: str) -> Self:
        """Create an empty copy in place of any file at `path`."""
        remove(path)
        upgrade(f"sqlite:///{path}", create=True)
        with named_errors(path), contextlib.closing(connect(path)) as connection, _transaction(connection):
            connection.execute(_MARK)
            connection.execute(_FIRST_NOTE, _noted(origin))
            connection.execute("UPDATE mapping_state SET generation = ?", (generation,))
        return cls(path)

    @property
    def generation(self) -> str:
        """The generation of the store that its rows belong to."""
        with named_errors(self.path):
            return str(self._connection.execute("SELECT generation FROM mapping_state").fetchone()[0])

    def tip(self) -> Record | None:
        """The row with the highest id."""
        with named_errors(self.path):
            row = self._connection.execute(_TIP).fetchone()
        return Record._make(row) if row else None

    def count(self) -> int:
        """The number of rows."""
        with named_errors(self.path):
            return int(self._connection.execute("SELECT count(*) FROM mapping").fetchone()[0])

    def since(self, identity: int, up_to: int) -> Iterator[Record]:
        """The rows with an id above `identity`, up to and including `up_to`, in id order."""
        with named_errors(self.path):
            yield from map(Record._make, self._connection.execute(_SINCE, (identity, up_to)))

    def append(self, records: Iterable[Record]) -> int:
        """
        Insert rows with their ids, in one transaction, so that readers see a state that the store had.

        Returns:
            The number of rows.
        """
        count = 0
        batches = batched(records, BATCH)
        first = next(batches, None)
        if first is None:  # nearly every second: do not begin a transaction
            return 0
        with named_errors(self.path), _transaction(self._connection):
            batch: list[Record] | None = first
            while batch is not None:
                self._connection.executemany(_INSERT, batch)
                count += len(batch)
                batch = next(batches, None)
        return count

    def note(self, origin: Origin) -> None:
        """Store the origin of the rows, if it has changed."""
        if origin == self.origin:
            return
        with named_errors(self.path), _transaction(self._connection):
            self._connection.execute(_NOTE, _noted(origin))
        self.origin = origin

    def take_place(self, path: Path, *, aside: bool = False, on_progress: OnProgress = silent) -> None:
        """
        Replace the copy at `path` with this file in one step, while it is being read, and close this file.

        With `aside`, the file at `path` is unusable and is kept under another name.
        """
        if aside:
            set_aside(path)
        if path.exists():
            with named_errors(path), contextlib.closing(connect(path)) as target:

                def progress(_status: int, remaining: int, total: int) -> None:
                    on_progress("replacing the copy", total - remaining, total)

                self._connection.backup(target, pages=PAGES, progress=progress)
                target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.close()
            remove(self.path)
            return
        self.close()  # the last connection: SQLite moves the log into the file and deletes it
        for suffix in LOGS:  # of a file that was removed
            beside(path, suffix).unlink(missing_ok=True)
        synchronize(self.path)
        self.path.rename(path)
        synchronize(path.parent)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _origin(self) -> Origin:
        try:
            source, verified_at, primary, left = self._connection.execute(_ORIGIN).fetchone()
            return Origin(source, verified_at, bool(primary), tuple(json.loads(left)))
        except (sqlite3.Error, TypeError, ValueError) as error:
            if isinstance(error, sqlite3.Error) and error_kind_of(error) is not ErrorKind.STATEMENT:
                raise
            raise Refused(f"{self.path}: does not name the database that it is a copy of") from error


def _noted(origin: Origin) -> tuple[str, int, bool, str]:
    return origin.source, origin.verified_at, origin.primary_seen, json.dumps(origin.left)


def _is_marked(connection: sqlite3.Connection) -> bool:
    """Whether the file is a copy and not a mapping."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return application == APPLICATION_ID and connection.execute(copy_marker.IS_MARKED).fetchone() is not None


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
