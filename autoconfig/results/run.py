"""One check of all domains: written as it goes, so that it can be killed at any time and go on."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
import zlib
from typing import TYPE_CHECKING, TypeVar

from autoconfig.errors import Refused
from autoconfig.files import created
from autoconfig.results.domain_result import Listed, write_result
from autoconfig.results.json_values import bare_of, bare_text, observation_of, observation_text
from autoconfig.results.results_file import NAME, opened, transaction

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from autoconfig.check.domain_check import Checked
    from autoconfig.check.observation import Observation, Target
    from autoconfig.check.observation_store import BareObservation

Seen = TypeVar("Seen")

MOST_AGE = 24 * 3600
"""Seconds after its start in which a run that was interrupted goes on; what an older one saw may be wrong by now."""
KEPT = 2
"""Finished runs that are kept: the last one, and the one before for the difference."""
_BATCH = 500
"""Domains read from the list at a time."""
_BARE = ""
"""The name under which a server is asked without SNI."""


class CheckRun:
    """A run under way; it is also the `ObservationStore` of its prober. Everything is committed at once."""

    def __init__(self, connection: sqlite3.Connection, identity: int) -> None:
        self._connection, self._id, self._machine = connection, identity, socket.gethostname()
        connection.execute("CREATE TEMP TABLE work (place INTEGER, name TEXT, plan TEXT, params TEXT, parent TEXT)")
        connection.execute("CREATE TEMP TABLE mapped (name TEXT PRIMARY KEY) WITHOUT ROWID")

    def plan(self, domains: Iterable[tuple[Listed, bool]]) -> int:
        """
        List the domains of the mapping, each with whether it is to be checked; those that are not keep their result.

        Returns:
            How many are left to check. Domains that this run checked already, on the same row, are not among them.
        """
        done = dict(self._connection.execute("SELECT name, row FROM domain WHERE run = ?", (self._id,)).fetchall())
        self._connection.execute("BEGIN")
        count = 0
        for listed, wanted in domains:
            self._connection.execute("INSERT OR IGNORE INTO mapped VALUES (?)", (listed.name,))
            if wanted and done.get(listed.name) != listed.row:
                # Neighbours in the alphabet are often on one server; mixed, they keep many servers busy.
                place = zlib.crc32(listed.name.encode())
                self._connection.execute("INSERT INTO work VALUES (?, ?, ?, ?, ?)", (place, *listed))
                count += 1
        self._connection.execute("COMMIT")
        self._connection.execute("CREATE UNIQUE INDEX temp.work_place ON work (place, name)")
        return count

    def work(self) -> Iterator[Listed]:
        """The domains to check, mixed."""
        last = (-1, "")
        statement = "SELECT * FROM work WHERE (place, name) > (?, ?) ORDER BY place, name LIMIT ?"
        while page := self._connection.execute(statement, (*last, _BATCH)).fetchall():
            for place, *listed in page:
                last = place, listed[0]
                yield Listed(*listed)

    def keep_domain(self, listed: Listed, checked: Checked) -> None:
        """Write the result of a domain."""
        with self._transaction():
            write_result(self._connection, self._id, listed, checked)

    def find(self, target: Target, name: str) -> Observation | None:
        """Return what a server showed under a name, or `None`."""
        return _read(observation_of, self._text(target, name))

    def keep(self, target: Target, name: str, seen: Observation) -> None:
        """Keep what a server showed under a name."""
        self._keep_text(target, name, observation_text(seen))

    def find_bare(self, target: Target) -> BareObservation | None:
        """Return what a server showed without SNI, or `None`."""
        return _read(bare_of, self._text(target, _BARE))

    def keep_bare(self, target: Target, observation: BareObservation) -> None:
        """Keep what a server showed without SNI."""
        self._keep_text(target, _BARE, bare_text(observation))

    def servers(self) -> int:
        """How many servers (address and port) were asked."""
        (count,) = self._connection.execute("SELECT count(DISTINCT server) FROM observation").fetchone()
        return int(count)

    def finish(self) -> None:
        """
        End the run: take over the results of domains that were not to be checked, forget those of domains that the
        mapping no longer has, and forget older runs.
        """
        with self._transaction():
            before = self._connection.execute(
                "SELECT max(id) FROM run WHERE finished_at IS NOT NULL AND id < ?", (self._id,)
            ).fetchone()[0]
            for table, columns in _COPIED.items():
                self._connection.execute(
                    f"DELETE FROM {table} WHERE run = ? AND name NOT IN (SELECT name FROM mapped)",  # noqa: S608
                    (self._id,),
                )
                self._connection.execute(
                    f"INSERT INTO {table} SELECT ?, {columns} FROM {table} AS old WHERE run = ?"  # noqa: S608
                    " AND name IN (SELECT name FROM mapped)"
                    " AND name NOT IN (SELECT name FROM domain WHERE run = ?)",
                    (self._id, before, self._id),
                )
            figures = self._figures()
            self._connection.execute(
                "UPDATE run SET finished_at = ?, figures = ? WHERE id = ?",
                (int(time.time()), json.dumps(figures), self._id),
            )
            self._connection.execute("DELETE FROM observation")
            kept = self._connection.execute(
                "SELECT id FROM run WHERE finished_at IS NOT NULL ORDER BY id DESC LIMIT ?", (KEPT,)
            ).fetchall()
            for table, column in (("finding", "run"), ("domain", "run"), ("run", "id")):
                self._connection.execute(f"DELETE FROM {table} WHERE {column} < ?", kept[-1])  # noqa: S608
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _figures(self) -> dict[str, int]:
        rows = self._connection.execute(
            "SELECT severity || ' ' || code, count(*) FROM finding WHERE run = ? GROUP BY severity, code", (self._id,)
        )
        return dict(rows.fetchall())

    def _text(self, target: Target, name: str) -> str | None:
        row = self._connection.execute(
            "SELECT seen FROM observation WHERE server = ? AND name = ?", (_server(target), name)
        ).fetchone()
        return None if row is None else str(row[0])

    def _keep_text(self, target: Target, name: str, text: str) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO observation VALUES (?, ?, ?, ?, ?)",
            (_server(target), name, text, self._machine, int(time.time())),
        )

    def _transaction(self) -> contextlib.AbstractContextManager[None]:
        return transaction(self._connection)


# Findings first: which ones are taken over depends on the domains that have a result yet.
_COPIED = {
    "finding": "name, place, code, severity, server, seen, ja, en",
    "domain": "name, row, plan, machine, checked_at, servers, has_records, heard",
}


@contextlib.contextmanager
def running(state_dir: Path, scope: str) -> Iterator[tuple[CheckRun, bool]]:
    """
    Go on with the run that was interrupted, if it had the same scope, or begin one; and whether it goes on.

    `scope` has all that results depend on besides the mapping and the plans.

    Raises:
        Refused: another process checks all domains.
        MappingUnavailable: the file with results cannot be used.
        OSError: the state folder cannot be written.
    """
    state_dir.mkdir(parents=True, exist_ok=True)
    with _alone(state_dir), opened(state_dir) as connection:
        row = connection.execute(
            "SELECT id FROM run WHERE finished_at IS NULL AND scope = ? AND started_at > ?",
            (scope, int(time.time()) - MOST_AGE),
        ).fetchone()
        yield CheckRun(connection, _begun(connection, scope) if row is None else int(row[0])), row is not None


def _begun(connection: sqlite3.Connection, scope: str) -> int:
    """The id of a new run. What another one left behind unfinished is forgotten."""
    connection.execute("BEGIN IMMEDIATE")
    for table in _COPIED:
        connection.execute(
            f"DELETE FROM {table} WHERE run IN (SELECT id FROM run WHERE finished_at IS NULL)"  # noqa: S608
        )
    connection.execute("DELETE FROM run WHERE finished_at IS NULL")
    connection.execute("DELETE FROM observation")
    begun = connection.execute(
        "INSERT INTO run (scope, machine, started_at) VALUES (?, ?, ?) RETURNING id",
        (scope, socket.gethostname(), int(time.time())),
    )
    (identity,) = begun.fetchone()
    connection.execute("COMMIT")
    return int(identity)


@contextlib.contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """The kernel lets go of the lock with the process."""
    lock = state_dir / f"{NAME}.lock"
    with contextlib.suppress(FileExistsError):
        created(lock)  # where root checks first, others can lock it too
    descriptor = os.open(lock, os.O_RDWR)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Refused(f"{state_dir / NAME}: another `autoconfig check --all` is running") from error
        yield
    finally:
        os.close(descriptor)


def _read(reader: Callable[[str], Seen], text: str | None) -> Seen | None:
    """What is kept of a server; `None` if nothing is, or if another release wrote it: the server is asked again."""
    try:
        return None if text is None else reader(text)
    except (ValueError, KeyError, TypeError):
        return None


def _server(target: Target) -> str:
    return f"{target.address} {target.port} {target.protocol or 'https'} {target.tls}"
