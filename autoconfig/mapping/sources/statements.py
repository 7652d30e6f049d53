"""What a session asks, for engines that have SQL, and how the answers are read; each statement sees one snapshot."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from autoconfig.errors import MappingUnavailable, SchemaTooOld
from autoconfig.mapping.database import NO_SCHEMA, check_revision
from autoconfig.mapping.sources.source import Changes, Found, Position, State
from autoconfig.mapping.timeline import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# An answer says in the same snapshot how far it goes, in a row of its own. Not by a join with a derived table: MariaDB
# would write a temporary table to the disk for it, because of the TEXT column, at each question.
_STANDS = "generation, (SELECT coalesce(max(id), 0) FROM mapping), {standby}"
_STATE = f"SELECT {_STANDS}, needs, (SELECT version_num FROM alembic_version) FROM mapping_state"  # noqa: S608
_ROWS_OF = f"""
(SELECT {_STANDS}, NULL, NULL, NULL, NULL FROM mapping_state)
UNION ALL
(SELECT NULL, NULL, NULL, id, valid_from, plan, params FROM mapping WHERE name = %(name)s
  AND valid_from >= coalesce(
    (SELECT max(valid_from) FROM mapping WHERE name = %(name)s AND valid_from <= %(moment)s), 0))
"""  # noqa: S608 (nothing of a request is put in: names are parameters)
_ROWS_AFTER = f"""
(SELECT {_STANDS}, NULL, NULL, NULL, NULL, NULL FROM mapping_state)
UNION ALL
(SELECT NULL, NULL, NULL, id, valid_from, plan, params, name FROM mapping WHERE id > %(id)s ORDER BY id LIMIT %(limit)s)
"""  # noqa: S608
_IN_USE = """
SELECT DISTINCT plan FROM mapping AS used
WHERE plan IN ({among}) AND NOT EXISTS (
  SELECT 1 FROM mapping AS newer
  WHERE newer.name = used.name
    AND (newer.valid_from, newer.id) > (used.valid_from, used.id)
    AND newer.valid_from <= greatest(used.valid_from, %(now)s)
)
"""
_REVISION = "SELECT version_num FROM alembic_version"


class SQLSession(ABC):
    """A `Session` in SQL; an engine gives the few words that differ, and the way to its server."""

    TABLES: ClassVar[str]
    """Asks for the names of our tables that are there."""
    STANDBY: ClassVar[str]
    """An expression: whether the server follows another one."""

    where: str
    """The server, as errors show it."""

    @abstractmethod
    async def _ask(self, statement: str, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """The rows of one statement. Raises: MappingUnavailable."""

    @abstractmethod
    def close(self) -> None:
        """See `Session`."""

    async def state(self) -> State:
        """See `Session`."""
        tables = {name for (name,) in await self._ask(self.TABLES)}
        if not tables:
            raise SchemaTooOld(f"{self.where}: {NO_SCHEMA}")
        if not {"alembic_version", "mapping"} <= tables:
            check_revision(None, self.where)
        if "mapping_state" not in tables:
            revision = await self._ask(_REVISION)
            check_revision(revision[0][0] if revision else None, self.where)
        found = await self._ask(_STATE.format(standby=self.STANDBY))
        if not found:
            check_revision(None, self.where)
        *_, needs, revision = found[0]
        check_revision(revision, self.where, needs)
        return self._stands(found)

    async def rows_of(self, name: str, moment: int) -> Found:
        """See `Session`."""
        rows = await self._ask(self._rows_of, {"name": name, "moment": moment})
        found = [Row._make(row[3:]) for row in rows if row[3] is not None]
        return Found(self._stands(rows), sorted(found, key=lambda row: (row.valid_from, row.id)))

    async def rows_after(self, identity: int, limit: int) -> Changes:
        """See `Session`."""
        rows = await self._ask(self._rows_after, {"id": identity, "limit": limit})
        changes = [(row[7], Row._make(row[3:7])) for row in rows if row[3] is not None]
        return Changes(self._stands(rows), sorted(changes, key=lambda change: change[1].id))

    async def in_use(self, plans: frozenset[str], now: int) -> frozenset[str]:
        """See `Session`."""
        values = {f"plan{number}": plan for number, plan in enumerate(sorted(plans))}
        among = ", ".join(f"%({name})s" for name in values)
        rows = await self._ask(_IN_USE.format(among=among), {**values, "now": now})
        return frozenset(plan for (plan,) in rows)

    def __init_subclass__(cls) -> None:
        """Put the engine's words into the statements that requests wait for."""
        cls._rows_of = _ROWS_OF.format(standby=cls.STANDBY)
        cls._rows_after = _ROWS_AFTER.format(standby=cls.STANDBY)

    _rows_of: ClassVar[str]
    _rows_after: ClassVar[str]

    def _stands(self, rows: Sequence[Any]) -> State:
        stands = next((row for row in rows if row[0] is not None), None)
        if stands is None:
            raise MappingUnavailable(f"{self.where}: mapping_state is empty; was the database changed by hand?")
        generation, last_id, standby = stands[:3]
        return State(Position(generation, last_id), bool(standby))
