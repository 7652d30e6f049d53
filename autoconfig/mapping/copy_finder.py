"""
Read the local copy of a server's table like any mapping file: without waiting, and also while the server is down. Until
the first copy is complete, lookups raise `MappingUnavailable`.
"""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

from autoconfig.errors import AutoconfigError, DatabaseForeign, MappingUnavailable
from autoconfig.mapping.copy_marker import complain
from autoconfig.mapping.copy_status import Status, read_status
from autoconfig.mapping.schema_version import inode_of
from autoconfig.mapping.sqlite_errors import UNUSABLE
from autoconfig.mapping.sqlite_finder import Absent, SqliteFinder, open_file, source_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class CopyFinder(SqliteFinder):
    """A `Finder` over a copy that may not exist yet."""

    def __init__(self, path: Path, store: str) -> None:
        """`path` is the copy; `store` is `DatabaseLocation.shown` of the database that it must be a copy of."""
        self._store = store
        self._status = Status()
        self._verified_at = 0
        super().__init__(path)

    async def start(self) -> None:
        """Do nothing: a server may start before its first copy exists."""

    async def watch(self) -> None:
        """
        Open the copy as soon as it exists, and reopen it if it was replaced. A damaged copy is served as far as it can
        be read, and reported to the follower, which makes it again.

        Raises:
            MappingUnavailable: there is no copy that can be served.
        """
        self._status, stamp, before = read_status(self._path), self._stamps.read(), self._stamp
        absent, overwritten = self._absent, stamp is not None and stamp.overwritten_since(before)
        if overwritten or self._error_kind in UNUSABLE:
            complain(self._path, before.inode if before else None)
            self._error_kind = None
        if absent is None and (
            stamp is None or (before is not None and stamp.inode == before.inode and not overwritten)
        ):
            self._stamp = stamp or before  # if the name is gone for a moment, keep serving the open file
            self._see_clock()
            return
        self._stamp = stamp
        try:
            fresh = self._opened()
        except AutoconfigError as error:
            if isinstance(error, DatabaseForeign):
                complain(self._path, stamp.inode if stamp else None)
            if absent is None and not overwritten:
                raise
            why = self._why(error)
            self._replace(Absent(why))
            raise MappingUnavailable(why) from error
        self._replace(fresh)
        self._see_clock()

    def stale(self) -> str | None:
        """Why the copy cannot be brought up to date, or which clock is wrong."""
        return self._status.problem or self._clock

    def gauges(self) -> Mapping[str, float]:
        """The age of the copy and the id of its newest row."""
        if self._absent is not None:
            return {}
        age = self._status.age
        if age is None:
            age = max(0.0, time.time() - self._verified_at)
        # Earlier releases used the second name; it stays for one release.
        return {"copy_age_seconds": age, "replica_age_seconds": age, "mapping_last_id": self._status.last_id}

    def _first(self) -> sqlite3.Connection | Absent:
        """A connection to the copy, or a placeholder until it exists."""
        self._status = read_status(self._path)
        try:
            return self._opened()
        except AutoconfigError as error:
            return Absent(self._why(error))

    def _opened(self, *, log: bool = True) -> sqlite3.Connection:
        """
        Open the copy.

        Raises:
            MappingUnavailable: it cannot be read, or is a copy of another database.
            ConfigurationInvalid: as `open_file`.
        """
        connection = open_file(self._path, log=log)
        try:
            found = source_of(connection)
        except sqlite3.Error as error:
            connection.close()
            raise DatabaseForeign(f"{self._path}: {error}") from error
        if found is None or found[0] != self._store:
            connection.close()
            of = f"a copy of {found[0]}" if found else "not a copy"
            raise MappingUnavailable(
                f"{self._path}: is {of}; it is served as soon as {self._store} confirms that its history is the same"
            )
        self._verified_at = found[1]
        return connection

    def _why(self, error: AutoconfigError) -> str:
        """Why there is no copy to serve, and the follower's progress."""
        why = str(error) if inode_of(self._path) else f"there is no local copy of {self._store} yet"
        status = self._status
        now = (
            status.progress or status.problem or ("" if status.process else "no follower has started yet; see the log")
        )
        return f"{why}: {now}" if now else why
