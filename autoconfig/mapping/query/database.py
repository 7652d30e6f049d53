"""Puts an operator's query to another program's database: over few connections, for no longer than a request waits."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.place import Kind
from autoconfig.mapping.sources.gate import Gate
from autoconfig.mapping.sources.pool import Pool

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from autoconfig.mapping.place import Host, Place

STATEMENT_LIMIT = 1.5
"""Seconds after which the database ends a statement for one name."""

LIMIT = 4.0
"""Seconds after which an answer is waited for no longer, connecting included."""

WAIT = 2.0
"""Seconds that a question waits for one of the connections."""

CONNECTIONS = 4
"""For the names that requests ask for; one more looks whether the database is there."""

LOOK_LIMIT = 2.0
"""The same for the look whether it is back, which other work of the process waits for."""

LISTING_LIMIT = 600.0
"""Seconds that the list of all names may take."""

BATCH = 1000
"""Rows of a list that are fetched at a time."""

ROWS = 50
"""Rows that are fetched for one name. More than one that says something different is an error."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 4.0
"""Seconds between attempts to reach a database that is gone; each pause is twice the one before."""


class Answer(NamedTuple):
    """What a database answers: the names of the columns are there also where there is no row."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[object]]


class Statement(NamedTuple):
    """A query as an engine's driver takes it."""

    text: str
    values: Mapping[str, str]


_NOTHING = Statement("SELECT 1", {})


class QuerySession(Protocol):
    """One connection that can do nothing but read. One question at a time."""

    @property
    def lost(self) -> bool:
        """Whether the connection is of no more use."""
        ...

    async def answer(self, statement: Statement) -> Answer:
        """
        At most `ROWS` rows, within `STATEMENT_LIMIT` seconds.

        Raises:
            SettingsInvalid: the database does not understand the statement, or refuses it.
            MappingUnavailable: anything else.
        """
        ...

    def listing(self, statement: Statement) -> AsyncGenerator[Answer, None]:
        """
        All rows in batches, within `LISTING_LIMIT` seconds.

        Raises:
            SettingsInvalid, MappingUnavailable: as `answer`.
        """
        ...

    def close(self) -> None:
        """Let the connection go, without waiting for anybody."""
        ...


class ForeignDatabase:
    """Another program's database. Once it cannot be reached, only `look` tries again; others are told at once."""

    def __init__(self, place: Place, clock: Callable[[], float] = time.monotonic) -> None:
        """Connects to nothing yet."""
        self._place, self._clock, self._gate = place, clock, Gate()
        self._asked: Pool[QuerySession] = Pool(self._connect, place.shown, CONNECTIONS)
        self._watched: Pool[QuerySession] = Pool(self._connect, place.shown, 1)
        self._why: str | None = None
        self._pause, self._next_look = _FIRST_PAUSE, 0.0
        self._losses: Counter[Pool[QuerySession]] = Counter()
        """Connections that broke while they were asked."""

    @property
    def down(self) -> bool:
        """Whether it could not be reached, and did not come back so far."""
        return self._why is not None

    async def answer(self, statement: Statement) -> Answer:
        """
        What the database answers now.

        Raises:
            SettingsInvalid: it does not understand the statement, or refuses it.
            MappingUnavailable: it cannot be asked, or did not answer in time; at once while it is down.
        """
        if self._why is not None:
            raise MappingUnavailable(self._why)
        return await self._answer(self._asked, statement, LIMIT)

    async def listing(self, statement: Statement) -> AsyncGenerator[Answer, None]:
        """
        All rows in batches, on a connection of its own.

        Raises:
            SettingsInvalid, MappingUnavailable: as `answer`.
        """
        session = await self._connect()
        try:
            with self._gate.to(self._place.shown):
                async with contextlib.aclosing(session.listing(statement)) as batches:
                    async for batch in batches:
                        yield batch
        finally:
            session.close()

    async def look(self) -> None:
        """
        Called once a second: see whether it can be asked. The longer it is gone, the longer are the pauses.

        Raises:
            MappingUnavailable: it cannot.
        """
        if self._why is not None and self._clock() < self._next_look:
            raise MappingUnavailable(self._why)
        await self._answer(self._watched, _NOTHING, LOOK_LIMIT)

    async def close(self) -> None:
        """Let all connections go."""
        await self._asked.close()
        await self._watched.close()

    async def _answer(self, pool: Pool[QuerySession], statement: Statement, limit: float) -> Answer:
        losses = self._losses[pool]
        try:
            answer = await self._once(pool, statement, limit)
        except MappingUnavailable:
            if self._losses[pool] == losses:
                raise
            # The server was started again, and every connection that was kept idle is dead: once more, on a new one.
            answer = await self._once(pool, statement, limit)
        self._why, self._pause = None, _FIRST_PAUSE
        return answer

    async def _once(self, pool: Pool[QuerySession], statement: Statement, limit: float) -> Answer:
        async def question(session: QuerySession) -> Answer:
            losses = self._losses[pool]
            try:
                return await session.answer(statement)
            except MappingUnavailable:
                if session.lost:
                    if self._losses[pool] == losses:  # else it is as old as another one, and the others are new by now
                        pool.clear()
                    self._losses[pool] += 1
                raise

        since = self._clock()
        try:
            return await pool.ask(question, limit, WAIT)
        except MappingUnavailable as error:
            if self._clock() - since >= limit:  # no server that lives is silent for so long: its own limit is shorter
                self._gone(str(error))
            raise

    async def _connect(self) -> QuerySession:
        try:
            return await _opened(self._place, self._gate)
        except MappingUnavailable as error:
            self._gone(str(error))
            raise

    def _gone(self, why: str) -> None:
        if self._why is None or self._clock() >= self._next_look:  # several may find out together
            self._why, self._next_look = why, self._clock() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
            self._asked.clear()


async def _opened(place: Place, gate: Gate) -> QuerySession:
    """A connection to the first host of a place that takes one."""
    if place.kind is Kind.SQLITE:
        from autoconfig.mapping.query.sqlite import SQLiteQueries

        return await SQLiteQueries.opened(place)
    problems = []
    for host in place.hosts:
        try:
            async with asyncio.timeout(LIMIT / (len(place.hosts) + 1)):  # so that there is time for the question
                with gate.to(replace(place, hosts=(host,)).shown):
                    return await _at(place, host)
        except TimeoutError:
            problems.append(f"{host.name}:{host.port}: takes too long to connect")
        except MappingUnavailable as error:
            problems.append(str(error))
    raise MappingUnavailable("; ".join(problems))


async def _at(place: Place, host: Host) -> QuerySession:
    if place.kind is Kind.POSTGRESQL:
        from autoconfig.mapping.query.postgresql import PostgreSQLQueries

        return await PostgreSQLQueries.opened(place, host)
    from autoconfig.mapping.query.mariadb import MariaDBQueries

    return await MariaDBQueries.opened(place, host)
