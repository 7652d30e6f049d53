"""How long what a query answered is kept, and when the next answer is asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mail.domain import Domain
from autoconfig.mapping.lookup import finder as queried
from autoconfig.mapping.timeline import NOTHING, Row
from tests.mapping.lookup.gated import SHARED, TTL, Clock, Gate, rows, run
from tests.support.settling import settled

if TYPE_CHECKING:
    from autoconfig.mapping.lookup.finder import QueryFinder
    from tests.mapping.foreign.databases import ForeignSQLite


def test_an_answer_is_kept_for_a_while(customers: ForeignSQLite) -> None:
    """Known or not, a name is asked for once in `ttl` seconds; then what changed is seen."""

    async def ask(finder: QueryFinder, gate: Gate, clock: Clock) -> None:
        unknown = Domain("unknown.example")
        before = await finder.find(SHARED)
        for _ in range(3):
            assert await finder.find(SHARED) is before
            await finder.find(unknown)
        assert (gate.questions, finder.find_now(SHARED)) == (2, before)
        customers.execute("DELETE FROM customers", "INSERT INTO customers VALUES ('unknown.example', 'own', NULL)")
        clock.now += TTL * queried.AHEAD - 0.01
        assert await finder.find(SHARED) is before
        await settled()
        assert gate.questions == 2
        clock.now += TTL * (1 - queried.AHEAD) + 0.01
        assert finder.find_now(SHARED) is None
        assert await finder.find(SHARED) is NOTHING
        assert [Row(0, 0, "own", "{}")] == rows(await finder.find(unknown))
        assert gate.questions == 4

    run(customers, ask)


@pytest.mark.parametrize("name", [SHARED, Domain("unknown.example")], ids=["known", "unknown"])
def test_an_answer_is_renewed_before_it_is_old(customers: ForeignSQLite, name: Domain) -> None:
    """Shortly before an answer expires, a request gets it without waiting, and the next one gets the renewed answer."""

    async def ask(finder: QueryFinder, gate: Gate, clock: Clock) -> None:
        before = await finder.find(name)
        customers.execute("DELETE FROM customers", f"INSERT INTO customers VALUES ('{name.name}', 'new', NULL)")
        clock.now += TTL * queried.AHEAD
        gate.open.clear()
        assert [finder.find_now(name), await finder.find(name), finder.find_now(name)] == [before] * 3
        await asyncio.sleep(0)
        assert (gate.questions, finder.gauges()["cache_misses_total"]) == (2, 1)
        gate.open.set()
        while finder.find_now(name) is before:  # noqa: ASYNC110 (nobody tells when an answer came)
            await asyncio.sleep(0.01)
        clock.now += TTL * queried.AHEAD - 0.01
        assert [Row(0, 0, "new", "{}")] == rows(finder.find_now(name))
        assert gate.questions == 2

    run(customers, ask)


def test_nothing_is_renewed_while_the_database_has_troubles(
    customers: ForeignSQLite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One failure is enough for a while, however often a name is asked for; nor while many names are waited for."""

    async def ask(finder: QueryFinder, gate: Gate, clock: Clock) -> None:
        async def many() -> int:
            before = gate.questions
            for _ in range(5):
                finder.find_now(SHARED)
                while finder._flights:  # noqa: ASYNC110 (nobody tells when an answer came)
                    await asyncio.sleep(0.01)
            return gate.questions - before

        await finder.find(SHARED)
        customers.execute("ALTER TABLE customers RENAME TO elsewhere")
        clock.now += TTL - queried.RESPITE + 0.001
        assert await many() == 1
        customers.execute("ALTER TABLE elsewhere RENAME TO customers")
        monkeypatch.setattr(queried, "RESPITE", 0)
        clock.now += 0.5
        assert await many() == 0
        clock.now += 0.5
        await finder.find(SHARED)
        monkeypatch.setattr(queried, "MAX_AHEAD", 0)
        clock.now += TTL * queried.AHEAD
        assert await many() == 0
        monkeypatch.undo()
        assert await many() == 1

    run(customers, ask)


def test_an_old_answer_serves_while_the_database_is_slow(
    customers: ForeignSQLite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has an old answer waits a moment only; the new one is there for the next."""
    monkeypatch.setattr(queried, "PATIENCE", 0.01)
    monkeypatch.setattr(queried, "LIMIT", 0.05)

    async def ask(finder: QueryFinder, gate: Gate, clock: Clock) -> None:
        before = await finder.find(SHARED)
        clock.now += TTL
        gate.open.clear()
        assert rows(await finder.find(SHARED)) == rows(before)
        monkeypatch.setattr(queried, "PATIENCE", 60)
        assert rows(await asyncio.wait_for(finder.find(SHARED), 30)) == rows(before)
        clock.now += queried.RESPITE
        monkeypatch.setattr(queried, "PATIENCE", 0.01)
        assert rows(await finder.find(SHARED)) == rows(before)
        assert gate.questions == 2
        with pytest.raises(MappingUnavailable, match="too slowly"):
            await finder.find(Domain("own.example"))
        customers.execute("DELETE FROM customers")
        gate.open.set()
        while finder.find_now(SHARED) is not NOTHING:  # noqa: ASYNC110 (nobody tells when an answer came)
            await asyncio.sleep(0.01)

    run(customers, ask)
