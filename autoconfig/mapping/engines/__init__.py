"""
What differs between the engines when a command reads or writes: one module each, with the same functions. Only what
requests ask, the migrations and `copies`, which are SQLite files, have SQL of one engine beside these modules; whoever
else asks for the engine only wants to know whether a mapping is a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from autoconfig.mapping.place import Kind

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

    from autoconfig.errors import AutoconfigError
    from autoconfig.mapping.place import Place
    from autoconfig.mapping.schema import Record

BATCH = 5000
"""Rows handed to the database at a time."""

BUSY = "another command is writing to it; try again when it has ended"
"""What to say where the one writer does not end."""


class EngineModule(Protocol):
    """The functions of each module."""

    @property
    def ERRORS(self) -> tuple[type[Exception], ...]:  # noqa: N802 (a module's constant)
        """What the driver raises, wrapped by SQLAlchemy or not."""
        ...

    @property
    def MADE_BY_UPGRADE(self) -> bool:  # noqa: N802
        """Whether `db upgrade` makes the tables in an empty database; else only `init` does."""
        ...

    @property
    def TRANSACTIONAL_DDL(self) -> bool:  # noqa: N802
        """Whether a migration that is interrupted leaves nothing behind."""
        ...

    def check(self, place: Place) -> None:
        """
        See what can be seen without opening it.

        Raises:
            MappingUnavailable: there is no such database.
        """
        ...

    def create(self, place: Place) -> None:
        """Where a database is a file, make one that has nothing yet, unless it is there."""
        ...

    def connect(self, place: Place, *, writing: bool) -> Engine:
        """
        Connections to it: to its primary; to read, where that cannot be reached, to a standby.

        The URL may say otherwise, where its engine has a word for that.
        """
        ...

    def is_standby(self, connection: Connection) -> bool:
        """Whether the server follows another one, so that it may not have yet what that one has."""
        ...

    def autocommit(self, engine: Engine) -> AbstractContextManager[Connection]:
        """Each statement for itself."""
        ...

    def reading(self, engine: Engine) -> AbstractContextManager[Connection]:
        """One consistent view, over several statements. Waits for nobody."""
        ...

    def writing(self, engine: Engine) -> AbstractContextManager[Connection]:
        """A transaction of the one writer: the next one sees all of it, or the error before it ended."""
        ...

    def is_foreign(self, connection: Connection) -> bool:
        """Whether it belongs to another program as a whole."""
        ...

    def mark(self, connection: Connection) -> None:
        """Say that it is ours."""
        ...

    def append(self, connection: Connection, records: list[Record]) -> None:
        """Write rows, as fast as the engine can."""
        ...

    def prepare(self, engine: Engine) -> None:
        """After the tables were made or changed."""
        ...

    def settle(self, engine: Engine) -> None:
        """After much was written: let readers find it fast."""
        ...

    def explain(self, place: Place, error: Exception) -> AutoconfigError:
        """One of `ERRORS` as a sentence with the place and the remedy."""
        ...


def module_of(kind: Kind) -> EngineModule:
    """The module of an engine; its driver is imported now."""
    if kind is Kind.SQLITE:
        from autoconfig.mapping.engines import sqlite

        return sqlite
    if kind is Kind.POSTGRESQL:
        from autoconfig.mapping.engines import postgresql

        return postgresql
    from autoconfig.mapping.engines import mariadb

    return mariadb


def remedy(error: Exception, whom: str) -> str:
    """What helps who may not do something; `whom` is what the engine calls who logs in."""
    statement = getattr(error, "statement", None) or ""
    if statement.lstrip().upper().startswith(("DELETE", "UPDATE")):
        return f"only the owner can replace all rows: run this as the owner's {whom}, as docs/operating.md shows"
    return f"grant it to this {whom}, as docs/operating.md shows"


def said(error: BaseException) -> str:
    """What a driver said, on one line."""
    return " ".join(str(error).split())
