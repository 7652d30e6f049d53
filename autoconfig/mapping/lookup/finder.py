"""
A mapping in another program's database: one query per name, with cached answers.

A cached answer is used for `ttl` seconds without waiting. In the last fifth of that time, a request renews it in the
background, so requests for popular names never wait, and changes still show within `ttl`. Later requests wait for the
database. An old answer is then only used if the database is down or too slow, for as long as the process runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from autoconfig.errors import ConfigurationInvalid, MappingUnavailable, RowInvalid, SettingsInvalid
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import PLAN
from autoconfig.mapping.database_location import DatabaseLocation
from autoconfig.mapping.lookup.answers import KNOWN, UNKNOWN, Answered, Answers
from autoconfig.mapping.lookup.columns import Columns
from autoconfig.mapping.lookup.connection import ROWS, Statement
from autoconfig.mapping.lookup.database import LIMIT, ForeignDatabase
from autoconfig.mapping.lookup.sql_text import Query
from autoconfig.mapping.timeline import NOTHING, Row, Timeline, plan_of
from autoconfig.single_flight import SingleFlight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from autoconfig.mapping.lookup.connection import QueryResult

NO_ID = 0
"""The id of all rows of a query, which have no id of our kind."""

PATIENCE = 0.5
"""Seconds that a request with an old cached answer waits for a newer one."""

RESPITE = 1.0
"""
Seconds without renewal after a failure: requests use the old answer of that name without waiting, and no name is
renewed in the background.
"""

AHEAD = 0.8
"""Share of `ttl` after which a request renews the answer in the background."""

MAX_FLIGHTS = 500
"""The maximum number of names that are being queried at a time."""

MAX_AHEAD = 100
"""With more names than this being queried, none is renewed in the background: waiting requests come first."""

MAX_PLANS = 10_000
"""The maximum number of plans remembered as in use."""

# A reserved name (RFC 6761): it cannot have rows, but the result has columns.
_UNOWNED = Domain("no-such-name.invalid")


class Asking(Protocol):
    """The settings for a query in another program's database."""

    @property
    def query(self) -> str | None:
        """The query for one name; `None`: the mapping is in our own table."""
        ...

    @property
    def query_all(self) -> str | None:
        """The query for all names."""
        ...

    @property
    def query_plans(self) -> Mapping[str, str] | None:
        """The plan's key for each value of the plan column."""
        ...

    @property
    def query_ttl(self) -> float:
        """Seconds for which an answer is used without asking again."""
        ...


def open_query(url: str, asking: Asking) -> tuple[ForeignDatabase, Question]:
    """
    Another program's database and its queries. Connects on first use.

    Raises:
        SettingsInvalid: the URL or a query is invalid.
    """
    location = DatabaseLocation.parse(url)
    return ForeignDatabase(location), Question.of(location, asking.query or "", asking.query_all, asking.query_plans)


@dataclass(frozen=True, slots=True)
class Question:
    """The operator's queries: for one name, and optionally for all names."""

    one: Query
    text: str
    """The text of `one` as sent to the database."""
    all: Query | None
    none_of_all: str
    """The same without rows, to learn its columns."""
    plans_of_all: str
    """The query for the distinct plans of all names."""
    plans: Mapping[str, str] | None
    """The plan's key for each value of the plan column (`Columns.plans`)."""

    @classmethod
    def of(
        cls, location: DatabaseLocation, query: str, query_all: str | None, plans: Mapping[str, str] | None
    ) -> Question:
        """
        Parse the settings.

        Raises:
            SettingsInvalid: as `Query.parse`.
        """
        one = Query.parse(query, location.kind, "query")
        listing = Query.parse(query_all, location.kind, "query_all", placeholders=False) if query_all else None
        return cls(
            one,
            _within(one, f"LIMIT {ROWS}"),
            listing,
            _within(listing, "LIMIT 0") if listing else "",
            _within(listing, what=f"DISTINCT {PLAN}") if listing else "",
            plans,
        )

    def sorted_by(self, column: str) -> str:
        """The query for all names, sorted by the column with the domain; only if there is one."""
        return _within(self.all, f"ORDER BY {column}") if self.all else ""

    async def put(self, database: ForeignDatabase, name: Domain) -> QueryResult:
        """
        Ask the database for one name.

        Raises:
            SettingsInvalid, MappingUnavailable: as `ForeignDatabase.answer`.
        """
        values = self.one.values(name)
        try:
            return await database.answer(Statement(self.text, values))
        except SettingsInvalid:
            # A table in Latin-1 cannot be compared with a Japanese name, and can only contain it in A-labels.
            in_a_labels = dict.fromkeys(values, name.name)
            if values == in_a_labels:
                raise
            return await database.answer(Statement(self.text, in_a_labels))


def _within(query: Query, tail: str = "", what: str = "*") -> str:
    """
    Wrap a query in another one. This limits its rows, and a statement that writes becomes a syntax error. The query has
    lines of its own, so that a comment at its end does not hide the rest.
    """
    return f"SELECT {what} FROM (\n{query.rendered()}\n) AS answer {tail}"  # noqa: S608 (the operator's own setting)


async def check(database: ForeignDatabase, question: Question) -> Columns:
    """
    Ask for a name that cannot exist, to check the queries and to learn the columns of the result.

    Raises:
        SettingsInvalid: the database refuses a query, or its columns are not as needed.
        MappingUnavailable: the database is out of reach.
    """
    setting = "query"
    try:
        answer = await question.put(database, _UNOWNED)
        columns = Columns.of(answer.columns, question.plans)
        if question.all is not None:
            setting = "query_all"
            answer = await database.answer(Statement(question.none_of_all, {}))
            Columns.of(answer.columns, question.plans, listing=True)
    except SettingsInvalid as error:
        raise SettingsInvalid(f"{setting}: {error}") from error
    return columns


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
        """Connects in `start`. `ttl` and `clock` are in seconds; `known` and `unknown` are the limits of `Answers`."""
        self._database, self._question, self._ttl, self._clock = database, question, ttl, clock
        self._answers = Answers(known, unknown)
        self._flights = SingleFlight[Timeline[Row]]()
        self._columns: Columns | None = None
        self._plans_seen: set[str] = set()
        self._reached = clock()
        self._ahead_from = self._reached
        self._hits = self._misses = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The params among the columns of the query; known after `start`."""
        return tuple(self._columns.params) if self._columns else ()

    async def start(self) -> None:
        """
        Check the query, and learn the columns of its result.

        Raises:
            SettingsInvalid: the database refuses the query, or its columns are not as needed.
            MappingUnavailable: the database is out of reach.
        """
        if self._database.down:  # a repeated attempt: before the first success, `watch` does not run
            await self._database.look()
        self._columns = await check(self._database, self._question)

    def find_now(self, name: Domain) -> Timeline[Row] | None:
        """The cached answer, if it is not older than `ttl`; renew it in the background if it is nearly as old."""
        kept = self._answers.get(name.name)
        if kept is None or kept.fault or not 0 <= (age := self._clock() - kept.moment) < self._ttl:
            return None
        if age >= AHEAD * self._ttl:
            self._renew(name)
        self._hits += 1
        return kept.timeline

    def settled(self, name: str, now: float) -> str | None:
        """As `Finder.settled`, by the cached answer."""
        timeline = self.find_now(Domain(name))
        return plan_of(timeline.settled(now)) if timeline else None

    async def find(self, name: Domain) -> Timeline[Row]:
        """
        Find the rows of a name in the cache or in the database.

        Raises:
            RowInvalid: the rows of the name contradict each other, or cannot be read.
            MappingUnavailable: there is no cached answer, and the database cannot be asked.
        """
        if (young := self.find_now(name)) is not None:
            return young
        kept = self._answers.get(name.name)
        if kept is not None and kept.fault:
            if self._database.down or 0 <= self._clock() - kept.moment < self._ttl:
                raise RowInvalid(*kept.fault, name.name)
            kept = None
        elif kept is not None and self._database.down:
            self._hits += 1
            return kept.timeline
        self._misses += 1
        flight = self._flight(name)
        if flight is not None:
            await asyncio.wait({flight}, timeout=LIMIT if kept is None else PATIENCE)
            if flight.done() and (kept is None or not isinstance(flight.exception(), MappingUnavailable)):
                return flight.result()
        if kept is None:
            raise MappingUnavailable("the database answers too slowly, or too many names are asked for at once")
        self._answers.put(name.name, kept._replace(moment=self._clock() - self._ttl + min(RESPITE, self._ttl)))
        return kept.timeline

    async def in_use(self, plans: frozenset[str]) -> frozenset[str]:
        """
        Find which of `plans` are in use: those in the result of `query_all`, or without it those that this process has
        seen. The plans that `query_plans` names are always in use.

        Raises:
            MappingUnavailable: the database cannot be asked.
        """
        used = self._plans_seen | set((self._question.plans or {}).values())
        if self._question.all is not None and plans - used:
            used |= await self._plans_of_all(plans)
        return plans & used

    async def watch(self) -> None:
        """Check whether the database is available."""
        await self._database.look()
        self._reached = self._clock()

    def stale(self) -> str | None:
        """Never: `watch` raises instead."""
        return None

    def gauges(self) -> Mapping[str, float]:
        """Size and hits of the cache, and seconds since the database was last available."""
        return {
            "cache_known_names": self._answers.known,
            "cache_unknown_names": self._answers.unknown,
            "cache_hits_total": self._hits,
            "cache_misses_total": self._misses,
            "mapping_age_seconds": max(0.0, self._clock() - self._reached),
        }

    async def close(self) -> None:
        """Cancel all queries and close the connections."""
        await self._flights.close()
        await self._database.close()

    def _renew(self, name: Domain) -> None:
        """Renew an answer in the background, unless the database is busy or had a failure."""
        if len(self._flights) < MAX_AHEAD and self._clock() >= self._ahead_from and not self._database.down:
            self._flight(name)

    def _flight(self, name: Domain) -> asyncio.Task[Timeline[Row]] | None:
        """The running query for a name, or a new one; `None` if there are too many."""
        flight = self._flights.get(name.name)
        if flight is None and len(self._flights) < MAX_FLIGHTS:
            flight = self._flights.start(name.name, self._ask(name))
            flight.add_done_callback(self._landed)
        return flight

    def _landed(self, flight: asyncio.Task[Timeline[Row]]) -> None:
        # Reading the exception also marks it as handled; waiting requests get it from the task itself.
        if not flight.cancelled() and isinstance(flight.exception(), MappingUnavailable):
            self._ahead_from = self._clock() + RESPITE

    async def _ask(self, name: Domain) -> Timeline[Row]:
        asked = self._clock()
        try:
            answer = await self._question.put(self._database, name)
            content = self._understood(answer).read(answer.rows)
        except RowInvalid as error:
            self._answers.put(name.name, Answered(asked, NOTHING, (error.problem, error.column)))
            raise RowInvalid(error.problem, error.column, name.name) from error
        except ConfigurationInvalid as error:  # it worked at the start: tables or privileges have changed
            raise MappingUnavailable(str(error)) from error
        timeline: Timeline[Row] = NOTHING
        if content is not None:
            plan = content.plan and sys.intern(content.plan)  # many names share the same texts
            timeline = Timeline((Row(NO_ID, 0, plan, sys.intern(content.params)),))
            if plan is not None and len(self._plans_seen) < MAX_PLANS:
                self._plans_seen.add(plan)
        self._answers.put(name.name, Answered(asked, timeline))
        return timeline

    def _understood(self, answer: QueryResult) -> Columns:
        """The columns of an answer; with `SELECT *` they may change at any time."""
        if self._columns is None or self._columns.names != answer.columns:
            self._columns = Columns.of(answer.columns, self._question.plans)
        return self._columns

    async def _plans_of_all(self, plans: frozenset[str]) -> set[str]:
        """Those of `plans` that occur in the list of all names."""
        columns = Columns.of((PLAN,), self._question.plans)

        def read(batches: Iterator[QueryResult]) -> set[str]:
            used: set[str] = set()
            for row in itertools.chain.from_iterable(batch.rows for batch in batches):
                with contextlib.suppress(RowInvalid):  # such a row is on no plan; requests for its name report it
                    content = columns.read([row])
                    if content and content.plan in plans:
                        used.add(content.plan)
            return used

        try:
            return await self._database.folded(Statement(self._question.plans_of_all, {}), read)
        except ConfigurationInvalid as error:
            raise MappingUnavailable(str(error)) from error
