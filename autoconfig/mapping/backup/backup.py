"""Make backups: complete and verified SQLite mapping files, whatever the engine of the database."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

from autoconfig.errors import DatabaseForeign, InputInvalid, MappingUnavailable, Refused
from autoconfig.files import replacing
from autoconfig.mapping import copy_marker
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.digest import Digest
from autoconfig.mapping.progress import counted, silent
from autoconfig.mapping.schema_version import APPLICATION_ID
from autoconfig.mapping.sqlite_file import LOGS, PAGES, belongs_to, beside, connect
from autoconfig.mapping.store import Journal
from autoconfig.mapping.store_database import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.mapping.progress import OnProgress


def backup(url: str, target: Path, *, force: bool = False, on_progress: OnProgress = silent) -> Digest:
    """
    Write all current rows of the database into `target`. The file appears only when it is complete and verified.

    Raises:
        Refused: the file exists, and `force` is not given or the file is the mapping itself.
        InputInvalid: the file cannot be written.
        MappingUnavailable, ConfigurationInvalid: as `Journal`.
    """
    location = DatabaseLocation.parse(url)
    if location.kind is Kind.SQLITE and belongs_to(target, location.path):
        raise Refused(f"{target}: is the mapping itself, or one of its files; nothing was changed: name another file")
    _refuse_taken(target, force=force)
    with contextlib.closing(Journal(url)) as journal, _appearing(target, force=force) as file:
        if location.kind is Kind.SQLITE:
            copy_pages(connect(location.path), file, on_progress)
        else:
            upgrade(f"sqlite:///{file}", create=True)
            with (
                contextlib.closing(Journal(f"sqlite:///{file}")) as copy,
                journal.reading() as reading,
                copy.writing() as writing,
            ):
                writing.replace_all(reading.generation())
                writing.copy(counted(reading.since(0), on_progress, "copying", reading.count()))
        try:
            digest = _finished(file, on_progress)
        except DatabaseForeign as error:  # the file is a copy of the pages, so it has the same fault
            raise DatabaseForeign(str(error).replace(str(file), journal.shown)) from error
        with journal.reading() as reading:
            found = Digest.of(counted(reading.since(0, digest.last_id), on_progress, "comparing", digest.rows))
        if found != digest:
            raise MappingUnavailable(
                f"{target}: would differ from {journal.shown}, perhaps because its rows were just replaced; "
                "nothing was written: try again"
            )
    return digest


def _refuse_taken(target: Path, *, force: bool) -> None:
    if os.path.lexists(target) and not force:
        raise Refused(f"{target}: exists already; nothing was changed: name another file, or use --force")


@contextlib.contextmanager
def _appearing(target: Path, *, force: bool) -> Iterator[Path]:
    """A temporary file beside `target`, which is renamed at the end."""
    try:
        with replacing(target) as file:
            try:
                yield file
            finally:
                for suffix in LOGS:
                    beside(file, suffix).unlink(missing_ok=True)
            _refuse_taken(target, force=force)
    except sqlite3.Error as error:
        raise InputInvalid(f"{target}: cannot be written: {error}; is there room?") from error
    except OSError as error:
        raise InputInvalid(f"{target}: cannot be written: {error.strerror}") from error


def copy_pages(source: sqlite3.Connection, target: Path, on_progress: OnProgress) -> None:
    """Copy one snapshot of a SQLite database, also while it is being written to; closes `source`."""
    with contextlib.closing(source) as reading, contextlib.closing(connect(target)) as writing:
        # Without an open transaction, SQLite starts the copy again after each change by another process.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()

        def progress(_status: int, remaining: int, total: int) -> None:
            on_progress("copying pages", total - remaining, total)

        reading.backup(writing, pages=PAGES, progress=progress)
        # A single file without a log, readable on a read-only disk too.
        writing.execute("PRAGMA journal_mode = DELETE")


def _finished(file: Path, on_progress: OnProgress) -> Digest:
    """Remove the mark of a local copy from the backup, check it, and return its digest."""
    with contextlib.closing(connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"DROP TABLE IF EXISTS {copy_marker.TABLE}")
    check_is_mapping(file)
    with contextlib.closing(Journal(f"sqlite:///{file}")) as journal, journal.reading() as reading:
        return Digest.of(counted(reading.since(0), on_progress, "reading back", reading.count()))


def check_is_mapping(file: Path) -> None:
    """
    Check that a file is an undamaged mapping.

    Raises:
        DatabaseForeign: it is not.
        sqlite3.Error: the file is not a database.
    """
    with contextlib.closing(connect(file)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (state,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if application != APPLICATION_ID or state != "ok":
        raise DatabaseForeign(f"{file}: {state if application == APPLICATION_ID else 'is not a mapping database'}")
