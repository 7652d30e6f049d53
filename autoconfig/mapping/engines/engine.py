"""What commands do to a mapping on any engine. What is not said otherwise holds for a database on a server."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy.exc import DBAPIError

from autoconfig.errors import DatabaseForeign, MappingUnavailable
from autoconfig.mapping.trouble import REMEDIES, Trouble

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import sqlalchemy
    from sqlalchemy import Connection

    from autoconfig.errors import AutoconfigError
    from autoconfig.mapping.place import Place
    from autoconfig.mapping.schema import Record


class Engine(abc.ABC):
    """One engine."""

    errors: ClassVar[tuple[type[Exception], ...]]
    """What the driver raises, wrapped by SQLAlchemy or not."""

    made_by_upgrade: ClassVar[bool] = True
    """Whether `db upgrade` makes the tables in an empty database; else only `init` does."""

    transactional_ddl: ClassVar[bool] = True
    """Whether a migration that is interrupted leaves nothing behind."""

    whom: ClassVar[str] = "user"
    """What the engine calls who logs in."""

    def check(self, place: Place) -> None:
        """
        See what can be seen without opening it.

        Raises:
            MappingUnavailable: there is no such database.
        """

    def create(self, place: Place) -> None:
        """Where a database is a file, make one that has nothing yet, unless it is there."""

    @abc.abstractmethod
    def connect(self, place: Place, *, writing: bool) -> sqlalchemy.Engine:
        """
        Connections to it: to its primary; to read, where that cannot be reached, to a standby.

        The URL may say otherwise, where its engine has a word for that.
        """

    @abc.abstractmethod
    def is_standby(self, connection: Connection) -> bool:
        """Whether the server follows another one, so that it may not have yet what that one has."""

    def autocommit(self, engine: sqlalchemy.Engine) -> AbstractContextManager[Connection]:
        """Each statement for itself."""
        return engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    @abc.abstractmethod
    def reading(self, engine: sqlalchemy.Engine) -> AbstractContextManager[Connection]:
        """One consistent view, over several statements. Waits for nobody."""

    @abc.abstractmethod
    def writing(self, engine: sqlalchemy.Engine) -> AbstractContextManager[Connection]:
        """A transaction of the one writer: the next one sees all of it, or the error before it ended."""

    def is_foreign(self, connection: Connection) -> bool:  # noqa: ARG002 (a server's database may be shared)
        """Whether it belongs to another program as a whole."""
        return False

    def unfit(self, connection: Connection) -> str | None:  # noqa: ARG002 (tables may say for themselves)
        """Why no tables can be made in it that hold every text, and what helps; `None`: they can."""
        return None

    def mark(self, connection: Connection) -> None:
        """Say that it is ours, where the tables are not mark enough."""

    @abc.abstractmethod
    def append(self, connection: Connection, records: list[Record]) -> None:
        """Write rows, as fast as the engine can."""

    def prepare(self, engine: sqlalchemy.Engine) -> None:
        """After the tables were made or changed."""

    def settle(self, engine: sqlalchemy.Engine) -> None:
        """After much was written: let readers find it fast."""

    def explain(self, place: Place, error: Exception) -> AutoconfigError:
        """One of `errors` as a sentence with the place and the remedy."""
        trouble, reason = self.told((error.orig if isinstance(error, DBAPIError) else None) or error)
        if trouble is Trouble.UNREACHABLE:
            return place.unreachable(reason)
        if trouble in {Trouble.NO_DATABASE, Trouble.DAMAGED}:
            return DatabaseForeign(f"{place.shown}: {reason}; check the setting {place.setting}")
        if trouble is Trouble.BUSY:
            return MappingUnavailable(f"{place.shown}: {REMEDIES[trouble]}")
        remedy = self._grant(error) if trouble is Trouble.DENIED else REMEDIES[trouble]
        return MappingUnavailable(f"{place.shown}: {reason}; {remedy}")

    @abc.abstractmethod
    def told(self, error: BaseException) -> tuple[Trouble, str]:
        """The kind of an error of the driver's, and what it says on one line."""

    def _grant(self, error: Exception) -> str:
        statement = getattr(error, "statement", None) or ""
        if statement.lstrip().upper().startswith(("DELETE", "UPDATE")):
            return (
                f"only the owner can replace all rows: run this as the owner's {self.whom}, as docs/operating.md shows"
            )
        return f"grant it to this {self.whom}, as docs/operating.md shows"


def on_one_line(error: BaseException) -> str:
    """What a driver says."""
    return " ".join(str(error).split())
