"""The rows of one name, and which of them is in effect at a given time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

from autoconfig.mail.params import with_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from autoconfig.mail.domain import Domain


class Row(NamedTuple):
    """The columns of a row that requests need."""

    id: int
    """Increases in commit order over the whole table."""
    valid_from: int
    """Unix seconds, UTC; 0 for a row that took effect when it was written (`clocks`)."""
    plan: str | None
    """`None`: the name is not served from then on."""
    params: str
    """Canonical JSON (`mail.params`)."""


def plan_of(row: Row | None) -> str | None:
    """Plan and params of a row, if there is one with a plan, as `Finder.settled` returns them."""
    return None if row is None or row.plan is None else with_plan(row.plan, row.params)


class Dated(Protocol):
    """Anything with a place in a timeline."""

    @property
    def id(self) -> int:
        """Decides between rows with the same `valid_from`."""
        ...

    @property
    def valid_from(self) -> int:
        """Unix seconds, UTC."""
        ...


AnyRow = TypeVar("AnyRow", bound=Dated)


class Timeline(Generic[AnyRow]):
    """The rows of one name. The row in effect has the latest `valid_from` that is not later, then the highest id."""

    __slots__ = ("_rows",)

    def __init__(self, rows: Sequence[AnyRow]) -> None:
        """`rows` must be sorted by (valid_from, id)."""
        self._rows = rows

    @classmethod
    def of(cls, rows: Iterable[AnyRow]) -> Timeline[AnyRow]:
        """A timeline of rows in any order."""
        return cls(sorted(rows, key=lambda row: (row.valid_from, row.id)))

    def at(self, time: float) -> AnyRow | None:
        """The row in effect at `time` (Unix seconds); `None` before the first."""
        rows = self._rows
        if rows and rows[-1].valid_from <= time:  # nothing is scheduled: the case of nearly every name
            return rows[-1]
        return next((row for row in reversed(rows) if row.valid_from <= time), None)

    def next_after(self, time: float) -> AnyRow | None:
        """The row that takes effect next after `time`."""
        if not self._rows or self._rows[-1].valid_from <= time:
            return None
        following = [row for row in self._rows if row.valid_from > time]
        first = following[0].valid_from
        return [row for row in following if row.valid_from == first][-1]

    def settled(self, time: float) -> AnyRow | None:
        """The row in effect at `time`, if no other one is scheduled."""
        rows = self._rows
        return rows[-1] if rows and rows[-1].valid_from <= time else None

    @property
    def rows(self) -> Sequence[AnyRow]:
        """All rows, the oldest first."""
        return self._rows


NOTHING: Timeline[Any] = Timeline(())
"""The timeline of a name that has no row."""


class Finder(Protocol):
    """Where requests find the rows of a name. Each implementation passes tests/mapping/test_finder_contract.py."""

    async def find(self, name: Domain) -> Timeline[Row]:
        """
        Find the row of `name` that is in effect now and all later ones; earlier ones may be included.

        Raises:
            MappingUnavailable: the rows are not known and cannot be asked for.
        """
        ...

    def settled(self, name: str, now: float) -> str | None:
        """
        Plan and params of the row of `name` that is in effect at `now` (Unix seconds), if it has a plan, no other row
        is scheduled, and it is known without waiting. `None`: `find` tells.

        They are one text (`mail.params.with_plan`): one column to read, and the key under which the bound plan is
        kept (`Plans.share`).

        Raises:
            MappingUnavailable: as `find`.
        """
        ...

    async def in_use(self, plans: frozenset[str]) -> frozenset[str]:
        """
        Find which of `plans` a current or scheduled row uses.

        Raises:
            MappingUnavailable: the database cannot be asked.
        """
        ...

    async def start(self) -> None:
        """
        Check that the database can be used. Called once before the first lookup.

        Raises:
            MappingUnavailable: the database is out of reach, missing or locked.
            ConfigurationInvalid: it is not a mapping, or its schema is of another release.
        """
        ...

    async def watch(self) -> None:
        """
        Notice that the database was replaced or is available again. Called once a second.

        Raises:
            MappingUnavailable: the database cannot be asked now; known rows are still served.
        """
        ...

    def stale(self) -> str | None:
        """Why answers may be out of date; `None`: they are not. Never suspends."""
        ...

    def gauges(self) -> Mapping[str, float]:
        """Values for readyz and metrics, by name (`cache_known_names`, `copy_age_seconds`, …). Never suspends."""
        ...

    async def close(self) -> None:
        """Release connections and files."""
        ...
