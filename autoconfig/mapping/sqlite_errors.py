"""Tells SQLite's errors apart, by their numbers: https://www.sqlite.org/rescode.html."""

from __future__ import annotations

import sqlite3

from autoconfig.mapping.trouble import REMEDIES, Trouble

UNUSABLE = frozenset({Trouble.NO_DATABASE, Trouble.DAMAGED})
"""The file itself is at fault, and no other try helps."""

_TROUBLES = {
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_CONSTRAINT: Trouble.TAKEN,
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_PERM: Trouble.NOT_OPENED,
    sqlite3.SQLITE_CANTOPEN: Trouble.NOT_OPENED,
    sqlite3.SQLITE_NOTADB: Trouble.NO_DATABASE,
    sqlite3.SQLITE_CORRUPT: Trouble.DAMAGED,
    sqlite3.SQLITE_ERROR: Trouble.STATEMENT,
    sqlite3.SQLITE_AUTH: Trouble.STATEMENT,
}


def trouble_of(error: BaseException | None) -> Trouble:
    """The kind of an error. What the driver finds wrong by itself has no number: it is about a statement."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    return _TROUBLES.get(code & 0xFF, Trouble.FILE)  # extended codes have more in the high bytes


def said(error: sqlite3.Error) -> str:
    """What SQLite says, and what helps; of a file that is `UNUSABLE`, who knows where it is from says that."""
    remedy = REMEDIES.get(trouble_of(error))
    return f"{error}; {remedy}" if remedy else str(error)
