"""
A mapping that another program's database is asked for: a query for each name, and what it answered kept for a while.

What is kept serves for `ttl` seconds without waiting. In the last fifth of them a request has the next answer asked for
in the background, so that nobody waits for a name that is asked for often, and yet no change is seen later. After that
the request waits for the database, and the answer that is kept serves on only where there is no other one: the database
is gone, or does not answer in time. Then it serves for as long as the process lives.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from autoconfig.errors import ConfigurationInvalid, MappingUnavailable, RowInvalid, SettingsInvalid
from autoconfig.mail.domain import Domain
from autoconfig.mapping.cache import KNOWN, UNKNOWN, TimelineCache
from autoconfig.mapping.place import Place
from autoconfig.mapping.query.columns import NAME, PLAN, Columns
from autoconfig.mapping.query.database import LIMIT, ROWS, ForeignDatabase, Statement
from autoconfig.mapping.query.placeholders import Query
from autoconfig.mapping.timeline import Row, Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from autoconfig.mapping.query.database import Answer

NO_ID = 0
"""The id of a row that a query answered: the rows of another program have none that we know."""

PATIENCE = 0.5
"""Seconds that a request whose answer is kept, but old, waits for a newer one."""

RESPITE = 1.0
"""
Seconds for which nobody waits for a name again whose newer answer did not come, and for which no name is asked for in
the background after the database failed to answer for one.
"""

AHEAD = 0.8
"""Share of `ttl` after which an answer that is asked for is renewed in the background."""

MAX_FLIGHTS = 500
"""Names that are asked for at a time."""

MAX_AHEAD = 100
"""While more than so many are asked for, none is in the background: those that a request waits for come first."""

MAX_PLANS = 10_000
"""Different plans that are remembered to be in use."""

MAX_FAULTS = 1000
"""Names whose rows cannot be read, that are kept."""

# Nobody can own it (RFC 6761), so that the result has columns and no rows.
_NOBODY = Domain("nobody.invalid")


class Asking(Protocol):
    """The settings of a mapping that another program's database is asked for."""

    @property
    def query(self) -> str | None:
        """For one name; `None`: the mapping is a table of ours."""
        ...

    @property
    def query_all(self) -> str | None:
        """For all names."""
        ...

    @property
    def query_plans(self) -> Mapping[str, str] | None:
        """The plan's key for each value of the plan column."""
        ...

    @property
    def query_ttl(self) -> float:
        """Seconds for which an answer is kept."""
        ...


def open_query(url: str, asking: Asking) -> tuple[ForeignDatabase, Question]:
    """
    Another program's database, and what it is asked; nothing is connected yet.

    Raises:
        SettingsInvalid: the URL or a query cannot be read.
    """
    place = Place.parse(url)
    return ForeignDatabase(place), Question.of(place, asking.query or "", asking.query_all, asking.query_plans)


@dataclass(frozen=True, slots=True)
class Question:
    """What the operator's settings ask: for one name, and perhaps for all of them."""

    one: Query
    text: str
    """`one`, as it is sent."""
    all: str | None
    """The query whose result has all names, in a column `domain`, in their order."""
    none_of_all: str
    """The columns of its result, without a row."""
    plans_of_all: str
    """The plans that stand in it, each once."""
    plans: Mapping[str, str] | None
    """The plan's key for each value of the plan column (`Columns.plans`)."""

    @classmethod
    def of(cls, place: Place, query: str, query_all: str | None, plans: Mapping[str, str] | None) -> Question:
        """
        Read the settings.

        Raises:
            SettingsInvalid: see `Query.parse`.
        """
        one = Query.parse(query, place.kind, "query")
        listing = Query.parse(query_all, place.kind, "query_all", placeholders=False) if query_all else None
        return cls(
            one,
            _within(one, f"LIMIT {ROWS}"),
            _within(listing, f"ORDER BY {NAME}") if listing else None,
            _within(listing, "LIMIT 0") if listing else "",
            _within(listing, what=f"DISTINCT {PLAN}") if listing else "",
            plans,
        )

    async def put(self, database: ForeignDatabase, name: Domain) -> Answer:
        """
        What the database answers for one name.

        Raises:
            SettingsInvalid, MappingUnavailable: see `ForeignDatabase.answer`.
        """
        values = self.one.values(name)
        try:
            return await database.answer(Statement(self.text, values))
        except SettingsInvalid:
            # Tables in Latin-1 cannot be compared with a Japanese name: they cannot have it but in A-labels.
            in_a_labels = dict.fromkeys(values, name.name)
            if values == in_a_labels:
                raise
            return await database.answer(Statement(self.text, in_a_labels))


def _within(query: Query, tail: str = "", what: str = "*") -> str:
    """
    The query within another one, so that no more rows come than are needed and nothing that writes can stand in it; on
    lines of its own, so that a comment at its end ends there.
    """
    return f"SELECT {what} FROM (\n{query.rendered()}\n) AS answer {tail}"  # noqa: S608 (the operator's own setting)


async def check(database: ForeignDatabase, question: Question) -> Columns:
    """
    Ask for a name that nobody has: how the columns of the result are read, though there is no row.

    Raises:
        SettingsInvalid: the database refuses a query, or its columns are not those that are needed.
        MappingUnavailable: the database cannot be reached.
    """
    setting = "query"
    try:
        answer = await question.put(database, _NOBODY)
        columns = Columns.of(answer.columns, question.plans)
        if question.all is not None:
            setting = "query_all"
            answer = await database.answer(Statement(question.none_of_all, {}))
            Columns.of(answer.columns, question.plans, listing=True)
    except SettingsInvalid as error:
        raise SettingsInvalid(f"{setting}: {error}") from error
    return columns


class _Fault(NamedTuple):
    """What is wrong with the rows of a name, since when it is known."""

    moment: float
    problem: str
    column: str | None


class QueryFinder:
    """A `Finder` over a query."""

    def __init__(
        self,
        database: ForeignDatabase,
        question: Question,
        ttl: float,
        *,
        known: int = KNOWN,
        unknown: int = UNKNOWN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is asked before `start`. `ttl` and `clock` count seconds; `known`, `unknown`: see `TimelineCache`."""
        self._database, self._question, self._ttl, self._clock = database, question, ttl, clock
        self._cache = TimelineCache(known, unknown)
        self._faults: OrderedDict[str, _Fault] = OrderedDict()
        self._flights: dict[str, asyncio.Task[Timeline[Row]]] = {}
        self._columns: Columns | None = None
        self._plans_seen: set[str] = set()
        self._reached = clock()
        self._ahead_from = self._reached
        self._hits = self._misses = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The params that the query gives, by the names of its columns; known after `start`."""
        return tuple(self._columns.params) if self._columns else ()

    async def start(self) -> None:
        """
        See `Finder`: ask for a name that nobody has, and see what the columns of the result are.

        Raises:
            SettingsInvalid: the database refuses the query, or its columns are not those that it needs.
            MappingUnavailable: the database cannot be reached.
        """
        if self._database.down:  # another attempt of a process that waits for it: nothing else notices that it is back
            await self._database.look()
        self._columns = await check(self._database, self._question)

    def find_now(self, name: Domain) -> Timeline[Row] | None:
        """See `Finder`: what is kept, while it is young enough; one that soon is not is renewed meanwhile."""
        kept, moment = self._cache.get(name.name), self._cache.moment(name.name)
        if kept is None or moment is None or not 0 <= (age := self._clock() - moment) < self._ttl:
            return None
        if age >= AHEAD * self._ttl:
            self._renew(name)
        self._hits += 1
        return kept

    async def find(self, name: Domain) -> Timeline[Row]:
        """
        See `Finder`.

        Raises:
            RowInvalid: the rows of the name contradict one another, or cannot be read.
            MappingUnavailable: as `Finder`.
        """
        if (young := self.find_now(name)) is not None:
            return young
        kept = self._cache.get(name.name)
        if kept is not None and self._database.down:
            self._hits += 1
            return kept
        fault = self._faults.get(name.name)
        if fault is not None and (self._database.down or self._young(fault.moment)):
            raise RowInvalid(fault.problem, fault.column, name.name)
        self._misses += 1
        flight = self._flight(name)
        if flight is not None:
            await asyncio.wait({flight}, timeout=LIMIT if kept is None else PATIENCE)
            if flight.done() and (kept is None or not isinstance(flight.exception(), MappingUnavailable)):
                return flight.result()
        if kept is None:
            raise MappingUnavailable("the database answers too slowly, or too many names are asked for at once")
        return self._cache.put(name.name, kept.rows, self._clock() - self._ttl + min(RESPITE, self._ttl))

    async def in_use(self, plans: frozenset[str]) -> frozenset[str]:
        """
        See `Finder`. The database of another program cannot tell it by itself: with `query_all` its answer counts,
        without it what this process has seen; the plans that `query_plans` names are always in use.

        Raises:
            MappingUnavailable: the database cannot be asked.
        """
        used = self._plans_seen | set((self._question.plans or {}).values())
        if self._question.all is not None and plans - used:
            used |= await self._plans_of_all()
        return plans & used

    async def watch(self) -> None:
        """See `Finder`."""
        await self._database.look()
        self._reached = self._clock()

    def gauges(self) -> Mapping[str, float]:
        """See `Finder`."""
        return {
            "cache_known_names": self._cache.known,
            "cache_unknown_names": self._cache.unknown,
            "cache_hits": self._hits,
            "cache_misses": self._misses,
            "mapping_age_seconds": max(0.0, self._clock() - self._reached),
        }

    async def close(self) -> None:
        """See `Finder`."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        await self._database.close()

    def _young(self, moment: float) -> bool:
        return 0 <= self._clock() - moment < self._ttl

    def _renew(self, name: Domain) -> None:
        """Have the next answer asked for, unless the database has enough to do, or troubles."""
        if len(self._flights) < MAX_AHEAD and self._clock() >= self._ahead_from and not self._database.down:
            self._flight(name)

    def _flight(self, name: Domain) -> asyncio.Task[Timeline[Row]] | None:
        """The question for a name that is under way, or a new one; `None` where there are too many."""
        flight = self._flights.get(name.name)
        if flight is None and len(self._flights) < MAX_FLIGHTS:
            flight = asyncio.get_running_loop().create_task(self._ask(name))
            self._flights[name.name] = flight
            flight.add_done_callback(lambda ended: self._landed(name, ended))
        return flight

    def _landed(self, name: Domain, flight: asyncio.Task[Timeline[Row]]) -> None:
        self._flights.pop(name.name, None)
        # It was told to whoever still waited.
        if not flight.cancelled() and isinstance(flight.exception(), MappingUnavailable):
            self._ahead_from = self._clock() + RESPITE

    async def _ask(self, name: Domain) -> Timeline[Row]:
        asked = self._clock()
        try:
            answer = await self._question.put(self._database, name)
            said = self._understood(answer).read(answer.rows)
        except RowInvalid as error:
            self._note(name, _Fault(asked, error.problem, error.column))
            raise RowInvalid(error.problem, error.column, name.name) from error
        except ConfigurationInvalid as error:  # it worked when we started: their tables were changed, or our rights
            raise MappingUnavailable(str(error)) from error
        self._faults.pop(name.name, None)
        if said is not None and said.plan is not None and len(self._plans_seen) < MAX_PLANS:
            self._plans_seen.add(said.plan)
        rows = [] if said is None else [Row(NO_ID, 0, said.plan, said.params)]
        return self._cache.put(name.name, rows, asked)

    def _note(self, name: Domain, fault: _Fault) -> None:
        self._cache.forget(name.name)
        self._faults.pop(name.name, None)
        self._faults[name.name] = fault
        if len(self._faults) > MAX_FAULTS:
            self._faults.popitem(last=False)

    def _understood(self, answer: Answer) -> Columns:
        """How the rows of an answer are read; `SELECT *` may have other columns today."""
        if self._columns is None or self._columns.names != answer.columns:
            self._columns = Columns.of(answer.columns, self._question.plans)
        return self._columns

    async def _plans_of_all(self) -> set[str]:
        columns, used = Columns.of((PLAN,), self._question.plans), set()
        statement = Statement(self._question.plans_of_all, {})
        try:
            async with contextlib.aclosing(self._database.listing(statement)) as batches:
                async for batch in batches:
                    for row in batch.rows:
                        with contextlib.suppress(RowInvalid):  # it is on no plan, and its name's own error
                            said = columns.read([row])
                            used.add(said and said.plan)
        except ConfigurationInvalid as error:
            raise MappingUnavailable(str(error)) from error
        return {plan for plan in used if plan is not None}
