from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from autoconfig.errors import MappingUnavailable, RowInvalid, SettingsInvalid
from autoconfig.mail.domain import Domain
from autoconfig.mapping.database_location import Kind
from autoconfig.mapping.lookup import answers
from autoconfig.mapping.lookup import finder as queried
from autoconfig.mapping.lookup.finder import MAX_FLIGHTS, QueryFinder
from autoconfig.mapping.timeline import NOTHING, Row
from tests.mapping.foreign.databases import CUSTOMERS, QUERY, ForeignPostgreSQL, ForeignSQLite, new_foreign, statements
from tests.mapping.lookup.gated import SHARED, TTL, Clock, Gate, rows, run
from tests.support.settling import settled


@pytest.mark.parametrize("kind", list(Kind), ids=str)
def test_find(request: pytest.FixtureRequest, kind: Kind) -> None:
    """The row of a name on every engine: it holds always; a NULL plan is not ours; no row is unknown."""
    foreign = new_foreign(request, kind)
    foreign.execute(*statements(CUSTOMERS))

    async def ask(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        assert [Row(0, 0, "shared", '{"server":"cs1.xbit.jp"}')] == rows(await finder.find(SHARED))
        assert [Row(0, 0, "own", "{}")] == rows(await finder.find(Domain("own.example")))
        assert [Row(0, 0, None, "{}")] == rows(await finder.find(Domain("gone.example")))
        assert await finder.find(Domain("unknown.example")) is NOTHING
        assert finder.columns == ("server",)
        await finder.watch()

    run(foreign, ask)


@pytest.mark.parametrize("kind", list(Kind), ids=str)
def test_the_name_as_people_write_it(request: pytest.FixtureRequest, kind: Kind) -> None:
    """`:udomain` finds names that the other program has as people write them."""
    foreign = new_foreign(request, kind)
    foreign.execute(*statements(CUSTOMERS), "INSERT INTO customers VALUES ('日本語.example', 'own', NULL)")

    async def ask(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        assert [Row(0, 0, "own", "{}")] == rows(await finder.find(Domain.parse("日本語.example")))
        assert [Row(0, 0, "own", "{}")] == rows(await finder.find(Domain("own.example")))

    run(foreign, ask, "SELECT package AS plan FROM customers WHERE domain IN (:domain, :udomain)")


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_a_name_that_the_database_cannot_spell(request: pytest.FixtureRequest, kind: Kind) -> None:
    """Tables in Latin-1 cannot have a Japanese name as people write it: it is found by its A-labels, or unknown."""
    foreign = new_foreign(request, kind)
    if isinstance(foreign, ForeignPostgreSQL):
        with foreign.server.connect("postgres") as connection:
            create = f"CREATE DATABASE {foreign.name}_latin TEMPLATE template0 ENCODING LATIN1 LOCALE 'C'"
            connection.execute(create.encode())
        foreign = replace(foreign, name=f"{foreign.name}_latin")
    else:
        foreign.execute("ALTER DATABASE CHARACTER SET latin1")
    foreign.execute(*statements(CUSTOMERS), "INSERT INTO customers VALUES ('xn--wgv71a119e.example', 'shared', NULL)")
    foreign.execute("SET NAMES 'utf8'", "INSERT INTO customers VALUES ('müller.example', 'own', NULL)")

    async def ask(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        assert [Row(0, 0, "own", "{}")] == rows(await finder.find(Domain.parse("müller.example")))
        assert [Row(0, 0, "shared", "{}")] == rows(await finder.find(Domain.parse("日本語.example")))
        assert await finder.find(Domain.parse("日本.example")) is NOTHING
        foreign.execute("DROP TABLE customers")
        with pytest.raises(MappingUnavailable, match=r"refuses the query: .*customers"):
            await finder.find(Domain.parse("例え.example"))

    run(foreign, ask, "SELECT package AS plan FROM customers WHERE domain IN (:domain, :udomain)")


@pytest.mark.parametrize("kind", list(Kind), ids=str)
def test_a_query_with_everything(request: pytest.FixtureRequest, kind: Kind) -> None:
    """Percent signs, texts, comments and casts reach the database as they are."""
    foreign = new_foreign(request, kind)
    foreign.execute(*statements(CUSTOMERS))
    cast = ":domain::text" if kind is Kind.POSTGRESQL else "CAST(:domain AS CHAR(253))"
    query = f"""
        WITH found AS (SELECT package, '%s :domain 100%' AS server FROM customers WHERE domain = {cast})
        SELECT package AS plan, /* :x; */ server FROM found
        WHERE 'a%b' LIKE 'a%' AND 5 % 2 = 1 AND :domain <> ''; -- 100 %s of :y
    """
    if kind is Kind.SQLITE:
        query = query.replace("CAST(:domain AS CHAR(253))", "CAST(:domain AS TEXT)")

    async def ask(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        assert [Row(0, 0, "shared", '{"server":"%s :domain 100%"}')] == rows(await finder.find(SHARED))
        assert await finder.find(Domain("unknown.example")) is NOTHING

    run(foreign, ask, query)


def test_a_name_is_asked_for_once_at_a_time(customers: ForeignSQLite) -> None:
    """Concurrent requests for a name wait for one query; one that is cancelled does not cancel it for the others."""

    async def ask(finder: QueryFinder, gate: Gate, _clock: Clock) -> None:
        gate.open.clear()
        waiting = [asyncio.ensure_future(finder.find(SHARED)) for _ in range(20)]
        await settled()
        waiting[0].cancel()
        await asyncio.sleep(0)
        gate.open.set()
        found = await asyncio.gather(*waiting[1:])
        assert [Row(0, 0, "shared", '{"server":"cs1.xbit.jp"}')] * 19 == [row for one in found for row in one.rows]
        assert (waiting[0].cancelled(), gate.questions) == (True, 1)

    run(customers, ask)


def test_rows_that_contradict_one_another(customers: ForeignSQLite) -> None:
    """Are an error of that name alone, which is kept as an answer is, and ends when they are mended."""

    async def ask(finder: QueryFinder, gate: Gate, clock: Clock) -> None:
        await finder.find(SHARED)
        customers.execute("INSERT INTO customers VALUES ('shared.example', 'own', NULL)")
        clock.now += TTL
        with pytest.raises(RowInvalid, match=r"shared.example: the query's answer has 2 different rows"):
            await finder.find(SHARED)
        with pytest.raises(RowInvalid, match=r"shared.example: the query's answer has 2 different rows") as caught:
            await finder.find(SHARED)
        assert (caught.value.domain, caught.value.column, gate.questions) == ("shared.example", None, 2)
        assert [Row(0, 0, "own", "{}")] == rows(await finder.find(Domain("own.example")))
        customers.path.rename(customers.path.with_suffix(".away"))
        with pytest.raises(MappingUnavailable):
            await finder.watch()
        with pytest.raises(RowInvalid):
            await finder.find(SHARED)
        customers.path.with_suffix(".away").rename(customers.path)
        clock.now += TTL
        await finder.watch()
        customers.execute("DELETE FROM customers WHERE package = 'own'")
        clock.now += TTL
        assert [Row(0, 0, "shared", '{"server":"cs1.xbit.jp"}')] == rows(await finder.find(SHARED))

    run(customers, ask)


def test_text_that_is_none(customers: ForeignSQLite) -> None:
    """SQLite takes any bytes for text: the column is named, and other names are answered."""
    customers.execute("UPDATE customers SET host = CAST(x'ff' AS TEXT) WHERE domain = 'shared.example'")

    async def ask(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        with pytest.raises(RowInvalid, match="the query's column 'server' is bytes that are not UTF-8"):
            await finder.find(SHARED)
        assert [Row(0, 0, "own", "{}")] == rows(await finder.find(Domain("own.example")))

    run(customers, ask)


@pytest.fixture
def contradicting(customers: ForeignSQLite, monkeypatch: pytest.MonkeyPatch) -> ForeignSQLite:
    """Rows of three names that cannot be read, where two such names are kept."""
    monkeypatch.setattr(answers, "UNREADABLE", 2)
    customers.execute("INSERT INTO customers SELECT domain, 'other', NULL FROM customers")
    return customers


def test_errors_are_bounded(contradicting: ForeignSQLite) -> None:
    """Only so many names with errors are kept; the others are asked for again."""

    async def ask(finder: QueryFinder, gate: Gate, _clock: Clock) -> None:
        for _ in range(2):
            for name in ("shared.example", "own.example", "gone.example"):
                with pytest.raises(RowInvalid):
                    await finder.find(Domain(name))
        assert gate.questions == 6

    run(contradicting, ask)


def test_a_mended_name_takes_no_room_from_those_with_errors(contradicting: ForeignSQLite) -> None:
    """What is wrong with the others is known on while the database is gone."""

    async def ask(finder: QueryFinder, _gate: Gate, clock: Clock) -> None:
        for name in ("own.example", "shared.example"):
            with pytest.raises(RowInvalid):
                await finder.find(Domain(name))
        contradicting.execute("DELETE FROM customers WHERE domain = 'shared.example' AND package = 'other'")
        clock.now += TTL
        await finder.find(SHARED)
        with pytest.raises(RowInvalid):
            await finder.find(Domain("gone.example"))
        contradicting.path.rename(contradicting.path.with_suffix(".away"))
        with pytest.raises(MappingUnavailable):
            await finder.watch()
        with pytest.raises(RowInvalid):
            await finder.find(Domain("own.example"))

    run(contradicting, ask)


def test_an_error_that_was_seen_again_is_kept_longest(contradicting: ForeignSQLite) -> None:
    """Where there are too many, the name whose rows were read longest ago makes room."""

    async def ask(finder: QueryFinder, gate: Gate, clock: Clock) -> None:
        async def known(name: str) -> bool:
            before = gate.questions
            with pytest.raises(RowInvalid):
                await finder.find(Domain(name))
            return gate.questions == before

        assert [await known("shared.example"), await known("own.example")] == [False, False]
        clock.now += TTL
        assert [await known("shared.example"), await known("gone.example")] == [False, False]
        assert await known("shared.example")

    run(contradicting, ask)


def test_columns_that_change_meanwhile(customers: ForeignSQLite) -> None:
    """`SELECT *` is read by the columns that it has today, and by their names."""

    def offers(columns: str, *values: str) -> None:
        customers.execute(
            "DROP TABLE IF EXISTS offers", f"CREATE TABLE offers ({columns})", f"INSERT INTO offers VALUES {values}"
        )

    async def ask(finder: QueryFinder, _gate: Gate, clock: Clock) -> None:
        assert [Row(0, 0, "shared", '{"server":"cs1"}')] == rows(await finder.find(SHARED))
        offers("server, plan, port", "cs2", "shared", "993")
        clock.now += TTL
        assert [Row(0, 0, "shared", '{"port":"993","server":"cs2"}')] == rows(await finder.find(SHARED))
        assert set(finder.columns) == {"server", "port"}
        offers("server, product", "cs2", "shared")
        with pytest.raises(MappingUnavailable, match="no column 'plan'"):
            await finder.find(Domain("own.example"))

    offers("plan, server", "shared", "cs1")
    run(customers, ask, "SELECT offers.* FROM offers, customers WHERE domain = :domain")


def test_what_is_counted(customers: ForeignSQLite) -> None:
    """A hit is who got what is kept, also while the database is gone; a miss is who needed the database."""

    async def ask(finder: QueryFinder, _gate: Gate, clock: Clock) -> None:
        def counted() -> tuple[float, float]:
            gauges = finder.gauges()
            return gauges["cache_hits_total"], gauges["cache_misses_total"]

        await finder.find(SHARED)
        found = [counted()]
        await finder.find(SHARED)
        found.append(counted())
        finder.find_now(SHARED)
        found.append(counted())
        customers.path.rename(customers.path.with_suffix(".away"))
        with pytest.raises(MappingUnavailable):
            await finder.watch()
        clock.now += TTL
        await finder.find(SHARED)
        found.append(counted())
        assert found == [(0, 1), (1, 1), (2, 1), (3, 1)]

    run(customers, ask)


def test_too_many_questions(customers: ForeignSQLite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strangers cannot pile up questions without bound; who has an answer has it nevertheless."""
    monkeypatch.setattr(queried, "LIMIT", 0.05)

    async def ask(finder: QueryFinder, gate: Gate, clock: Clock) -> None:
        before = await finder.find(SHARED)
        clock.now += TTL
        gate.open.clear()
        flood = [asyncio.ensure_future(finder.find(Domain(f"n{number}.example"))) for number in range(MAX_FLIGHTS)]
        await asyncio.sleep(0)
        with pytest.raises(MappingUnavailable, match="too many names"):
            await finder.find(Domain("one.more.example"))
        assert rows(await finder.find(SHARED)) == rows(before)
        await asyncio.gather(*flood, return_exceptions=True)
        assert gate.questions == 1 + MAX_FLIGHTS

    run(customers, ask)


@pytest.mark.parametrize(
    ("query", "query_all", "said"),
    [
        ("SELECT package FROM customers WHERE domain = :domain", None, "query: the result has no column 'plan'"),
        (
            "SELECT product AS plan FROM customers WHERE domain = :domain",
            None,
            "query: .* refuses .*: no such column",
        ),
        (QUERY, QUERY.replace(":domain", "1"), "query_all: the result has no column 'domain'"),
        (QUERY, "SELECT 1 AS plan, domain FROM absent", "query_all: .* refuses .*: no such table"),
    ],
    ids=["column", "refused", "column of all", "all refused"],
)
def test_what_is_wrong_at_the_start(customers: ForeignSQLite, query: str, query_all: str | None, said: str) -> None:
    """The start fails with the name of the query that the database refuses or that has other columns."""

    async def ask(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        raise AssertionError(finder)

    with pytest.raises(SettingsInvalid, match=said):
        run(customers, ask, query, query_all)
