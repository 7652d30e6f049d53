"""What a finder says while the database that it asks is gone, and when it is back."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mail.domain import Domain
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.lookup.database import ForeignDatabase
from autoconfig.mapping.lookup.finder import QueryFinder, Question
from autoconfig.mapping.timeline import NOTHING, Row
from tests.mapping.foreign.databases import CUSTOMERS, QUERY, ForeignSQLite, new_foreign, statements
from tests.mapping.lookup.gated import SHARED, TTL, Clock, Gate, rows, run


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_a_start_while_the_database_is_gone(request: pytest.FixtureRequest, kind: Kind) -> None:
    """A process that tries on and on to start does so as soon as the database is back."""
    foreign = new_foreign(request, kind)
    foreign.execute(*statements(CUSTOMERS))
    server = request.getfixturevalue(kind.lower())

    async def start() -> None:
        place, clock = DatabaseLocation.parse(foreign.url), Clock()
        finder = QueryFinder(ForeignDatabase(place, clock), Question.of(place, QUERY, None, None), TTL, clock=clock)
        await asyncio.to_thread(server.stop)
        try:
            for _ in range(3):
                with pytest.raises(MappingUnavailable):
                    await finder.start()
                clock.now += 0.2
        finally:
            await asyncio.to_thread(server.start)
        clock.now += 10
        await finder.start()
        assert [Row(0, 0, "own", "{}")] == rows(await finder.find(Domain("own.example")))
        await finder.close()

    asyncio.run(start())


def test_what_was_asked_serves_on_while_the_database_is_gone(customers: ForeignSQLite) -> None:
    """Cached names are answered for more than a day, others get an error; afterwards all recovers by itself."""

    async def ask(finder: QueryFinder, gate: Gate, clock: Clock) -> None:
        before, unknown = await finder.find(SHARED), Domain("unknown.example")
        await finder.find(unknown)
        customers.path.rename(customers.path.with_suffix(".away"))
        clock.now += TTL
        assert rows(await finder.find(SHARED)) == rows(before)
        with pytest.raises(MappingUnavailable):
            await finder.watch()
        assert gate.down
        asked = gate.questions
        clock.now += 100_000
        assert rows(await finder.find(SHARED)) == rows(before)
        assert await finder.find(unknown) is NOTHING
        assert gate.questions == asked
        with pytest.raises(MappingUnavailable):
            await finder.find(Domain("own.example"))
        assert finder.gauges()["mapping_age_seconds"] >= 100_000
        customers.path.with_suffix(".away").rename(customers.path)
        customers.execute("UPDATE customers SET host = 'cs2.xbit.jp'")
        await finder.watch()
        assert [Row(0, 0, "shared", '{"server":"cs2.xbit.jp"}')] == rows(await finder.find(SHARED))
        assert finder.gauges()["mapping_age_seconds"] == 0

    run(customers, ask)


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_a_server_that_is_gone_for_a_while(request: pytest.FixtureRequest, kind: Kind) -> None:
    """While the server is down, cached names get no error; changes are seen when it is back."""
    foreign = new_foreign(request, kind)
    foreign.execute(*statements(CUSTOMERS))
    server = request.getfixturevalue(kind.lower())

    async def ask(finder: QueryFinder, gate: Gate, clock: Clock) -> None:
        names = [SHARED, Domain("own.example"), Domain("unknown.example")]
        before = [await finder.find(name) for name in names]
        await asyncio.to_thread(server.stop)
        try:
            for _ in range(20):
                clock.now += TTL
                with contextlib.suppress(MappingUnavailable):
                    await finder.watch()
                assert [await finder.find(name) for name in names] == before
            assert gate.down
        finally:
            await asyncio.to_thread(server.start)
        foreign.execute("UPDATE customers SET host = 'cs2.xbit.jp'")
        clock.now += TTL
        await finder.watch()
        assert [Row(0, 0, "shared", '{"server":"cs2.xbit.jp"}')] == rows(await finder.find(SHARED))

    run(foreign, ask)


def test_tables_that_were_changed(customers: ForeignSQLite) -> None:
    """A query that is refused at run time is not an error of the name: cached answers are still used."""

    async def ask(finder: QueryFinder, _gate: Gate, clock: Clock) -> None:
        before = await finder.find(SHARED)
        customers.execute("ALTER TABLE customers RENAME COLUMN package TO product")
        clock.now += TTL
        assert rows(await finder.find(SHARED)) == rows(before)
        with pytest.raises(MappingUnavailable, match="refuses the query: no such column"):
            await finder.find(Domain("own.example"))

    run(customers, ask)
