"""The rows of one name, and which of them holds when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autoconfig.mail.domain import Domain


class Row(NamedTuple):
    """What a request needs of a row."""

    id: int
    """Grows in commit order over the whole table."""
    valid_from: int
    """Unix seconds, UTC."""
    plan: str | None
    """`None`: the name is not ours from then on."""
    params: str
    """Canonical JSON (`mail.params`)."""


class Dated(Protocol):
    """Anything with a place in a timeline."""

    @property
    def id(self) -> int:
        """Decides between rows that begin together."""
        ...

    @property
    def valid_from(self) -> int:
        """Unix seconds, UTC."""
        ...


AnyRow = TypeVar("AnyRow", bound=Dated)


class Timeline(Generic[AnyRow]):
    """The rows of one name. At any time the one that began last holds; of those that began together, the newest."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Sequence[AnyRow]) -> None:
        """`rows` in order of (valid_from, id)."""
        self._rows = rows

    @classmethod
    def of(cls, rows: Iterable[AnyRow]) -> Timeline[AnyRow]:
        """A timeline of rows in any order."""
        return cls(sorted(rows, key=lambda row: (row.valid_from, row.id)))

    def at(self, time: float) -> AnyRow | None:
        """The row that holds at `time` (Unix seconds), `None` before the first."""
        rows = self._rows
        if rows and rows[-1].valid_from <= time:  # nothing is scheduled, as for nearly every name
            return rows[-1]
        return next((row for row in reversed(rows) if row.valid_from <= time), None)

    def next_after(self, time: float) -> AnyRow | None:
        """The row that will hold next after the one at `time`."""
        if not self._rows or self._rows[-1].valid_from <= time:
            return None
        following = [row for row in self._rows if row.valid_from > time]
        first = following[0].valid_from
        return [row for row in following if row.valid_from == first][-1]

    def settled(self, time: float) -> AnyRow | None:
        """The row that holds at `time`, if it holds for good: `None` also where another one is scheduled."""
        rows = self._rows
        return rows[-1] if rows and rows[-1].valid_from <= time else None

    @property
    def rows(self) -> Sequence[AnyRow]:
        """All of them, the oldest first."""
        return self._rows


NOTHING: Timeline[Any] = Timeline(())
"""The timeline of a name that has no row."""


class Finder(Protocol):
    """Where requests find the rows of a name. Each implementation passes tests/mapping/test_finder_contract.py."""

    async def find(self, name: Domain) -> Timeline[Row]:
        """
        The row of `name` that holds now, all later ones, and perhaps earlier ones.

        Raises:
            MappingUnavailable: it is not known and cannot be asked for.
        """
        ...

    def find_now(self, name: Domain) -> Timeline[Row] | None:
        """
        What `find` answers, where that can be had without waiting; `None` says that `find` has to be awaited.

        Raises:
            MappingUnavailable: as `find`.
        """
        ...

    async def in_use(self, plans: frozenset[str]) -> frozenset[str]:
        """
        Those of `plans` that a current or scheduled row uses.

        Raises:
            MappingUnavailable: the database cannot be asked.
        """
        ...

    async def start(self) -> None:
        """
        Called once before the first question: see that the database can be used.

        Raises:
            MappingUnavailable: it cannot be reached, is missing or locked.
            ConfigurationInvalid: it is not ours, or its schema is of another release.
        """
        ...

    async def watch(self) -> None:
        """
        Called once a second: notice that the database was replaced, or came back.

        Raises:
            MappingUnavailable: it cannot be asked now; what is known is served on.
        """
        ...

    def gauges(self) -> Mapping[str, float]:
        """Figures for readyz and metrics, by name (`cache_known_names`, `mapping_age_seconds`, …); never suspends."""
        ...

    async def close(self) -> None:
        """Give back what is held."""
        ...
