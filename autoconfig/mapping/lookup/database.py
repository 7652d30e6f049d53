"""Query another program's database from the event loop. No request waits longer than `LIMIT`, whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.lookup.connection import Connections, NoConnection, QueryResult, Statement
from autoconfig.mapping.lookup.threads import Threads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator

    from autoconfig.mapping.database_location import DatabaseLocation

STATEMENT_LIMIT = 1.5
"""Seconds after which the database aborts a statement for one name."""

LIMIT = 4.0
"""Seconds after which a request stops waiting for an answer, including the time to connect."""

WAIT = 2.0
"""Seconds that a query waits for a free connection."""

CONNECTIONS = 4
"""Connections for requests; one more checks whether the database is available."""

THREADS = 16
"""More than connections, because some may hang in a resolver or on a disk, where no limit applies."""

LOOK_LIMIT = 2.0
"""Like `LIMIT`, for the availability check, which other work of the process waits for."""

LISTING_LIMIT = 600.0
"""Seconds that the list of all names may take."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.25, 4.0
"""Seconds between attempts to reach a database that is down; each pause is twice the previous one."""

_NOTHING = Statement("SELECT 1", {})

Result = TypeVar("Result")


class ForeignDatabase:
    """Another program's database. While it is down, only `look` tries to connect, and queries fail at once."""

    def __init__(self, location: DatabaseLocation, clock: Callable[[], float] = time.monotonic) -> None:
        """Connects on first use."""
        self._location, self._clock = location, clock
        self._one = Connections(location, STATEMENT_LIMIT, kept=CONNECTIONS + 1)
        self._all = Connections(location, LISTING_LIMIT)
        self._threads = Threads(THREADS, location.shown)
        self._free = asyncio.Semaphore(CONNECTIONS)
        self._under_way = self._answered = 0
        self._why: str | None = None
        self._pause, self._next_look = _FIRST_PAUSE, 0.0

    @property
    def down(self) -> bool:
        """Whether the last attempt to reach the database failed."""
        return self._why is not None

    async def answer(self, statement: Statement) -> QueryResult:
        """
        Run a statement.

        Raises:
            SettingsInvalid: the database does not understand the statement, or refuses it.
            MappingUnavailable: the database is down, which is raised at once, or did not answer in time.
        """
        if self._why is not None:
            raise MappingUnavailable(self._why)
        async with contextlib.AsyncExitStack() as turns:
            while True:  # if the server accepts no more connections, wait for one of the open ones
                await turns.enter_async_context(self._turn())
                with contextlib.suppress(NoConnection):
                    return await self._within(LIMIT, statement)

    def listing(self, statement: Statement) -> Generator[QueryResult, None, None]:
        """
        Yield all rows in batches, on a separate connection. Blocks; only for commands.

        Raises:
            SettingsInvalid, MappingUnavailable: as `answer`.
        """
        return self._all.listing(statement)

    async def folded(self, statement: Statement, fold: Callable[[Iterator[QueryResult]], Result]) -> Result:
        """
        Call `fold` in a thread with all rows in batches, and return its result.

        Raises:
            SettingsInvalid, MappingUnavailable: as `answer`.
        """

        def work() -> Result:
            with contextlib.closing(self._all.listing(statement)) as batches:
                return fold(batches)

        try:
            return await self._threads.run(work, LISTING_LIMIT)
        except TimeoutError as error:
            self._all.let_go()
            raise MappingUnavailable(self._silent(LISTING_LIMIT)) from error

    async def look(self) -> None:
        """
        Check whether the database is available. Called once a second; the longer it is down, the rarer are attempts.

        Raises:
            MappingUnavailable: it is not available.
        """
        if self._why is not None and self._clock() < self._next_look:
            raise MappingUnavailable(self._why)
        with contextlib.suppress(NoConnection):
            await self._within(LOOK_LIMIT, _NOTHING)

    async def close(self) -> None:
        """Close all connections."""
        self._one.let_go()
        self._all.let_go()
        self._threads.close()

    async def _within(self, limit: float, statement: Statement) -> QueryResult:
        """
        Run a statement within `limit` seconds.

        Raises:
            NoConnection: no further connection is accepted, but the server answers on others, so it is up.
            SettingsInvalid, MappingUnavailable: as `answer`.
        """
        answered = self._answered
        self._under_way += 1
        try:
            answer = await self._threads.run(partial(self._one.answer, statement), limit)
        except TimeoutError as error:  # the server is down: its own statement limit is shorter
            self._one.let_go()
            raise self._gone(self._silent(limit)) from error
        except NoConnection as error:
            if self._under_way > 1 or self._answered > answered:
                raise
            raise self._gone(str(error)) from error
        finally:
            self._under_way -= 1
        self._answered += 1
        self._why, self._pause = None, _FIRST_PAUSE
        return answer

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for a free connection, and hold it."""
        try:
            async with asyncio.timeout(WAIT):
                await self._free.acquire()
        except TimeoutError as error:
            raise MappingUnavailable(f"{self._location.shown}: all connections to it are in use") from error
        try:
            if self._why is not None:
                raise MappingUnavailable(self._why)
            yield
        finally:
            self._free.release()

    def _silent(self, limit: float) -> str:
        return f"{self._location.shown}: no answer within {limit:.1f} seconds"

    def _gone(self, why: str) -> MappingUnavailable:
        if self._why is None or self._clock() >= self._next_look:  # several threads may notice it together
            self._why, self._next_look = why, self._clock() + self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        return MappingUnavailable(why)
