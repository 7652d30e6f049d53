"""What commands need from every engine. The defaults are those of a database on a server."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy.exc import DBAPIError

from autoconfig.errors import DatabaseForeign, MappingUnavailable
from autoconfig.mapping.database_errors import REMEDIES, RESTORE, ErrorKind

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import sqlalchemy
    from sqlalchemy import Connection

    from autoconfig.errors import AutoconfigError
    from autoconfig.mapping.database_location import DatabaseLocation
    from autoconfig.mapping.record import Record


class Engine(abc.ABC):
    """One engine."""

    errors: ClassVar[tuple[type[Exception], ...]]
    """The driver's exceptions, and SQLAlchemy's wrapper around them."""

    made_by_upgrade: ClassVar[bool] = True
    """Whether `db upgrade` creates the tables in an empty database; if not, only `init` does."""

    transactional_ddl: ClassVar[bool] = True
    """Whether an interrupted migration is rolled back."""

    account: ClassVar[str] = "user"
    """The engine's word for a database account."""

    def check(self, location: DatabaseLocation) -> None:
        """
        Check what is visible without opening the database.

        Raises:
            MappingUnavailable: there is no such database.
        """

    def create(self, location: DatabaseLocation) -> None:
        """Create an empty file, if the database is a file that does not exist."""

    @abc.abstractmethod
    def connect(self, location: DatabaseLocation, *, writing: bool) -> sqlalchemy.Engine:
        """
        Connect to the primary; for reading, to a standby if the primary is out of reach.

        Options of the URL go before this, if the engine has such options.
        """

    @abc.abstractmethod
    def is_standby(self, connection: Connection) -> bool:
        """Whether the server replicates another one, and may be behind it."""

    @abc.abstractmethod
    def clock(self, connection: Connection) -> float | None:
        """The time on the server in Unix seconds; `None` if the database is on this machine."""

    def autocommit(self, engine: sqlalchemy.Engine) -> AbstractContextManager[Connection]:
        """A connection that commits each statement."""
        return engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    @abc.abstractmethod
    def reading(self, engine: sqlalchemy.Engine) -> AbstractContextManager[Connection]:
        """A read transaction with one consistent view. Never waits for a lock."""

    @abc.abstractmethod
    def writing(self, engine: sqlalchemy.Engine) -> AbstractContextManager[Connection]:
        """A write transaction under the writer lock. Committed at the end, rolled back after an exception."""

    def is_foreign(self, connection: Connection) -> bool:  # noqa: ARG002 (a server's database may be shared)
        """Whether the whole database belongs to another program."""
        return False

    def unfit(self, connection: Connection) -> str | None:  # noqa: ARG002 (tables have an encoding of their own)
        """Why tables in this database cannot hold every text, and the remedy; `None`: they can."""
        return None

    def mark(self, connection: Connection) -> None:
        """Mark the database as a mapping, if its tables alone do not show it."""

    @abc.abstractmethod
    def append(self, connection: Connection, records: list[Record]) -> None:
        """Insert rows in the engine's fastest way."""

    def prepare(self, engine: sqlalchemy.Engine) -> None:
        """Called after the tables were created or migrated."""

    def settle(self, engine: sqlalchemy.Engine) -> None:
        """Called after many rows were written, to make reading them fast."""

    def explain(self, location: DatabaseLocation, error: Exception) -> AutoconfigError:
        """Turn one of `errors` into an error that names the place and the remedy."""
        kind, reason = self.classify((error.orig if isinstance(error, DBAPIError) else None) or error)
        if kind is ErrorKind.UNREACHABLE:
            return location.unreachable(reason)
        if kind in {ErrorKind.NO_DATABASE, ErrorKind.DAMAGED}:
            remedy = f"check the setting {location.setting}"
            remedy += f", or {RESTORE}" if kind is ErrorKind.DAMAGED else ""
            return DatabaseForeign(f"{location.shown}: {reason}; {remedy}")
        if kind is ErrorKind.BUSY:
            return MappingUnavailable(f"{location.shown}: {REMEDIES[kind]}")
        remedy = self._grant(error) if kind is ErrorKind.DENIED else REMEDIES[kind]
        return MappingUnavailable(f"{location.shown}: {reason}; {remedy}")

    @abc.abstractmethod
    def classify(self, error: BaseException) -> tuple[ErrorKind, str]:
        """The kind of a driver's error, and its message on one line."""

    def _grant(self, error: Exception) -> str:
        statement = getattr(error, "statement", None) or ""
        if statement.lstrip().upper().startswith(("DELETE", "UPDATE")):
            return "only the tables' owner can replace all rows: run this as the owner, as docs/operating.md shows"
        return f"grant it to this {self.account}, as docs/operating.md shows"


def on_one_line(error: BaseException) -> str:
    """The message of an error, without line breaks."""
    return " ".join(str(error).split())
