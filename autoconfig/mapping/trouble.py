"""What can go wrong in a database, whatever its engine, and what helps."""

from __future__ import annotations

import enum


class Trouble(enum.Enum):
    """Kinds of errors that engines report."""

    BUSY = enum.auto()
    """The one writer does not end."""
    DENIED = enum.auto()
    """Who logged in may not do it."""
    TAKEN = enum.auto()
    """The table does not take the row: there is such an id already."""
    CONFLICT = enum.auto()
    """The server ended one of two transactions."""
    SERVER = enum.auto()
    """Whatever else went wrong in the server."""
    UNREACHABLE = enum.auto()
    """No connection could be made, or it was lost."""

    FULL = enum.auto()
    """There is no room for a file."""
    READ_ONLY = enum.auto()
    """The process may read a file, and not write it or what has to be beside it."""
    NOT_OPENED = enum.auto()
    """The process may not open a file, or has no such folder."""
    NO_DATABASE = enum.auto()
    """A file is something else."""
    DAMAGED = enum.auto()
    """A file was a database."""
    STATEMENT = enum.auto()
    """The statement does not fit the tables."""
    FILE = enum.auto()
    """Whatever else went wrong with a file."""


REMEDIES = {
    Trouble.BUSY: "another command is writing to it; try again when it has ended",
    Trouble.TAKEN: "somebody writes to it without the lock of the one writer",
    Trouble.CONFLICT: "try again",
    Trouble.SERVER: "the server's log may say more",
    Trouble.FULL: "there has to be room on the disk that it is on",
    Trouble.READ_ONLY: "this user may not write it: is it writable for this user, and is its folder?",
    Trouble.NOT_OPENED: (
        "this user may not read and write it, or there is no such folder: is it readable and writable for this user, "
        "and is its folder writable?"
    ),
    Trouble.STATEMENT: "its tables are not those that this program makes",
    Trouble.FILE: "does the disk work, is there room, and is its folder writable for this user?",
}
"""What to say; of the others, who knows the place says what helps."""
