"""The kinds of database errors, common to all engines, and their remedies."""

from __future__ import annotations

import enum


class ErrorKind(enum.Enum):
    """Kinds of errors that engines report."""

    BUSY = enum.auto()
    """Another writer holds the lock for too long."""
    DENIED = enum.auto()
    """The database user lacks a privilege."""
    TAKEN = enum.auto()
    """A row with this id exists already."""
    CONFLICT = enum.auto()
    """The server aborted the transaction because of another one."""
    SERVER = enum.auto()
    """Any other error of the server."""
    UNREACHABLE = enum.auto()
    """No connection could be made, or it was lost."""

    FULL = enum.auto()
    """The disk is full."""
    READ_ONLY = enum.auto()
    """The process may read the file, but not write to it or to the files beside it."""
    NOT_OPENED = enum.auto()
    """The process may not open the file, or the folder does not exist."""
    NO_DATABASE = enum.auto()
    """The file is not a database."""
    DAMAGED = enum.auto()
    """The database file is damaged."""
    STATEMENT = enum.auto()
    """The statement does not fit the tables."""
    FILE = enum.auto()
    """Any other error with the file."""


RESTORE = "`autoconfig mapping restore` puts a backup in its place (docs/operating.md, When the database is damaged)"
"""The remedy for a SQLite file that is damaged."""

REMEDIES = {
    ErrorKind.BUSY: "another command is writing to it; try again when it has finished",
    ErrorKind.TAKEN: "another program writes to it without taking the writer lock",
    ErrorKind.CONFLICT: "try again",
    ErrorKind.SERVER: "the server's log may say more",
    ErrorKind.FULL: "make room on its disk",
    ErrorKind.READ_ONLY: "this user may not write to it: is it writable for this user, and is its folder?",
    ErrorKind.NOT_OPENED: (
        "this user may not read and write it, or there is no such folder: is it readable and writable for this user, "
        "and is its folder writable?"
    ),
    ErrorKind.STATEMENT: "its tables are not those that this program creates",
    ErrorKind.FILE: "does the disk work, is there room, and is its folder writable for this user?",
}
"""Remedies. For the other kinds the caller knows the remedy."""
