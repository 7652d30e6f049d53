"""Backups: SQLite mapping files, whole and verified, whatever the engine of the database is."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

from autoconfig.errors import DatabaseForeign, InputInvalid, MappingUnavailable, Refused
from autoconfig.files import replacing
from autoconfig.mapping import mark
from autoconfig.mapping.copies.copying import counting
from autoconfig.mapping.copies.digest import Digest
from autoconfig.mapping.copies.sqlite_file import LOGS, PAGES, belongs_to, beside, connect
from autoconfig.mapping.database import APPLICATION_ID
from autoconfig.mapping.engine import upgrade
from autoconfig.mapping.journal import Journal
from autoconfig.mapping.place import Kind, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.mapping.copies.copying import Told


def backup(url: str, target: Path, *, force: bool = False, told: Told = lambda _what, _done, _of: None) -> Digest:
    """
    Write all rows that the database has now into `target`, which appears when it is whole and found equal.

    Raises:
        Refused: there is such a file already, and it may not be replaced (`force`), or never: it is the mapping.
        InputInvalid: it cannot be written there.
        MappingUnavailable, ConfigurationInvalid: see `Journal`.
    """
    place = Place.parse(url)
    if place.kind is Kind.SQLITE and belongs_to(target, place.path):
        raise Refused(f"{target}: is the mapping itself, or a file of it; nothing was changed: name another file")
    _refuse_taken(target, force=force)
    with contextlib.closing(Journal(url)) as journal, _appearing(target, force=force) as file:
        if place.kind is Kind.SQLITE:
            copy_pages(connect(place.path), file, told)
        else:
            upgrade(f"sqlite:///{file}", create=True)
            with (
                contextlib.closing(Journal(f"sqlite:///{file}")) as copy,
                journal.reading() as reading,
                copy.writing() as writing,
            ):
                writing.replace_all(reading.generation())
                writing.copy(reading.since(0), counting(told, "copying", reading.count()))
        digest = _finished(file, told)
        with journal.reading() as reading:
            found = Digest.of(reading.since(0, digest.last_id), counting(told, "comparing", digest.rows))
        if found != digest:
            raise MappingUnavailable(
                f"{target}: would not have the rows of {journal.shown}, perhaps because these were just replaced; "
                "nothing was written: try again"
            )
    return digest


def _refuse_taken(target: Path, *, force: bool) -> None:
    if os.path.lexists(target) and not force:
        raise Refused(f"{target}: is there already; nothing was changed: name another file, or say --force")


@contextlib.contextmanager
def _appearing(target: Path, *, force: bool) -> Iterator[Path]:
    """A database to be written beside, which takes its name at the end."""
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


def copy_pages(source: sqlite3.Connection, target: Path, told: Told) -> None:
    """Copy one state of a SQLite database, whatever is written to it meanwhile; `source` is closed."""
    with contextlib.closing(source) as reading, contextlib.closing(connect(target)) as writing:
        # Without a transaction of ours each change of another one would begin the copy anew.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_schema").fetchone()

        def progress(_status: int, remaining: int, total: int) -> None:
            told("copying pages", total - remaining, total)

        reading.backup(writing, pages=PAGES, progress=progress)
        # One file: no log beside it, and readable where nothing can be written.
        writing.execute("PRAGMA journal_mode = DELETE")


def _finished(file: Path, told: Told) -> Digest:
    """What a backup has, after what belongs to a replica was taken off it."""
    with contextlib.closing(connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute(f"DROP TABLE IF EXISTS {mark.TABLE}")
    see_that_it_is_ours(file)
    with contextlib.closing(Journal(f"sqlite:///{file}")) as journal, journal.reading() as reading:
        return Digest.of(reading.since(0), counting(told, "reading back", reading.count()))


def see_that_it_is_ours(file: Path) -> None:
    """
    See that a file is a mapping, and whole.

    Raises:
        DatabaseForeign: it is not.
        sqlite3.Error: it is no database at all.
    """
    with contextlib.closing(connect(file)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (state,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if application != APPLICATION_ID or state != "ok":
        raise DatabaseForeign(f"{file}: {state if application == APPLICATION_ID else 'has not our mark'}")
