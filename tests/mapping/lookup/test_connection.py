"""What holds for queries to another program's database, on every engine."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import CursorResult

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.lookup import database as query
from autoconfig.mapping.lookup.connection import BATCH, ROWS, QueryResult, Statement
from autoconfig.mapping.lookup.database import STATEMENT_LIMIT, ForeignDatabase
from tests.mapping.foreign.databases import CUSTOMERS, new_foreign, statements
from tests.mapping.lookup.asked import about, about_all, asked, one

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Row

    from tests.mapping.foreign.databases import Foreign, ForeignSQLite

SLOW = {
    Kind.SQLITE: "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n",
    Kind.POSTGRESQL: "SELECT pg_sleep(60)",
    Kind.MARIADB: "SELECT sum(a.seq * b.seq) FROM seq_1_to_1000000 AS a, seq_1_to_1000000 AS b",
}


@pytest.fixture(params=list(Kind), ids=str)
def foreign(request: pytest.FixtureRequest) -> Foreign:
    """Another program's database, with a table of customers."""
    made = new_foreign(request, request.param)
    made.execute(*statements(CUSTOMERS))
    return made


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("shared.example", [("shared", "cs1.xbit.jp")]),
        ("own.example", [("own", None)]),
        ("unknown.example", []),
        ("' OR ''='", []),
        ("\\' OR 1=1 -- ", []),
        ("日本語.example", []),
    ],
    ids=["row", "NULL", "no row", "quotes", "backslash", "no ASCII"],
)
def test_answer(foreign: Foreign, name: str, expected: list[tuple[object, ...]]) -> None:
    """The rows of a name, and the columns even without rows; a name is never interpreted as SQL."""
    found = one(foreign, about(foreign, name))

    assert (("package", "host"), expected) == (found.columns, [tuple(row) for row in found.rows])


def test_many_rows(foreign: Foreign) -> None:
    """Of many rows only some are fetched, whatever the statement asks for; a list has them all."""
    many = ", ".join(f"('{number:05}.example', 'shared')" for number in range(2 * BATCH + 1))
    foreign.execute("DELETE FROM customers", f"INSERT INTO customers (domain, package) VALUES {many}")
    everything = Statement("SELECT domain FROM customers ORDER BY domain", {})

    async def listed(database: ForeignDatabase) -> QueryResult:
        batches = [*database.listing(everything)]
        assert max(len(batch.rows) for batch in batches) <= BATCH
        return QueryResult(batches[0].columns, [row for batch in batches for row in batch.rows])

    assert len(one(foreign, everything).rows) == ROWS
    assert [(f"{number:05}.example",) for number in range(2 * BATCH + 1)] == [*map(tuple, asked(foreign, listed).rows)]


@pytest.mark.parametrize("listing", [False, True], ids=["answer", "listing"])
@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO customers (domain) VALUES ('new.example')",
        "DELETE FROM customers",
        "CREATE TABLE mine (x INTEGER)",
        "SELEC",
        "SELECT x FROM customers",
        "SELECT 1 FROM nothing",
    ],
)
def test_what_the_database_refuses(foreign: Foreign, text: str, listing: bool) -> None:
    """Nothing can be written; invalid SQL and missing tables or columns are configuration errors."""

    async def ask(database: ForeignDatabase) -> QueryResult:
        if listing:
            return QueryResult((), [row for batch in database.listing(Statement(text, {})) for row in batch.rows])
        return await database.answer(Statement(text, {}))

    with pytest.raises(SettingsInvalid, match="refuses the query: ") as caught:
        asked(foreign, ask)

    assert "\n" not in str(caught.value)
    names = [("gone.example",), ("own.example",), ("shared.example",)]
    assert names == [*map(tuple, one(foreign, about_all()).rows)]
    assert [*map(tuple, one(foreign, about(foreign, "shared.example")).rows)] == [("shared", "cs1.xbit.jp")]


def test_a_statement_that_takes_too_long(foreign: Foreign, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database ends it; it is there nevertheless, and is asked on."""
    monkeypatch.setattr(query, "STATEMENT_LIMIT", 0.3)

    async def ask(database: ForeignDatabase) -> QueryResult:
        with pytest.raises(MappingUnavailable):
            await database.answer(Statement(SLOW[foreign.kind], {}))
        assert not database.down
        return await database.answer(about(foreign, "shared.example"))

    assert [*map(tuple, asked(foreign, ask).rows)] == [("shared", "cs1.xbit.jp")]


def test_a_statement_that_is_given_up(foreign: Foreign, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database does not end it in time, we do, and it counts as gone until it is looked at again."""
    for limit in ("LIMIT", "LOOK_LIMIT"):
        monkeypatch.setattr(query, limit, 60.0)

    async def ask(database: ForeignDatabase) -> QueryResult:
        await database.answer(about(foreign, "shared.example"))
        monkeypatch.setattr(query, "LIMIT", 0.3)
        with pytest.raises(MappingUnavailable, match="no answer within"):
            await database.answer(Statement(SLOW[foreign.kind], {}))
        assert database.down
        await asyncio.sleep(0.3)
        await database.look()
        monkeypatch.setattr(query, "LIMIT", 60.0)
        return await database.answer(about(foreign, "shared.example"))

    assert [*map(tuple, asked(foreign, ask).rows)] == [("shared", "cs1.xbit.jp")]


def test_a_list_that_is_given_up(foreign: Foreign, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading all rows in the background takes no longer than the limit for lists."""

    async def ask() -> None:
        database = ForeignDatabase(DatabaseLocation.parse(foreign.url))
        monkeypatch.setattr(query, "LISTING_LIMIT", 0.3)
        with pytest.raises(MappingUnavailable, match="no answer within"):
            await database.folded(Statement(SLOW[foreign.kind], {}), list)
        foreign.execute("DELETE FROM customers WHERE domain = 'own.example'")
        monkeypatch.setattr(query, "LISTING_LIMIT", 60)
        (batch,) = await database.folded(about_all(), list)
        assert [*map(tuple, batch.rows)] == [("gone.example",), ("shared.example",)]
        await database.close()
        gc.collect()  # nothing is left that warns of it

    if foreign.kind is Kind.MARIADB:
        monkeypatch.setattr(query, "LISTING_LIMIT", 2.0)  # the thread ends by the server's limit
    asyncio.run(ask())


def test_a_list_that_its_driver_does_not_understand(
    customers: ForeignSQLite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Is told as a database that cannot be asked, in the middle of the list too, and logged."""
    rows = CursorResult.partitions

    def partitions(result: CursorResult[Any], size: int) -> Iterator[Sequence[Row[Any]]]:
        yield from rows(result, size)
        raise IndexError("out of range")

    monkeypatch.setattr(CursorResult, "partitions", partitions)
    with contextlib.closing(ForeignDatabase(DatabaseLocation.parse(customers.url)).listing(about_all())) as batches:
        found = next(batches)
        with pytest.raises(MappingUnavailable, match=r"foreign.db: .*\(IndexError: out of range\)"):
            next(batches)

    assert len(found.rows) == 3
    assert len(caplog.messages) == 1


def test_a_limit_that_has_another_name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not know MariaDB's limit is given MySQL's; one that knows neither is asked without."""
    foreign = new_foreign(request, Kind.MARIADB)
    foreign.execute(*statements(CUSTOMERS))
    (default,) = one(foreign, Statement("SELECT @@GLOBAL.max_statement_time", {})).rows[0]
    for limits, expected in (
        (("absent = {seconds}", "max_statement_time = {seconds}"), STATEMENT_LIMIT),
        (("absent = {seconds}",), default),
    ):
        monkeypatch.setattr("autoconfig.mapping.lookup.connection._LIMITS", limits)

        assert [*map(tuple, one(foreign, about(foreign, "own.example")).rows)] == [("own", None)]
        assert [(expected,)] == [*one(foreign, Statement("SELECT @@SESSION.max_statement_time", {})).rows]


def test_questions_at_once(foreign: Foreign) -> None:
    """More questions than connections wait for one another, and each gets its own answer."""

    async def ask(database: ForeignDatabase) -> QueryResult:
        names = ["shared.example", "own.example", "unknown.example"] * 20
        answers = await asyncio.gather(*(database.answer(about(foreign, name)) for name in names))
        return QueryResult((), [row for answer in answers for row in answer.rows])

    assert [*map(tuple, asked(foreign, ask).rows)] == [("shared", "cs1.xbit.jp"), ("own", None)] * 20


def test_notes_of_the_server(request: pytest.FixtureRequest) -> None:
    """MariaDB's notes about a comparison raise no Python warning, and other warnings are not suppressed."""
    foreign = new_foreign(request, Kind.MARIADB)
    foreign.execute(*statements(CUSTOMERS))
    noted = Statement("SELECT 1 / 0, SLEEP(0.02) FROM customers WHERE 'a' = 1 OR package IS NOT NULL", {})

    async def ask(database: ForeignDatabase) -> QueryResult:
        for batch in database.listing(noted):
            assert len(batch.rows) == 2
        answers = await asyncio.gather(*(late(database, number) for number in range(8)))
        return answers[0]

    async def late(database: ForeignDatabase, number: int) -> QueryResult:
        await asyncio.sleep(number * 0.005)  # so that none ends in the order in which they began
        return await database.answer(noted)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        found = asked(foreign, ask)
        after = list(warnings.filters)

    assert (before, []) == (after, warned)
    assert [*map(tuple, found.rows)] == [(None, 0)] * 2
