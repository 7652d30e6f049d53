"""Which plans are in use, and the gauges of a finder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mail.domain import Domain
from autoconfig.mapping.database_location import Kind
from tests.mapping.foreign.databases import CUSTOMERS, QUERY, QUERY_ALL, ForeignSQLite, new_foreign, statements
from tests.mapping.lookup.gated import SHARED, Clock, Gate, run

if TYPE_CHECKING:
    from autoconfig.mapping.lookup.finder import QueryFinder


@pytest.mark.parametrize("kind", list(Kind), ids=str)
def test_plans_in_use_of_all_names(request: pytest.FixtureRequest, kind: Kind) -> None:
    """With a query for all names the database says which plans are in use; a star says it too."""
    foreign = new_foreign(request, kind)
    foreign.execute(*statements(CUSTOMERS), "INSERT INTO customers VALUES ('x.example', '7', NULL)")

    async def ask(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        used = await finder.in_use(frozenset({"shared", "standard", "own", "other"}))
        assert used == {"shared", "standard"}

    run(foreign, ask, QUERY, QUERY_ALL, {"shared": "shared", "own": "", "*": "standard"})


def test_plans_in_use_without_a_list(customers: ForeignSQLite) -> None:
    """Without it, those count that names were asked for, and those that the settings name; also while it is gone."""

    async def ask(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        assert await finder.in_use(frozenset({"shared", "own"})) == set()
        await finder.find(SHARED)
        customers.path.unlink()
        assert await finder.in_use(frozenset({"shared", "own"})) == {"shared"}

    async def named(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        assert await finder.in_use(frozenset({"own", "other"})) == {"own"}

    run(customers, named, plans={"own": "own"})
    run(customers, ask)


def test_plans_in_use_while_the_database_is_gone(customers: ForeignSQLite) -> None:
    """If the list of all names cannot be read, no plan counts as unused."""

    async def ask(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        customers.execute("DROP TABLE customers")
        with pytest.raises(MappingUnavailable, match="no such table"):
            await finder.in_use(frozenset({"shared", "own"}))
        customers.path.unlink()
        with pytest.raises(MappingUnavailable, match="no such file"):
            await finder.in_use(frozenset({"shared", "own"}))

    run(customers, ask, QUERY, QUERY_ALL)


def test_gauges(customers: ForeignSQLite) -> None:
    """What is kept, and how often that helped."""

    async def ask(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        for name in ("shared.example", "shared.example", "own.example", "unknown.example"):
            await finder.find(Domain(name))
        finder.find_now(SHARED)
        assert finder.gauges() == {
            "cache_known_names": 2,
            "cache_unknown_names": 1,
            "cache_hits_total": 2,
            "cache_misses_total": 3,
            "mapping_age_seconds": 0,
        }

    run(customers, ask)
