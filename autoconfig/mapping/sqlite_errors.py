"""Classify SQLite errors by their result codes: https://www.sqlite.org/rescode.html."""

from __future__ import annotations

import sqlite3

from autoconfig.mapping.database_errors import REMEDIES, ErrorKind

UNUSABLE = frozenset({ErrorKind.NO_DATABASE, ErrorKind.DAMAGED})
"""The file itself is unusable; retrying does not help."""

_KINDS = {
    sqlite3.SQLITE_BUSY: ErrorKind.BUSY,
    sqlite3.SQLITE_LOCKED: ErrorKind.BUSY,
    sqlite3.SQLITE_CONSTRAINT: ErrorKind.TAKEN,
    sqlite3.SQLITE_FULL: ErrorKind.FULL,
    sqlite3.SQLITE_READONLY: ErrorKind.READ_ONLY,
    sqlite3.SQLITE_PERM: ErrorKind.NOT_OPENED,
    sqlite3.SQLITE_CANTOPEN: ErrorKind.NOT_OPENED,
    sqlite3.SQLITE_NOTADB: ErrorKind.NO_DATABASE,
    sqlite3.SQLITE_CORRUPT: ErrorKind.DAMAGED,
    sqlite3.SQLITE_ERROR: ErrorKind.STATEMENT,
    sqlite3.SQLITE_AUTH: ErrorKind.STATEMENT,
}


def error_kind_of(error: BaseException | None) -> ErrorKind:
    """The kind of an error. Errors that the driver itself raises have no code; they concern the statement."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return _KINDS.get(code & 0xFF, ErrorKind.FILE)  # extended codes have more in the high bytes


def message_of(error: sqlite3.Error) -> str:
    """SQLite's message and a remedy. For `UNUSABLE` files the caller knows the remedy and adds it."""
    remedy = REMEDIES.get(error_kind_of(error))
    return f"{error}; {remedy}" if remedy else str(error)
