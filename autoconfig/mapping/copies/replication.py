"""Keeps a replica in step with a central database: asks it for the rows after the last one that is here."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import IO, TYPE_CHECKING, NamedTuple

from autoconfig.errors import AutoconfigError, DatabaseForeign, MappingUnavailable, Refused
from autoconfig.files import created
from autoconfig.mapping.batches import batched
from autoconfig.mapping.copies.copying import counting
from autoconfig.mapping.copies.digest import Digest
from autoconfig.mapping.copies.replica import BATCH, ReplicaFile
from autoconfig.mapping.copies.sqlite_file import beside, remove
from autoconfig.mapping.journal import Journal
from autoconfig.mapping.mark import heartbeat
from autoconfig.mapping.place import Kind, Place

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mapping.copies.copying import Told
    from autoconfig.mapping.journal import Reading

PATIENCE = 60.0
"""Seconds for which a primary may know less than the replica, before it is believed: perhaps it was just set back."""

RECONNECT = 10.0
"""Seconds for which a standby is read before the primary is tried again."""

DAY = 86_400
"""Seconds after which all rows are compared again."""

STEP = 10_000
"""Rows of such a comparison that a look may take: the next change must not wait for a million of them."""


class Look(NamedTuple):
    """What one look at the central database came to."""

    last_id: int
    """Of the replica, now."""
    rows: int = 0
    """How many came."""
    afresh: str | None = None
    """Why the replica was made anew."""
    verified: bool = False
    """Whether all rows were just found equal."""
    behind: str | None = None
    """Why nothing was done: the central database does not have what the replica has; it is waited for."""


class Replicator:
    """The one process that writes to a replica."""

    def __init__(self, source: str, path: Path, told: Told = lambda _what, _done, _of: None) -> None:
        """
        Open the replica at `path`, if there is one; `source` is the URL of the central database.

        `told` is called often while much is to be done: with what that is, how many rows are done, and of how many.

        Raises:
            Refused: another replicator runs, or the file is no replica.
            ConfigurationInvalid: the file is damaged at its beginning, or of a newer release; `source` is no URL.
        """
        self._source, self._path, self._told = source, path, told
        place = Place.parse(source, "replicate_from")
        self._shown, self._is_file = place.shown, place.kind is Kind.SQLITE
        self._copy = beside(path, ".copy")
        self._central: Journal | None = None
        self._connected_at = 0.0
        self._live: ReplicaFile | None = None
        self._comparison: _Comparison | None = None
        self._behind_since: float | None = None
        self._lock = _locked(path)
        try:
            if path.exists():
                self._live = ReplicaFile(path)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give everything back; another replicator may begin."""
        self._disconnect()
        if self._live is not None:
            self._live.close()
        self._lock.close()

    def look(self, *, verify: bool = False) -> Look:
        """
        Bring the replica to what the central database has now; with `verify` compare all rows at once.

        Raises:
            MappingUnavailable: the central database, or the replica, cannot be used now; look again later.
            ConfigurationInvalid: the central database is none of ours, or its schema is of another release.
        """
        try:
            if self._central is None:
                self._central, self._connected_at = Journal(self._source, "replicate_from"), time.monotonic()
            with self._central.reading() as central:
                standby = central.is_standby()
                look = self._step(central, standby=standby, verify=verify)
        except BaseException:
            self._disconnect()
            raise
        # Another file may stand in its place the next time; and whoever reads a standby tries the primary again.
        if self._is_file or look.behind or (standby and time.monotonic() - self._connected_at >= RECONNECT):
            self._disconnect()
        if not look.behind:
            os.utime(self._lock.fileno())
        return look

    def _step(self, central: Reading, *, standby: bool, verify: bool) -> Look:
        live, generation = self._live, central.generation()
        if live is None:
            return self._made_afresh(central, generation, "there was none")
        try:
            reason = self._differs(live, central, generation)
            if reason is None:
                return self._followed(live, central, verify=verify)
            if (waiting := self._waiting(reason, standby=standby)) is not None:
                tip = live.tip()
                return Look(tip.id if tip else 0, behind=waiting)
        except _Differs:  # also from a standby: it has the last row that is here, so it is not behind
            reason = "its rows are not those of the central database"
        except DatabaseForeign as error:
            reason = str(error)
        return self._made_afresh(central, generation, reason)

    def _waiting(self, reason: str, *, standby: bool) -> str | None:
        """
        Why the replica is left as it is although it cannot be gone on from, for `reason`; `None`: it is not.

        What a standby says may be what the primary said long ago: it never takes back what is here already.
        """
        if standby:
            self._behind_since = None
            return (
                f"a standby answers, and {reason}; perhaps it is behind: it is waited for, or for the primary, which "
                "`replicate_from` has to name"
            )
        now = time.monotonic()
        if self._behind_since is None:
            self._behind_since = now
        if reason == _BEHIND and now - self._behind_since < PATIENCE:
            return f"{reason}; it is believed if it stays so for {PATIENCE:.0f} seconds"
        return None

    def _differs(self, file: ReplicaFile, central: Reading, generation: str) -> str | None:
        """Why the rows of a file cannot be gone on from; `None`: they can."""
        if file.generation != generation:
            return "the history of the central database was replaced"
        tip = file.tip()
        if tip is None:
            return None
        found = list(central.since(tip.id - 1, tip.id))
        if found == [tip]:
            return None
        return _BEHIND if central.last_id() < tip.id else "its last row is another one in the central database"

    def _followed(self, live: ReplicaFile, central: Reading, *, verify: bool) -> Look:
        """Write what is new, and compare a part of the rest if that is due."""
        self._behind_since = None
        if self._copy.exists():  # one that nobody needs any more, or that took its place just before a crash
            remove(self._copy)
        if live.source != self._shown:
            live.note(self._shown, live.verified_at)
        tip = live.tip()
        last = tip.id if tip else 0
        total = max(0, central.last_id() - last)
        rows = live.append(central.since(last), counting(self._told, "new rows", total))
        tip = live.tip()
        last = tip.id if tip else 0
        if self._comparison is None and (verify or live.verified_at + DAY <= time.time()):
            self._comparison = _Comparison(last)
        verified = self._comparison is not None and self._comparison.go_on(live, central, self._told, whole=verify)
        if verified:
            self._comparison = None
            live.note(self._shown, int(time.time()))
        return Look(last, rows, verified=verified)

    def _made_afresh(self, central: Reading, generation: str, reason: str) -> Look:
        """
        Copy all rows into a file beside, compare them, and put them in the replica's place.

        Whoever is interrupted goes on where it ended.
        """
        self._comparison = self._behind_since = None
        copy = self._begun(central, generation)
        try:
            total, rows = central.count(), 0
            tip = copy.tip()
            counted = counting(self._told, "copying", total)
            if tip is not None:
                counted(tip.id)
            for batch in batched(central.since(tip.id if tip else 0), BATCH):
                rows += copy.append(batch, counted)
            tip = copy.tip()
            last = tip.id if tip else 0
            try:
                _Comparison(last).go_on(copy, central, self._told, whole=True)
            except _Differs as error:
                copy.close()
                remove(self._copy)
                raise MappingUnavailable(
                    f"{self._copy}: what was copied is not what the central database says; it is tried again"
                ) from error
            copy.note(self._shown, int(time.time()))
            copy.take_place(self._path, lambda: self._told("taking its place", last, last))
        finally:
            copy.close()
        if self._live is not None:
            self._live.close()
            self._live = None
        self._live = ReplicaFile(self._path)
        return Look(last, rows, afresh=reason, verified=True)

    def _begun(self, central: Reading, generation: str) -> ReplicaFile:
        """The copy that was begun, if its rows are still those of the central database; else an empty one."""
        if self._copy.exists():
            copy = None
            with contextlib.suppress(AutoconfigError):  # what cannot be gone on with is made again
                copy = ReplicaFile(self._copy)
                if self._differs(copy, central, generation) is None:
                    return copy
            if copy is not None:
                copy.close()
        return ReplicaFile.made(self._copy, self._shown, generation)

    def _disconnect(self) -> None:
        if self._central is not None:
            self._central.close()
            self._central = None


_BEHIND = "the central database does not have its last row"


class _Differs(Exception):
    """Rows of the same ids are not the same."""


class _Comparison:
    """Of all rows up to one, a part at a time; rows that are there never change."""

    def __init__(self, up_to: int) -> None:
        self._up_to, self._at = up_to, 0
        self._here, self._there = Digest(), Digest()

    def go_on(self, file: ReplicaFile, central: Reading, told: Told, *, whole: bool) -> bool:
        """
        Compare the next rows, or with `whole` all that are left; whether that were all.

        Raises:
            _Differs: they are not equal.
        """
        while self._at < self._up_to:
            end = min(self._at + STEP, self._up_to)
            self._here.add(file.since(self._at, end))
            self._there.add(central.since(self._at, end))
            if self._here != self._there:
                raise _Differs
            self._at = end
            told("comparing", end, self._up_to)
            if not whole:
                break
        return self._at >= self._up_to


def _locked(path: Path) -> IO[bytes]:
    """The file that one replicator at a time has locked; see `mark.heartbeat`."""
    file = heartbeat(path)
    try:
        with contextlib.suppress(FileExistsError):
            created(file)
            os.utime(file, (0, 0))  # nothing was seen yet
        opened = file.open("r+b")
    except OSError as error:
        raise MappingUnavailable(f"{file}: {error.strerror}; may this user write there?") from error
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        opened.close()
        raise Refused(f"{path}: another replicator is at work on it; end that one first") from error
    return opened
