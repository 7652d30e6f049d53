"""Keep a local copy up to date with the store on a server, by asking for the rows after the copy's last one."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import AutoconfigError, ConfigurationInvalid, DatabaseForeign, MappingUnavailable, Refused
from autoconfig.mapping.batches import batched
from autoconfig.mapping.copy_marker import complaint_about
from autoconfig.mapping.copy_status import StatusFile
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.follower.comparison import Comparison, Differs
from autoconfig.mapping.follower.copy_file import BATCH, CopyFile, Origin
from autoconfig.mapping.follower.doubts import BEHIND, Doubts
from autoconfig.mapping.progress import StepCounter, counted, silent
from autoconfig.mapping.schema_version import inode_of
from autoconfig.mapping.sqlite_file import beside, remove
from autoconfig.mapping.store import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mapping.copy_status import Status
    from autoconfig.mapping.progress import OnProgress
    from autoconfig.mapping.store import Reading

RECONNECT = 10.0
"""Seconds after which a follower of a standby tries the primary again."""

DAY = 86_400.0
"""Seconds after which all rows are compared again."""

REPORTING = 0.5
"""Seconds between two updates of the status file with progress."""

LEFT = 16
"""How many former generations are remembered."""


class Look(NamedTuple):
    """The result of one look at the store."""

    last_id: int
    """The highest id of the copy now."""
    rows: int = 0
    """The number of new rows."""
    afresh: str | None = None
    """Why the copy was made again, if it was."""
    verified: bool = False
    """Whether this look completed a comparison of all rows."""
    behind: str | None = None
    """Why nothing was done: the store contradicts the copy, and is not believed yet."""


class Follower:
    """The only process that writes to a copy."""

    def __init__(self, url: str, path: Path, on_progress: OnProgress = silent) -> None:
        """
        Open the copy at `path`, if there is one; `url` is the store's. The first look replaces an unusable file.

        `on_progress` is called often during long steps.

        Raises:
            Refused: another follower of this copy is running.
            MappingUnavailable: the copy cannot be opened now.
            SettingsInvalid: `url` is not a database URL.
        """
        location = DatabaseLocation.parse(url)
        self._url, self._path, self._on_progress = url, path, on_progress
        self._shown, self._is_file = location.shown, location.kind is Kind.SQLITE
        self._fresh = beside(path, ".new")
        self._store: Journal | None = None
        self._connected_at = self._reported_at = 0.0
        self._copy: CopyFile | None = None
        self._unusable: str | None = None
        """Why the existing file cannot be used as a copy."""
        self._inode: tuple[int, int] | None = None
        self._comparison: Comparison | None = None
        self._compare_at = 0.0
        self._doubts = Doubts(self._shown)
        self._status_file = StatusFile(path)
        try:
            self._open()
            self._status_file.write(self._status_file.status)
        except BaseException:
            self.close()
            raise

    @property
    def status(self) -> Status:
        """The last status that readers of the copy see."""
        return self._status_file.status

    def close(self) -> None:
        """Close everything, so that another follower can start."""
        self._disconnect()
        if self._copy is not None:
            self._copy.close()
        self._status_file.close()

    def look(self) -> Look:
        """
        Bring the copy up to date. Once a day, also compare all rows, some of them at each look.

        Raises:
            MappingUnavailable: the store or the copy cannot be used now; look again later.
            ConfigurationInvalid: the store is not a mapping database, or its schema is of another release.
        """
        try:
            self._see_file()
            if self._store is None:
                self._store, self._connected_at = Journal(self._url), time.monotonic()
            with self._store.reading() as store:
                standby = store.is_standby()
                look = self._step(store, standby=standby)
        except BaseException as error:
            self._disconnect()
            if isinstance(error, AutoconfigError):
                self._status_file.write(self._status_file.status._replace(problem=str(error), doing=None))
            raise
        # Reconnect: a file may be replaced by the next look, and after a standby the primary has to be tried again.
        if self._is_file or look.behind or (standby and time.monotonic() - self._connected_at >= RECONNECT):
            self._disconnect()
        status = self._status_file.status._replace(problem=look.behind, doing=None, last_id=look.last_id)
        self._status_file.write(status if look.behind else status.seen_now())
        return look

    def _open(self) -> None:
        """Open the copy, if there is one."""
        if self._copy is not None:
            self._copy.close()
        self._copy, self._unusable, self._comparison = None, None, None
        self._inode = inode_of(self._path)
        if self._inode is None:
            return
        try:
            self._copy = CopyFile(self._path)
        except (Refused, ConfigurationInvalid) as error:
            self._unusable = str(error)
            return
        since = time.time() - self._copy.origin.verified_at
        # If the wall clock cannot be right, compare at once.
        self._compare_at = time.monotonic() + (DAY - since if 0 <= since < DAY else 0.0)

    def _see_file(self) -> None:
        """Notice that the copy was removed, replaced, or reported as damaged by a reader."""
        inode, complaint = inode_of(self._path), complaint_about(self._path)
        if inode != self._inode:
            self._open()
        with contextlib.suppress(OSError):
            reported = complaint.read_text(encoding="ascii", errors="replace")
            complaint.unlink()
            if inode is not None and reported == str(inode):
                if self._copy is not None:
                    self._copy.close()
                self._copy, self._unusable = None, f"{self._path}: a reader found it damaged"

    def _step(self, store: Reading, *, standby: bool) -> Look:
        copy, generation = self._copy, store.generation()
        if copy is None:
            return self._made_afresh(store, generation, self._unusable or "there was none", standby=standby)
        self._note_store(copy, generation, standby=standby)
        damaged = False
        try:
            reason = self._differs(copy, store, generation)
            if reason is None:
                return self._followed(copy, store)
            if waiting := self._doubts.about(copy, reason, generation, standby=standby):
                tip = copy.tip()
                return Look(tip.id if tip else 0, behind=waiting)
        except Differs:  # no doubt, even about a standby: it has the copy's last row, so it is not behind
            reason = "its rows differ from those of the store"
        except DatabaseForeign as error:
            reason, damaged = str(error), True
        if damaged:
            self._unusable = reason
        return self._made_afresh(store, generation, reason, standby=standby)

    def _note_store(self, copy: CopyFile, generation: str, *, standby: bool) -> None:
        """Record that the current store has the history of the copy, or that a primary of it has answered."""
        origin = copy.origin
        if origin.source == self._shown:
            copy.note(origin._replace(primary_seen=origin.primary_seen or not standby))
        elif copy.generation == generation:
            copy.note(origin._replace(source=self._shown, primary_seen=not standby))

    def _differs(self, file: CopyFile, store: Reading, generation: str) -> str | None:
        """Why a file cannot be continued with the rows of the store; `None`: it can."""
        if file.generation != generation:
            return "the history of the store was replaced"
        tip = file.tip()
        if tip is None:
            return None
        found = list(store.since(tip.id - 1, tip.id))
        if found == [tip]:
            return None
        return BEHIND if store.last_id() < tip.id else "the store has another row with the id of its last row"

    def _followed(self, copy: CopyFile, store: Reading) -> Look:
        """Append new rows, and compare some of the others if that is due."""
        self._doubts.end()
        if self._fresh.exists():  # no longer needed, or left by a crash after it had replaced the copy
            remove(self._fresh)
        tip = copy.tip()
        last = tip.id if tip else 0
        total = max(0, store.last_id() - last)
        rows = copy.append(counted(store.since(last), self._report, "new rows", total))
        tip = copy.tip()
        last = tip.id if tip else 0
        if self._comparison is None and time.monotonic() >= self._compare_at:
            self._comparison = Comparison(last)
        verified = self._comparison is not None and self._comparison.go_on(copy, store, self._report)
        if verified:
            self._comparison, self._compare_at = None, time.monotonic() + DAY
            copy.note(copy.origin._replace(verified_at=int(time.time())))
        return Look(last, rows, verified=verified)

    def _made_afresh(self, store: Reading, generation: str, reason: str, *, standby: bool) -> Look:
        """
        Copy all rows into a second file, compare them, and replace the copy.

        After an interruption the next look continues with that file.
        """
        self._comparison = None
        self._doubts.end()
        fresh = self._begun(store, generation)
        try:
            tip = fresh.tip()
            counter, rows = StepCounter(self._report, "copying rows", store.count()), 0
            counter.add(fresh.count())
            for batch in batched(counter.over(store.since(tip.id if tip else 0)), BATCH):
                rows += fresh.append(batch)
            tip = fresh.tip()
            last = tip.id if tip else 0
            try:
                whole = Comparison(last)
                while not whole.go_on(fresh, store, self._report):
                    pass
            except Differs as error:
                fresh.close()
                remove(self._fresh)
                raise MappingUnavailable(
                    f"{self._fresh}: the copied rows differ from those of the store; trying again"
                ) from error
            fresh.note(self._origin(generation, primary_seen=not standby))
            aside = self._unusable is not None
            if aside and self._copy is not None:
                self._copy.close()
            fresh.take_place(self._path, aside=aside, on_progress=self._report)
        finally:
            fresh.close()
        self._open()
        return Look(last, rows, afresh=reason, verified=True)

    def _origin(self, generation: str, *, primary_seen: bool) -> Origin:
        """The origin of a new copy. It remembers former generations if the copy before was of the same store."""
        made, before = Origin(self._shown, int(time.time()), primary_seen), self._copy
        if before is None or before.origin.source != self._shown:
            return made
        with contextlib.suppress(AutoconfigError):  # the copy before is damaged
            left = [one for one in (*before.origin.left, before.generation) if one != generation]
            made = made._replace(primary_seen=primary_seen or before.origin.primary_seen, left=tuple(left[-LEFT:]))
        return made

    def _begun(self, store: Reading, generation: str) -> CopyFile:
        """An interrupted new copy, if its rows are still those of the store; otherwise an empty one."""
        if self._fresh.exists():
            fresh = None
            with contextlib.suppress(AutoconfigError):  # it cannot be used
                fresh = CopyFile(self._fresh)
                if self._differs(fresh, store, generation) is None:
                    return fresh
            if fresh is not None:
                fresh.close()
        return CopyFile.made(self._fresh, Origin(self._shown), generation)

    def _report(self, step: str, done: int, total: int | None) -> None:
        self._on_progress(step, done, total)
        now = time.monotonic()
        if now - self._reported_at >= REPORTING or self._status_file.status.doing != step:
            self._reported_at = now
            self._status_file.write(
                self._status_file.status._replace(problem=None, doing=step, done=done, of=total or 0)
            )

    def _disconnect(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
