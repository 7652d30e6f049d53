"""Check every value of a SQLite file from outside before it is restored."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from autoconfig.errors import DatabaseForeign, DomainInvalid, InputInvalid
from autoconfig.mail.address import carriable
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import decode, encode, is_note
from autoconfig.mail.plan import MAX_KEY
from autoconfig.mapping.record import COLUMNS, LAST_ID, Record, wrong_type
from autoconfig.mapping.sqlite_file import connect
from autoconfig.mapping.times import LATEST

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

LONGEST_AUTHOR = 255
"""The maximum length of `changed_by` (`mapping.schema`)."""


def check_only_tables(file: Path) -> None:
    """
    Check that a SQLite file has no code in it: a view or generated column may never end, a trigger can write.

    Raises:
        DatabaseForeign: the file has more than tables and their indexes.
        sqlite3.Error: the file is not a database.
    """
    with contextlib.closing(connect(file)) as connection:
        for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_schema"):
            if kind not in {"table", "index"} or (sql or "").upper().startswith("CREATE VIRTUAL"):
                raise DatabaseForeign(f"{file}: {name} is a {kind} of another program")
            if kind == "table" and _computed(connection, name):
                raise DatabaseForeign(f"{file}: a column of {name} is computed")


def check_rows(file: Path) -> None:
    """
    Check type, range and encoding of every value in a SQLite mapping of this schema.

    Raises:
        DatabaseForeign: a row has a value that no command would write; the message names the row.
        sqlite3.Error: the file cannot be read.
    """
    with contextlib.closing(connect(file)) as connection:
        # Invalid UTF-8 becomes lone surrogates, which no value may have.
        connection.text_factory = lambda octets: octets.decode("utf-8", "surrogateescape")
        before = 0
        for number, values in enumerate(connection.execute(f"SELECT {COLUMNS} FROM mapping ORDER BY id"), 1):  # noqa: S608
            record = Record(*values)
            problem = _problem(record)
            if problem is None and record.id <= before:
                problem = f"id: {before} occurs twice"
            if problem:
                raise DatabaseForeign(f"{file}: row {number} in the order of ids: {problem}")
            before = record.id


def _computed(connection: sqlite3.Connection, table: str) -> bool:
    columns = connection.execute("SELECT hidden FROM pragma_table_xinfo(?)", (table,))
    return any(hidden for (hidden,) in columns)


def _problem(record: Record) -> str | None:
    """The first problem of a row, with its column."""
    return (
        wrong_type(record)
        or _out_of_range("id", record.id, 1, LAST_ID)
        or _out_of_range("valid_from", record.valid_from, 0, LATEST)
        or _out_of_range("recorded_at", record.recorded_at, 0, LATEST)
        or _wrong_text(record)
    )


def _out_of_range(column: str, value: int, least: int, most: int) -> str | None:
    return None if least <= value <= most else f"{column}: {value} is not between {least} and {most}"


def _wrong_text(record: Record) -> str | None:
    try:
        if Domain.parse(record.name).name != record.name:
            return "name: is not in lower-case A-labels"
    except DomainInvalid as error:
        return f"name: {error}"
    if record.plan is not None and not (0 < len(record.plan) <= MAX_KEY and carriable(record.plan)):
        return f"plan: {record.plan[:80]!r} cannot be the key of a plan"
    if record.note is not None and not is_note(record.note):
        return "note: has control characters, or is not UTF-8"
    if len(record.changed_by) > LONGEST_AUTHOR or not carriable(record.changed_by):
        return f"changed_by: is longer than {LONGEST_AUTHOR} characters, has control characters, or is not UTF-8"
    return _wrong_params(record.params)


def _wrong_params(text: str) -> str | None:
    try:
        params = decode(text)
    except InputInvalid as error:
        return f"params: {error}"
    if not all(map(carriable, (*params, *params.values()))):
        return "params: a value has control characters, or is not UTF-8"
    return None if encode(params) == text else "params: are not spelled as commands write them"
