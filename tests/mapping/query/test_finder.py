from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable, RowInvalid, SettingsInvalid
from autoconfig.mail.domain import Domain
from autoconfig.mapping.place import Kind, Place
from autoconfig.mapping.query import finder as queried
from autoconfig.mapping.query.database import Answer, ForeignDatabase
from autoconfig.mapping.query.finder import MAX_FLIGHTS, QueryFinder, Question
from autoconfig.mapping.timeline import NOTHING, Row, Timeline
from tests.mapping.foreign.databases import CUSTOMERS, QUERY, QUERY_ALL, ForeignSQLite, new_foreign, statements

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from autoconfig.mapping.query.database import Statement
    from tests.mapping.foreign.databases import Foreign

SHARED = Domain("shared.example")
TTL = 5.0


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class Gate(ForeignDatabase):
    """The real thing, behind a gate that a test closes; it counts the questions."""

    def __init__(self, place: Place, clock: Clock) -> None:
        super().__init__(place, clock)
        self.open = asyncio.Event()
        self.open.set()
        self.questions = 0

    async def answer(self, statement: Statement) -> Answer:
        """As soon as the gate is open."""
        self.questions += 1
        await self.open.wait()
        return await super().answer(statement)


@pytest.fixture
def customers(request: pytest.FixtureRequest) -> ForeignSQLite:
    """A table of customers, in a file."""
    made = new_foreign(request, Kind.SQLITE)
    assert isinstance(made, ForeignSQLite)
    made.execute(*statements(CUSTOMERS))
    return made


def run(
    foreign: Foreign,
    question: Callable[[QueryFinder, Gate, Clock], Awaitable[None]],
    query: str = QUERY,
    query_all: str | None = None,
    plans: dict[str, str] | None = None,
) -> None:
    """Ask a finder something; it is started before, and closed afterwards."""

    async def ask() -> None:
        place, clock = Place.parse(foreign.url), Clock()
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
        await asyncio.sleep(0.01)
        assert gate.questions == 2
        clock.now += TTL * (1 - queried.AHEAD) + 0.01
        assert finder.find_now(SHARED) is None
        assert await finder.find(SHARED) is NOTHING
        assert [Row(0, 0, "own", "{}")] == rows(await finder.find(unknown))
        assert gate.questions == 4

    run(customers, ask)


@pytest.mark.parametrize("name", [SHARED, Domain("unknown.example")], ids=["known", "unknown"])
def test_an_answer_is_renewed_before_it_is_old(customers: ForeignSQLite, name: Domain) -> None:
    """Who asks shortly before gets what is kept, without waiting; the next one gets what the database says by then."""

    async def ask(finder: QueryFinder, gate: Gate, clock: Clock) -> None:
        before = await finder.find(name)
        customers.execute("DELETE FROM customers", f"INSERT INTO customers VALUES ('{name.name}', 'new', NULL)")
        clock.now += TTL * queried.AHEAD
        gate.open.clear()
        assert [finder.find_now(name), await finder.find(name), finder.find_now(name)] == [before] * 3
        await asyncio.sleep(0)
        assert (gate.questions, finder.gauges()["cache_misses"]) == (2, 1)
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


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_a_start_while_the_database_is_gone(request: pytest.FixtureRequest, kind: Kind) -> None:
    """A process that tries on and on to start does so as soon as the database is back."""
    foreign = new_foreign(request, kind)
    foreign.execute(*statements(CUSTOMERS))
    server = request.getfixturevalue(kind.lower())

    async def start() -> None:
        place, clock = Place.parse(foreign.url), Clock()
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


def test_a_name_is_asked_for_once_at_a_time(customers: ForeignSQLite) -> None:
    """Many who ask for a name at once wait for one answer; one who goes away takes it from nobody."""

    async def ask(finder: QueryFinder, gate: Gate, _clock: Clock) -> None:
        gate.open.clear()
        waiting = [asyncio.ensure_future(finder.find(SHARED)) for _ in range(20)]
        await asyncio.sleep(0.01)
        waiting[0].cancel()
        await asyncio.sleep(0)
        gate.open.set()
        found = await asyncio.gather(*waiting[1:])
        assert [Row(0, 0, "shared", '{"server":"cs1.xbit.jp"}')] * 19 == [row for one in found for row in one.rows]
        assert (waiting[0].cancelled(), gate.questions) == (True, 1)

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


def test_what_was_asked_serves_on_while_the_database_is_gone(customers: ForeignSQLite) -> None:
    """For more than a day, known names and unknown ones; others are told so. It comes back by itself."""

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
    """Nobody who asked before gets an error while the server is gone; what changed is seen when it is back."""
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
    """A query that is refused while we serve is no error of a name: what is kept serves on, others come back later."""

    async def ask(finder: QueryFinder, _gate: Gate, clock: Clock) -> None:
        before = await finder.find(SHARED)
        customers.execute("ALTER TABLE customers RENAME COLUMN package TO product")
        clock.now += TTL
        assert rows(await finder.find(SHARED)) == rows(before)
        with pytest.raises(MappingUnavailable, match="refuses it: no such column"):
            await finder.find(Domain("own.example"))

    run(customers, ask)


def test_rows_that_contradict_one_another(customers: ForeignSQLite) -> None:
    """Are an error of that name alone, which is kept as an answer is, and ends when they are mended."""

    async def ask(finder: QueryFinder, gate: Gate, clock: Clock) -> None:
        await finder.find(SHARED)
        customers.execute("INSERT INTO customers VALUES ('shared.example', 'own', NULL)")
        clock.now += TTL
        with pytest.raises(RowInvalid, match=r"shared.example: the query's answer has 2 rows"):
            await finder.find(SHARED)
        with pytest.raises(RowInvalid, match=r"shared.example: the query's answer has 2 rows") as caught:
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


def test_errors_are_bounded(customers: ForeignSQLite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many names with errors are kept; the others are asked for again."""
    monkeypatch.setattr(queried, "MAX_FAULTS", 2)
    customers.execute("INSERT INTO customers SELECT domain, 'other', NULL FROM customers")

    async def ask(finder: QueryFinder, gate: Gate, _clock: Clock) -> None:
        for _ in range(2):
            for name in ("shared.example", "own.example", "gone.example"):
                with pytest.raises(RowInvalid):
                    await finder.find(Domain(name))
        assert gate.questions == 6

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
        ("SELECT product AS plan FROM customers WHERE domain = :domain", None, "query: .* refuses it: no such column"),
        (QUERY, QUERY.replace(":domain", "1"), "query_all: the result has no column 'domain'"),
        (QUERY, "SELECT 1 AS plan, domain FROM absent", "query_all: .* refuses it: no such table"),
    ],
    ids=["column", "refused", "column of all", "all refused"],
)
def test_what_is_wrong_at_the_start(customers: ForeignSQLite, query: str, query_all: str | None, said: str) -> None:
    """The operator is told at the start which of the queries cannot be put, or has other columns."""

    async def ask(finder: QueryFinder, _gate: Gate, _clock: Clock) -> None:
        raise AssertionError(finder)

    with pytest.raises(SettingsInvalid, match=said):
        run(customers, ask, query, query_all)


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

    run(customers, ask)


def test_plans_in_use_while_the_database_is_gone(customers: ForeignSQLite) -> None:
    """With a list that cannot be asked for, nobody says that a plan is not in use."""

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
            "cache_hits": 2,
            "cache_misses": 3,
            "mapping_age_seconds": 0,
        }

    run(customers, ask)
