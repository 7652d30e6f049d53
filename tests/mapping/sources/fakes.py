"""Hosts for tests that have to decide when an answer comes, and what it knows: what no real server can be told."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.sources.hosts import Hosts
from autoconfig.mapping.sources.source import Changes, Found, Position, State
from autoconfig.mapping.timeline import Row, Timeline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Answer = TypeVar("Answer")
ROW = Row(1, 1, "a", "{}")
NAME = "example.com"


class FakeHost:
    """A host whose state a test sets."""

    def __init__(self, name: str = "one", *, standby: bool = False, last_id: int = 0, generation: str = "g") -> None:
        self.name, self.standby, self.last_id, self.generation = name, standby, last_id, generation
        self.rows: list[tuple[str, Row]] = []
        self.fault: Exception | None = None
        """What every question, and every connection, is answered with."""
        self.silent = False
        """Connections stand, and nothing is answered."""
        self.held: asyncio.Event | None = None
        """Until it is set, rows of a name are on their way: as they were when they were asked for."""
        self.late: asyncio.Event | None = None
        """Until it is set, changes are on their way: as they were when they were asked for."""
        self.attempts, self.opened, self.asked, self.closed = 0, 0, 0, 0

    def down(self) -> None:
        """Nobody answers any more."""
        self.fault = MappingUnavailable(f"{self.name}: down")

    def append(self, name: str, row: Row) -> None:
        """One more row."""
        self.rows.append((name, row))
        self.last_id = row.id

    async def open(self) -> FakeSession:
        """A connection."""
        self.attempts += 1
        await self.answer()
        self.opened += 1
        return FakeSession(self)

    async def answer(self) -> State:
        """What is said with every answer."""
        await asyncio.sleep(0)
        while self.silent:  # noqa: ASYNC110 (a test sets it as a plain value)
            await asyncio.sleep(0.01)
        if self.fault:
            raise self.fault
        return State(Position(self.generation, self.last_id), self.standby)


class FakeSession:
    """A connection to one."""

    def __init__(self, host: FakeHost) -> None:
        self.host = host

    async def state(self) -> State:
        """See `Session`."""
        return await self.host.answer()

    async def rows_of(self, name: str, moment: int) -> Found:
        """See `Session`."""
        del moment
        self.host.asked += 1
        state = await self.host.answer()
        found = Found(state, Timeline.of(row for owner, row in self.host.rows if owner == name).rows)
        if self.host.held:
            await self.host.held.wait()
        return found

    async def rows_after(self, identity: int, limit: int) -> Changes:
        """See `Session`."""
        state = await self.host.answer()
        changes = Changes(state, [(name, row) for name, row in self.host.rows if row.id > identity][:limit])
        if self.host.late:
            await self.host.late.wait()
        return changes

    async def in_use(self, plans: frozenset[str], now: int) -> frozenset[str]:
        """See `Session`."""
        del now
        await self.host.answer()
        return plans & {row.plan for _, row in self.host.rows if row.plan}

    def close(self) -> None:
        """See `Session`."""
        self.host.closed += 1


async def settled() -> None:
    """Let every task go as far as it can without a timer. Turns are counted, so that a slow machine changes nothing."""
    for _ in range(100):
        await asyncio.sleep(0)


class Clock:
    """Seconds that a test adds to."""

    def __init__(self) -> None:
        self.added = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return time.monotonic() + self.added


def with_hosts(
    question: Callable[[Hosts], Awaitable[Answer]], *hosts: FakeHost, clock: Callable[[], float] = time.monotonic
) -> Answer:
    """Ask something of hosts, and close the connections."""

    async def run() -> Answer:
        source = Hosts({host.name: host.open for host in hosts}, clock)
        try:
            return await question(source)
        finally:
            await source.close()
            assert [host.opened for host in hosts] == [host.closed for host in hosts]

    return asyncio.run(run())


async def plans(source: Hosts, seen: Position) -> list[str | None]:
    """The plans of the name."""
    return [row.plan for row in (await source.rows_of(NAME, 0, seen)).rows]


def pair(last_id: int = 5, behind: int = 0) -> tuple[FakeHost, FakeHost]:
    """A primary, and a standby that is so many rows behind; the name is on plan a."""
    primary = FakeHost("primary", last_id=last_id)
    standby = FakeHost("standby", last_id=last_id - behind, standby=True)
    primary.rows = standby.rows = [(NAME, ROW)]
    return primary, standby
