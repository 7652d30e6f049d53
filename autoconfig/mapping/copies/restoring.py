"""Puts the rows of a backup into the place of those that a database has, under whoever reads it."""

from __future__ import annotations

import contextlib
import secrets
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
from autoconfig.mapping.copies.backup import backup, copy_pages, see_that_it_is_ours
from autoconfig.mapping.copies.copying import counting
from autoconfig.mapping.copies.digest import Digest
from autoconfig.mapping.copies.sqlite_file import LOGS, beside, connect, remove
from autoconfig.mapping.engine import upgrade
from autoconfig.mapping.journal import Journal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from autoconfig.mapping.copies.copying import Told
    from autoconfig.mapping.schema import Record

_OFTEN = 1000  # rows after which one is told


class Effect(NamedTuple):
    """What a restore would do to the mapping."""

    generation: str
    """Of the mapping now."""
    last_id: int
    """Of the mapping now, as of the time when it was compared."""
    rows: int
    written_at: int | None
    """When its newest row was written, in Unix seconds."""
    restored_last_id: int
    restored_rows: int
    restored_written_at: int | None
    lost: int
    """Rows of the mapping that the backup does not have."""
    lost_since: int | None
    """When the oldest of them was written."""
    added: int
    """Rows of the backup that the mapping does not have."""


@contextlib.contextmanager
def opened(file: Path, told: Told = lambda _what, _done, _of: None) -> Iterator[Journal]:
    """
    The rows of a backup, found whole. What is opened is a copy, of the schema of this release; the file stays as it is.

    Raises:
        InputInvalid: it cannot be read.
        ConfigurationInvalid: it is damaged, no backup, or of a newer release.
    """
    if not file.is_file():
        raise InputInvalid(f"{file}: there is no such file")
    with tempfile.TemporaryDirectory(prefix="autoconfig-restore-") as folder:
        copy = Path(folder) / "mapping.db"
        copy.touch(0o600)
        try:
            copy_pages(_for_reading(file), copy, told)
            see_that_it_is_ours(copy)
            upgrade(f"sqlite:///{copy}")
            journal = Journal(f"sqlite:///{copy}")
        except sqlite3.OperationalError as error:
            raise InputInvalid(f"{file}: cannot be read: {error}; is there room in {folder}?") from error
        except SchemaTooNew as error:
            raise SchemaTooNew(f"{file}: was made by a newer release than this one; install that one first") from error
        except (sqlite3.Error, ConfigurationInvalid) as error:
            raise DatabaseForeign(f"{file}: is no backup of this program's, or damaged; take another one") from error
        with contextlib.closing(journal):
            yield journal


def compare(journal: Journal, restored: Journal, told: Told = lambda _what, _done, _of: None) -> Effect:
    """What the mapping would lose and gain if it became the restored one."""
    with journal.reading() as now, restored.reading() as then:
        advance = counting(told, "comparing", now.count())
        here, there = _Seen(now.since(0), advance), _Seen(then.since(0))
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
    told: Told = lambda _what, _done, _of: None,
) -> None:
    """
    Let the mapping have the restored rows and no others, in one transaction, under those who read it.

    `before` becomes a backup of what it had. The new history has a generation of its own, by which servers, caches and
    replicas notice it.

    Raises:
        Refused: somebody wrote to the mapping after it was compared, or it is a replica; nothing was changed.
        MappingUnavailable: it cannot be written now, or not by this user; nothing was changed.
    """
    with journal.writing() as writing, restored.reading() as rows:
        if (writing.generation(), writing.last_id()) != (found.generation, found.last_id):
            raise Refused(f"{journal.shown}: was written to meanwhile; nothing was changed: look at it once more")
        writing.may_replace_all()  # before a whole backup is made for nothing
        # Nobody else can write now; but what is read may be a standby.
        if before is not None and backup(url, before, told=told).last_id != found.last_id:
            before.unlink()
            raise MappingUnavailable(
                f"{journal.shown}: a standby that is behind was read; nothing was changed, try again"
            )
        writing.replace_all(secrets.token_hex(16))
        expected = Digest()
        writing.copy(expected.passing(rows.since(0)), counting(told, "restoring", found.restored_rows))
        if Digest.of(writing.since(0), counting(told, "comparing", found.restored_rows)) != expected:
            raise MappingUnavailable(f"{journal.shown}: does not give back what it was given; nothing was changed")
    journal.settle()


def make(path: Path, restored: Journal) -> None:
    """
    Make a SQLite mapping with the restored rows where none is, whole or not at all.

    Raises:
        InputInvalid: it cannot be written there.
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
        for suffix in LOGS:  # of the one that is gone
            beside(path, suffix).unlink(missing_ok=True)
        fresh.rename(path)
        synchronize(path.parent)
    except OSError as error:
        raise InputInvalid(f"{path}: cannot be written: {error.strerror}") from error


class _Seen:
    """Rows in order of their ids, and what was seen of them."""

    def __init__(self, records: Iterable[Record], advance: Callable[[int], None] = lambda _rows: None) -> None:
        self._records, self._advance = iter(records), advance
        self.rows = self.last_id = 0
        self.written_at: int | None = None

    def next(self) -> Record | None:
        """The next one."""
        record = next(self._records, None)
        if record is not None:
            self.rows, self.last_id, self.written_at = self.rows + 1, record.id, record.recorded_at
            if self.rows % _OFTEN == 0:
                self._advance(_OFTEN)
        return record


class _Only:
    """Rows that only one of two histories has."""

    def __init__(self) -> None:
        self.rows = 0
        self.oldest: int | None = None

    def add(self, record: Record) -> None:
        self.rows += 1
        self.oldest = record.recorded_at if self.oldest is None else min(self.oldest, record.recorded_at)


def _compared(here: _Seen, there: _Seen) -> tuple[_Only, _Only]:
    """The rows that are only here, and those that are only there."""
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
    """A backup, which is perhaps where nothing can be written; or, as any other file may be, in use."""
    if any(beside(path, suffix).exists() for suffix in LOGS):
        return connect(path)
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None)
