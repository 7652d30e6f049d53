"""A finder over a real database, with a clock and a gate that a test moves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.mail.domain import Domain
from autoconfig.mapping.database_location import DatabaseLocation
from autoconfig.mapping.lookup.database import ForeignDatabase
from autoconfig.mapping.lookup.finder import QueryFinder, Question
from tests.mapping.foreign.databases import QUERY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from autoconfig.mapping.lookup.connection import QueryResult, Statement
    from autoconfig.mapping.timeline import Row, Timeline
    from tests.mapping.foreign.databases import Foreign

SHARED = Domain("shared.example")
TTL = 5.0


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class Gate(ForeignDatabase):
    """The real thing, behind a gate that a test closes; it counts the questions."""

    def __init__(self, place: DatabaseLocation, clock: Clock) -> None:
        super().__init__(place, clock)
        self.open = asyncio.Event()
        self.open.set()
        self.questions = 0

    async def answer(self, statement: Statement) -> QueryResult:
        """As soon as the gate is open."""
        self.questions += 1
        await self.open.wait()
        return await super().answer(statement)


def run(
    foreign: Foreign,
    question: Callable[[QueryFinder, Gate, Clock], Awaitable[None]],
    query: str = QUERY,
    query_all: str | None = None,
    plans: dict[str, str] | None = None,
) -> None:
    """Ask a finder something; it is started before, and closed afterwards."""

    async def ask() -> None:
        place, clock = DatabaseLocation.parse(foreign.url), Clock()
        gate = Gate(place, clock)
        finder = QueryFinder(gate, Question.of(place, query, query_all, plans), TTL, clock=clock)
        try:
            await finder.start()
            gate.questions = 0
            await question(finder, gate, clock)
        finally:
            await finder.close()

    asyncio.run(ask())


def rows(timeline: Timeline[Row] | None) -> list[Row]:
    """What a timeline has."""
    assert timeline is not None
    return list(timeline.rows)
