"""Replace the rows of a database with those of a backup, while it is being read."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import (
    ConfigurationInvalid,
    DatabaseForeign,
    InputInvalid,
    MappingUnavailable,
    Refused,
    SchemaTooNew,
)
from autoconfig.files import created, synchronize
from autoconfig.mapping.backup.backup import backup, check_is_mapping, copy_pages
from autoconfig.mapping.backup.row_check import check_only_tables, check_rows
from autoconfig.mapping.digest import Digest
from autoconfig.mapping.progress import counted, silent
from autoconfig.mapping.sqlite_file import LOGS, beside, connect, remove, set_aside
from autoconfig.mapping.store import Journal
from autoconfig.mapping.store_database import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from autoconfig.mapping.progress import OnProgress
    from autoconfig.mapping.record import Record

_PREFIX = "autoconfig-restore-"


class Effect(NamedTuple):
    """What a restore would change. The first four fields describe the current mapping."""

    generation: str
    last_id: int
    rows: int
    written_at: int | None
    """When the newest row was written, in Unix seconds."""
    restored_last_id: int
    restored_rows: int
    restored_written_at: int | None
    lost: int
    """Rows of the mapping that are missing in the backup."""
    lost_since: int | None
    """When the oldest of the lost rows was written."""
    added: int
    """Rows of the backup that are missing in the mapping."""


@contextlib.contextmanager
def opened(file: Path, on_progress: OnProgress = silent) -> Iterator[Journal]:
    """
    Open a backup for reading, after checking all of it. A temporary copy is upgraded to the schema of this release and
    opened; the file itself does not change.

    Raises:
        InputInvalid: the file cannot be read.
        ConfigurationInvalid: the file is damaged, not a backup, or from a newer release.
    """
    if not file.is_file():
        raise InputInvalid(f"{file}: there is no such file")
    with _temporary_folder() as folder:
        copy = Path(folder) / "mapping.db"
        copy.touch(0o600)
        try:
            copy_pages(_for_reading(file), copy, on_progress)
            check_only_tables(copy)
            check_is_mapping(copy)
            upgrade(f"sqlite:///{copy}")
            check_rows(copy)
            journal = Journal(f"sqlite:///{copy}")
        except sqlite3.OperationalError as error:
            raise InputInvalid(f"{file}: cannot be read: {error}; is there room in {folder}?") from error
        except SchemaTooNew as error:
            raise SchemaTooNew(f"{file}: was made by a newer release; install that release first") from error
        except (sqlite3.Error, ConfigurationInvalid) as error:
            problem = f" ({error})".replace(str(copy), "the file") if isinstance(error, DatabaseForeign) else ""
            raise DatabaseForeign(
                f"{file}: is damaged, or not a backup of this program; use another one{problem}"
            ) from error
        with contextlib.closing(journal):
            yield journal


@contextlib.contextmanager
def _temporary_folder() -> Iterator[str]:
    """A temporary folder, locked while this process uses it. Also removes folders left by killed processes."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError), _locked(left):  # it is in use, or another user's
            shutil.rmtree(left)
    with contextlib.ExitStack() as stack:
        yield _locked_folder(stack)


def _locked_folder(stack: contextlib.ExitStack) -> str:
    for _ in range(10):
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True))
        # Between these two lines another restore may have taken it for one that a killed process left.
        with contextlib.suppress(OSError):
            stack.enter_context(_locked(Path(folder)))
            if Path(folder).is_dir():
                return folder
    raise InputInvalid(f"{tempfile.gettempdir()}: no folder can be made and locked there; TMPDIR names another one")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """
    Hold a lock on a folder of this user.

    Raises:
        OSError: another process holds the lock, or the path is another user's or not a folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(folder))
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def compare(journal: Journal, restored: Journal, on_progress: OnProgress = silent) -> Effect:
    """Compute which rows the mapping would lose and gain by a restore."""
    with journal.reading() as now, restored.reading() as then:
        here = _Seen(counted(now.since(0), on_progress, "comparing", now.count()))
        there = _Seen(then.since(0))
        lost, added = _compared(here, there)
        return Effect(
            now.generation(),
            here.last_id,
            here.rows,
            here.written_at,
            there.last_id,
            there.rows,
            there.written_at,
            lost.rows,
            lost.oldest,
            added.rows,
        )


def restore(
    url: str,
    journal: Journal,
    restored: Journal,
    found: Effect,
    before: Path | None,
    on_progress: OnProgress = silent,
) -> None:
    """
    Replace all rows of the mapping with the restored ones, in one transaction, while it is being read.

    A backup of the replaced rows goes to `before`. The new history gets its own generation, so that servers and
    followers notice it.

    Raises:
        Refused: the mapping changed after it was compared, or it is a copy; nothing was changed.
        MappingUnavailable: the mapping cannot be written now, or not by this user; nothing was changed.
    """
    with journal.writing() as writing, restored.reading() as rows:
        if (writing.generation(), writing.last_id()) != (found.generation, found.last_id):
            raise Refused(f"{journal.shown}: has changed in the meantime; nothing was changed: compare again")
        writing.may_replace_all()  # before making a backup in vain
        # No one else can write now, but the backup may be read from a standby.
        if before is not None and backup(url, before, on_progress=on_progress).last_id != found.last_id:
            before.unlink()
            raise MappingUnavailable(
                f"{journal.shown}: read from a standby that is behind; nothing was changed, try again"
            )
        writing.replace_all(secrets.token_hex(16))
        expected = Digest()
        writing.copy(expected.passing(counted(rows.since(0), on_progress, "restoring", found.restored_rows)))
        if Digest.of(counted(writing.since(0), on_progress, "comparing", found.restored_rows)) != expected:
            raise MappingUnavailable(
                f"{journal.shown}: the rows read back differ from those written; nothing was changed"
            )
    journal.settle()


def make(path: Path, restored: Journal) -> Path | None:
    """
    Create a SQLite mapping with the restored rows in place of a missing or unusable file. It appears complete or not at
    all.

    Returns:
        The new name of the unusable file, if there was one.

    Raises:
        InputInvalid: the file cannot be written.
    """
    fresh = beside(path, ".restoring")
    try:
        remove(fresh)
        created(fresh)
        upgrade(f"sqlite:///{fresh}", create=True)
        with (
            contextlib.closing(Journal(f"sqlite:///{fresh}")) as journal,
            restored.reading() as rows,
            journal.writing() as writing,
        ):
            writing.replace_all(secrets.token_hex(16))
            writing.copy(rows.since(0))
        aside = set_aside(path) if path.exists() else None
        for suffix in LOGS:  # of a file that is gone
            beside(path, suffix).unlink(missing_ok=True)
        fresh.rename(path)
        synchronize(path.parent)
    except OSError as error:
        raise InputInvalid(f"{path}: cannot be written: {error.strerror}") from error
    return aside


class _Seen:
    """Rows in id order, with statistics of those seen so far."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = iter(records)
        self.rows = self.last_id = 0
        self.written_at: int | None = None

    def next(self) -> Record | None:
        """The next row; `None` at the end."""
        record = next(self._records, None)
        if record is not None:
            self.rows, self.last_id, self.written_at = self.rows + 1, record.id, record.recorded_at
        return record


class _Only:
    """Statistics of the rows that only one of two histories has."""

    def __init__(self) -> None:
        self.rows = 0
        self.oldest: int | None = None

    def add(self, record: Record) -> None:
        self.rows += 1
        self.oldest = record.recorded_at if self.oldest is None else min(self.oldest, record.recorded_at)


def _compared(here: _Seen, there: _Seen) -> tuple[_Only, _Only]:
    """Merge both histories by id: the rows that are only here, and those only there."""
    only_here, only_there = _Only(), _Only()
    one, other = here.next(), there.next()
    while one is not None or other is not None:
        if one == other:
            one, other = here.next(), there.next()
            continue
        take_one = one is not None and (other is None or one.id <= other.id)
        take_other = other is not None and (one is None or other.id <= one.id)
        if one is not None and take_one:
            only_here.add(one)
            one = here.next()
        if other is not None and take_other:
            only_there.add(other)
            other = there.next()
    return only_here, only_there


def _for_reading(path: Path) -> sqlite3.Connection:
    """Open a backup, which may be on a read-only disk, or another SQLite file, which may be in use."""
    if any(beside(path, suffix).exists() for suffix in LOGS):
        return connect(path)
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None)
