"""
The file in which a node keeps the rows of a central database. It is an ordinary SQLite mapping, marked as a replica.

Nothing here ever renames a file over one that is open: SQLite finds the log of a database by its name, and a log beside
another database destroys it. A new copy goes page by page through SQLite's backup into the file that readers have open,
as one transaction: they see the old rows or the new ones, and a crash leaves the old ones.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Self

from autoconfig.errors import Refused
from autoconfig.files import synchronize
from autoconfig.mapping import mark
from autoconfig.mapping.batches import batched
from autoconfig.mapping.copies.sqlite_file import LOGS, PAGES, beside, connect, named_errors, remove
from autoconfig.mapping.database import APPLICATION_ID
from autoconfig.mapping.engine import upgrade
from autoconfig.mapping.schema import COLUMNS, Record, insertion

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

BATCH = 5000
_INSERT = insertion("?")
_SINCE = f"SELECT {COLUMNS} FROM mapping WHERE id > ? AND id <= ? ORDER BY id"  # noqa: S608
_TIP = f"SELECT {COLUMNS} FROM mapping ORDER BY id DESC LIMIT 1"  # noqa: S608
_MARK = f"CREATE TABLE {mark.TABLE} (source TEXT NOT NULL, verified_at INTEGER NOT NULL)"
_NOTE = f"UPDATE {mark.TABLE} SET source = ?, verified_at = ?"  # noqa: S608


class ReplicaFile:
    """
    A replica, opened by the one process that writes to it.

    Its methods raise `DatabaseForeign` where the file is damaged, `MappingUnavailable` where it cannot be used now.
    """

    def __init__(self, path: Path) -> None:
        """
        Open it, and bring its schema to this release.

        Raises:
            Refused: it is a mapping of its own, or none at all; it is left as it is.
            ConfigurationInvalid: its schema is of a newer release.
        """
        self.path = path
        with named_errors(path), contextlib.closing(connect(path)) as connection:
            if not _is_marked(connection):
                raise Refused(
                    f"{path}: is no replica; nothing was changed: name a file that does not exist in `database`, or "
                    "move this one away"
                )
        upgrade(f"sqlite:///{path}")
        self._connection = connect(path)
        # A lost transaction is fetched again.
        self._connection.execute("PRAGMA synchronous = NORMAL")

    @classmethod
    def made(cls, path: Path, source: str, generation: str) -> Self:
        """An empty one in the place of whatever there was."""
        remove(path)
        upgrade(f"sqlite:///{path}", create=True)
        with contextlib.closing(connect(path)) as connection, _transaction(connection):
            connection.execute(_MARK)
            connection.execute(f"INSERT INTO {mark.TABLE} VALUES (?, 0)", (source,))  # noqa: S608
            connection.execute("UPDATE mapping_state SET generation = ?", (generation,))
        return cls(path)

    @property
    def generation(self) -> str:
        """The history that its rows belong to."""
        with named_errors(self.path):
            return str(self._connection.execute("SELECT generation FROM mapping_state").fetchone()[0])

    @property
    def verified_at(self) -> int:
        """When it was last found equal to its source, in Unix seconds; 0: never."""
        with named_errors(self.path):
            return int(self._connection.execute(f"SELECT verified_at FROM {mark.TABLE}").fetchone()[0])  # noqa: S608

    @property
    def source(self) -> str:
        """Where its rows come from, without the password."""
        with named_errors(self.path):
            return str(self._connection.execute(mark.SOURCE).fetchone()[0])

    def tip(self) -> Record | None:
        """The row with the highest id."""
        with named_errors(self.path):
            row = self._connection.execute(_TIP).fetchone()
        return Record._make(row) if row else None

    def since(self, identity: int, up_to: int) -> Iterator[Record]:
        """The rows after `identity`, up to and with `up_to`, in order of their ids."""
        with named_errors(self.path):
            yield from map(Record._make, self._connection.execute(_SINCE, (identity, up_to)))

    def append(self, records: Iterable[Record], advance: Callable[[int], None] = lambda _rows: None) -> int:
        """
        Write rows as they are, in one transaction: readers see a state that the source had.

        Returns:
            How many there were.
        """
        count = 0
        batches = batched(records, BATCH)
        first = next(batches, None)
        if first is None:  # as nearly each second: then nothing is to be written
            return 0
        with named_errors(self.path), _transaction(self._connection):
            batch: list[Record] | None = first
            while batch is not None:
                self._connection.executemany(_INSERT, batch)
                count += len(batch)
                advance(len(batch))
                batch = next(batches, None)
        return count

    def note(self, source: str, verified_at: int) -> None:
        """Write down that it equals its source."""
        with named_errors(self.path), _transaction(self._connection):
            self._connection.execute(_NOTE, (source, verified_at))

    def take_place(self, path: Path, told: Callable[[], None] = lambda: None) -> None:
        """
        Become the file at `path`: at once and whole, under those who read it, or not at all. This one is closed.

        `told` is called now and then.
        """
        if path.exists():
            with named_errors(path), contextlib.closing(connect(path)) as target:
                self._connection.backup(target, pages=PAGES, progress=lambda *_pages: told())
                target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.close()
            remove(self.path)
            return
        self.close()  # as the last one that has it open: then its log is in the file, and gone
        for suffix in LOGS:  # of a file that somebody removed
            beside(path, suffix).unlink(missing_ok=True)
        synchronize(self.path)
        self.path.rename(path)
        synchronize(path.parent)

    def close(self) -> None:
        """Give it back."""
        self._connection.close()


def _is_marked(connection: sqlite3.Connection) -> bool:
    """Whether it is a replica, and not a file that somebody else writes to."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return application == APPLICATION_ID and connection.execute(mark.IS_MARKED).fetchone() is not None


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
