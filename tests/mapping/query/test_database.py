"""What holds for queries to another program's database, on every engine."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import warnings
from typing import TYPE_CHECKING

import psycopg
import pytest

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.place import Kind, Place
from autoconfig.mapping.query import database as query
from autoconfig.mapping.query.database import BATCH, ROWS, Answer, ForeignDatabase, Statement
from tests.conftest import needs
from tests.mapping.foreign.databases import CUSTOMERS, as_user, new_foreign, statements
from tests.servers.pgbouncer import PgBouncer
from tests.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.mapping.foreign.databases import Foreign

NAMED = {Kind.SQLITE: ":domain", Kind.POSTGRESQL: "%(domain)s", Kind.MARIADB: "%(domain)s"}
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


def asked(foreign: Foreign, question: Callable[[ForeignDatabase], Awaitable[Answer]]) -> Answer:
    """The answer to a question."""

    async def ask() -> Answer:
        database = ForeignDatabase(Place.parse(foreign.url))
        try:
            return await question(database)
        finally:
            await database.close()

    return asyncio.run(ask())


def about(foreign: Foreign, name: str, table: str = "customers") -> Statement:
    """A statement about one name."""
    return Statement(f"SELECT package, host FROM {table} WHERE domain = {NAMED[foreign.kind]}", {"domain": name})


def one(foreign: Foreign, statement: Statement) -> Answer:
    """The answer to one statement."""
    return asked(foreign, lambda database: database.answer(statement))


async def until_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that listens, and says nothing."""
    await reader.read()
    writer.close()
    await writer.wait_closed()


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
    """The rows of a name, and the columns also where there is no row; a name is nothing but a name."""
    found = one(foreign, about(foreign, name))

    assert (("package", "host"), expected) == (found.columns, [tuple(row) for row in found.rows])


def test_many_rows(foreign: Foreign) -> None:
    """Of many rows only some are fetched, whatever the statement asks for; a list has them all."""
    many = ", ".join(f"('{number:05}.example', 'shared')" for number in range(2 * BATCH + 1))
    foreign.execute("DELETE FROM customers", f"INSERT INTO customers (domain, package) VALUES {many}")
    everything = Statement("SELECT domain FROM customers ORDER BY domain", {})

    async def listed(database: ForeignDatabase) -> Answer:
        batches = [batch async for batch in database.listing(everything)]
        assert max(len(batch.rows) for batch in batches) <= BATCH
        return Answer(batches[0].columns, [row for batch in batches for row in batch.rows])

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
    """Nothing can be written; what is no SQL, or is about what is not there, is the operator's to mend."""

    async def ask(database: ForeignDatabase) -> Answer:
        if listing:
            async for batch in database.listing(Statement(text, {})):
                return batch
        return await database.answer(Statement(text, {}))

    with pytest.raises(SettingsInvalid, match="refuses it: ") as caught:
        asked(foreign, ask)

    assert "\n" not in str(caught.value)
    assert [*map(tuple, one(foreign, about(foreign, "shared.example")).rows)] == [("shared", "cs1.xbit.jp")]


def test_a_statement_that_takes_too_long(foreign: Foreign, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database ends it; it is there nevertheless, and is asked on."""
    for engine in ("sqlite", "postgresql", "mariadb"):
        monkeypatch.setattr(f"autoconfig.mapping.query.{engine}.STATEMENT_LIMIT", 0.3)

    async def ask(database: ForeignDatabase) -> Answer:
        with pytest.raises(MappingUnavailable):
            await database.answer(Statement(SLOW[foreign.kind], {}))
        assert not database.down
        return await database.answer(about(foreign, "shared.example"))

    assert [*map(tuple, asked(foreign, ask).rows)] == [("shared", "cs1.xbit.jp")]


def test_a_statement_that_is_given_up(foreign: Foreign, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the database does not end it in time, we do, and it counts as gone until it is looked at again."""
    monkeypatch.setattr(query, "LIMIT", 0.3)

    async def ask(database: ForeignDatabase) -> Answer:
        await database.answer(about(foreign, "shared.example"))
        with pytest.raises(MappingUnavailable, match="no answer within"):
            await database.answer(Statement(SLOW[foreign.kind], {}))
        assert database.down
        await asyncio.sleep(0.3)
        await database.look()
        monkeypatch.setattr(query, "LIMIT", 4.0)
        return await database.answer(about(foreign, "shared.example"))

    assert [*map(tuple, asked(foreign, ask).rows)] == [("shared", "cs1.xbit.jp")]


def test_a_limit_that_has_another_name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not know MariaDB's limit is given MySQL's; one that knows neither is asked without."""
    foreign = new_foreign(request, Kind.MARIADB)
    foreign.execute(*statements(CUSTOMERS))
    for limits in (("absent = {seconds}", "max_statement_time = {seconds}"), ("absent = {seconds}",)):
        monkeypatch.setattr("autoconfig.mapping.query.mariadb._LIMITS", limits)

        assert [*map(tuple, one(foreign, about(foreign, "own.example")).rows)] == [("own", None)]


def test_questions_at_once(foreign: Foreign) -> None:
    """More questions than connections wait for one another, and each gets its own answer."""

    async def ask(database: ForeignDatabase) -> Answer:
        names = ["shared.example", "own.example", "unknown.example"] * 20
        answers = await asyncio.gather(*(database.answer(about(foreign, name)) for name in names))
        return Answer((), [row for answer in answers for row in answer.rows])

    assert [*map(tuple, asked(foreign, ask).rows)] == [("shared", "cs1.xbit.jp"), ("own", None)] * 20


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_a_server_that_is_not_there(kind: Kind) -> None:
    """It is told at once; once it is known, nobody but the look tries again, and that not at every second."""
    now = [100.0]
    place = Place.parse(f"{kind.lower()}://nobody:secret@127.0.0.1:{free_port()}/customers")

    async def ask() -> None:
        database = ForeignDatabase(place, clock=lambda: now[0])
        statement = Statement("SELECT 1", {})
        with pytest.raises(MappingUnavailable, match=r"127\.0\.0\.1") as first:
            await database.answer(statement)
        assert database.down
        assert "secret" not in str(first.value)
        for _ in range(2):
            with pytest.raises(MappingUnavailable):
                await database.look()
            with pytest.raises(MappingUnavailable):
                await database.answer(statement)
            now[0] += 10
        await database.close()

    asyncio.run(ask())


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_a_server_that_is_started_again(request: pytest.FixtureRequest, kind: Kind) -> None:
    """Its connections are dead, and nobody notices; while it is gone everybody is told at once."""
    foreign = new_foreign(request, kind)
    foreign.execute(*statements(CUSTOMERS))
    server = request.getfixturevalue(kind.lower())

    async def ask(database: ForeignDatabase) -> Answer:
        statement = about(foreign, "shared.example")
        await asyncio.gather(*(database.answer(statement) for _ in range(8)))
        await database.look()
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        found = await asyncio.gather(*(database.answer(statement) for _ in range(8)))
        await asyncio.to_thread(server.stop)
        try:
            with pytest.raises(MappingUnavailable):
                await database.answer(statement)
            assert database.down
        finally:
            await asyncio.to_thread(server.start)
        while database.down:
            await asyncio.sleep(0.05)
            try:
                await database.look()
            except MappingUnavailable:
                continue
        return Answer((), [*found[0].rows, *(await database.answer(statement)).rows])

    assert [*map(tuple, asked(foreign, ask).rows)] == [("shared", "cs1.xbit.jp")] * 2


KILL = {
    Kind.POSTGRESQL: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid()",
    Kind.MARIADB: "KILL USER 'autoconfig_killed'@'127.0.0.1'",
}


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_connections_that_the_server_ends(request: pytest.FixtureRequest, kind: Kind) -> None:
    """Whoever comes next does not notice: a firewall or a limit on idle connections is no outage."""
    foreign = new_foreign(request, kind)
    foreign.execute(*statements(CUSTOMERS))
    url = foreign.url
    if kind is Kind.MARIADB:
        user = "'autoconfig_killed'@'127.0.0.1'"
        foreign.execute(f"CREATE USER {user}", f"GRANT SELECT ON *.* TO {user}")
        url = as_user(url, "autoconfig_killed")

    async def ask() -> Answer:
        database, statement = ForeignDatabase(Place.parse(url)), about(foreign, "shared.example")
        try:
            await asyncio.gather(*(database.answer(statement) for _ in range(8)))
            foreign.execute(KILL[kind])
            found = await asyncio.gather(*(database.answer(statement) for _ in range(8)))
            return Answer((), [row for answer in found for row in answer.rows])
        finally:
            await database.close()

    assert [*map(tuple, asyncio.run(ask()).rows)] == [("shared", "cs1.xbit.jp")] * 8


def test_notes_of_the_server(request: pytest.FixtureRequest) -> None:
    """What MariaDB notes of a comparison is no warning of ours; and what others want to be warned of stays so."""
    foreign = new_foreign(request, Kind.MARIADB)
    foreign.execute(*statements(CUSTOMERS))
    noted = Statement("SELECT 1 / 0, SLEEP(0.02) FROM customers WHERE 'a' = 1 OR package IS NOT NULL", {})

    async def ask(database: ForeignDatabase) -> Answer:
        async for batch in database.listing(noted):
            assert len(batch.rows) == 2
        answers = await asyncio.gather(*(late(database, number) for number in range(8)))
        return answers[0]

    async def late(database: ForeignDatabase, number: int) -> Answer:
        await asyncio.sleep(number * 0.005)  # so that none ends in the order in which they began
        return await database.answer(noted)

    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        before = list(warnings.filters)
        found = asked(foreign, ask)
        after = list(warnings.filters)

    assert (before, []) == (after, warned)
    assert [*map(tuple, found.rows)] == [(None, 0)] * 2


def test_a_pooler_in_between(request: pytest.FixtureRequest) -> None:
    """Behind PgBouncer in transaction mode all is as without it, and other programs of the same role notice nothing."""
    foreign = new_foreign(request, Kind.POSTGRESQL)
    foreign.execute(*statements(CUSTOMERS))
    server = request.getfixturevalue("postgresql")
    with contextlib.ExitStack() as running:
        pooler = PgBouncer.made(needs("pgbouncer", "pgbouncer"), server.port)
        running.callback(pooler.remove)
        url = foreign.url.replace(f":{server.port}/", f":{pooler.port}/")

        async def ask() -> None:
            database = ForeignDatabase(Place.parse(url))
            try:
                for _ in range(10):  # the driver would prepare what it is asked for the sixth time
                    answers = await asyncio.gather(*(database.answer(about(foreign, "own.example")) for _ in range(8)))
                    assert [[*map(tuple, answer.rows)] for answer in answers] == [[("own", None)]] * 8
                with pytest.raises(SettingsInvalid, match="read-only"):
                    await database.answer(Statement("DELETE FROM customers", {}))
                with pytest.raises(MappingUnavailable, match="timeout"):
                    await database.answer(Statement("SELECT pg_sleep(60)", {}))
                assert sum([len(batch.rows) async for batch in database.listing(about_all())]) == 3
            finally:
                await database.close()

        asyncio.run(ask())
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as other:
            settings = [other.execute(b"SHOW %s" % name.encode()).fetchone() for name in SESSION]
            prepared = other.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()

    assert ([(value,) for value in SESSION.values()], (0,)) == (settings, prepared)


SESSION = {"default_transaction_read_only": "off", "transaction_read_only": "off", "statement_timeout": "0"}
"""What a program of the same role finds that sets nothing."""


def about_all() -> Statement:
    """A statement whose result has several rows."""
    return Statement("SELECT domain FROM customers ORDER BY domain", {})


def test_several_hosts(request: pytest.FixtureRequest) -> None:
    """Of several hosts the first that answers is asked."""
    foreign = new_foreign(request, Kind.POSTGRESQL)
    foreign.execute(*statements(CUSTOMERS))
    server = request.getfixturevalue("postgresql")
    url = foreign.url.replace(f"127.0.0.1:{server.port}", f"127.0.0.1:{free_port()},127.0.0.1:{server.port}")

    async def ask() -> Answer:
        database = ForeignDatabase(Place.parse(url))
        try:
            return await database.answer(about(foreign, "shared.example"))
        finally:
            await database.close()

    assert list(asyncio.run(ask()).rows) == [("shared", "cs1.xbit.jp")]


def test_a_host_that_says_nothing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes connections and is silent leaves time for the next one."""
    monkeypatch.setattr(query, "LIMIT", 1.5)
    foreign = new_foreign(request, Kind.POSTGRESQL)
    foreign.execute(*statements(CUSTOMERS))
    server = request.getfixturevalue("postgresql")

    async def run() -> Answer:
        silent = await asyncio.start_server(until_the_end, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        own = f"127.0.0.1:{server.port}"
        database = ForeignDatabase(Place.parse(foreign.url.replace(own, f"127.0.0.1:{port},{own}")))
        try:
            return await database.answer(about(foreign, "shared.example"))
        finally:
            await database.close()
            silent.close()
            await silent.wait_closed()

    assert list(asyncio.run(run()).rows) == [("shared", "cs1.xbit.jp")]


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes connections and is silent counts as gone after a while."""
    monkeypatch.setattr(query, "LIMIT", 0.3)

    async def run() -> None:
        silent = await asyncio.start_server(until_the_end, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        for kind in (Kind.POSTGRESQL, Kind.MARIADB):
            database = ForeignDatabase(Place.parse(f"{kind.lower()}://nobody@127.0.0.1:{port}/customers"))
            with pytest.raises(MappingUnavailable):
                await database.answer(Statement("SELECT 1", {}))
            assert database.down
            await database.close()
        silent.close()
        await silent.wait_closed()

    asyncio.run(run())


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_a_user_that_is_not_let_in(request: pytest.FixtureRequest, kind: Kind) -> None:
    """The server's word is passed on, the password is not."""
    foreign = new_foreign(request, kind)
    database = ForeignDatabase(Place.parse(as_user(foreign.url, "stranger", "hunter2")))

    async def ask() -> None:
        try:
            await database.answer(Statement("SELECT 1", {}))
        finally:
            await database.close()

    with pytest.raises(MappingUnavailable, match="stranger") as caught:
        asyncio.run(ask())

    assert "hunter2" not in str(caught.value)


def sqlite_database(path: Path) -> ForeignDatabase:
    """A database in a file."""
    return ForeignDatabase(Place.parse(f"sqlite:///{path}"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Nothing is made in its place."""
    path = tmp_path / "nothing.db"
    with pytest.raises(MappingUnavailable, match="there is no such file"):
        asyncio.run(sqlite_database(path).answer(Statement("SELECT 1", {})))

    assert not path.exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """The operator is told which setting to look at."""
    path = tmp_path / "customers.csv"
    path.write_text("domain,plan\n" * 100)

    with pytest.raises(SettingsInvalid, match=r"database: .*is not a SQLite database"):
        asyncio.run(sqlite_database(path).answer(Statement("SELECT 1", {})))


def test_a_file_in_wal_mode(request: pytest.FixtureRequest) -> None:
    """Also where nobody else has it open, and while somebody writes to it."""
    foreign = new_foreign(request, Kind.SQLITE)
    foreign.execute("PRAGMA journal_mode = WAL", *statements(CUSTOMERS))
    statement = about(foreign, "shared.example")

    assert one(foreign, statement).rows == [("shared", "cs1.xbit.jp")]
    with sqlite3.connect(Place.parse(foreign.url).path, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM customers")
        assert one(foreign, statement).rows == [("shared", "cs1.xbit.jp")]
    writer.close()


def test_another_file_in_its_place(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A file that is put in its place is read from then on."""
    foreign = new_foreign(request, Kind.SQLITE)
    foreign.execute(*statements(CUSTOMERS))
    path = Place.parse(foreign.url).path

    async def ask(database: ForeignDatabase) -> Answer:
        statement = about(foreign, "shared.example")
        before = await database.answer(statement)
        path.rename(tmp_path / "old.db")
        foreign.execute(*statements(CUSTOMERS), "UPDATE customers SET host = 'cs2.xbit.jp'")
        return Answer((), [*before.rows, *(await database.answer(statement)).rows])

    assert asked(foreign, ask).rows == [("shared", "cs1.xbit.jp"), ("shared", "cs2.xbit.jp")]


def test_a_file_that_is_locked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that keeps everybody out is waited for a moment; then it is told, and the file is there."""
    monkeypatch.setattr("autoconfig.mapping.query.sqlite._BUSY", 0.05)
    foreign = new_foreign(request, Kind.SQLITE)
    foreign.execute(*statements(CUSTOMERS))

    async def ask(database: ForeignDatabase) -> Answer:
        statement = about(foreign, "shared.example")
        await database.answer(statement)
        writer = sqlite3.connect(Place.parse(foreign.url).path, isolation_level=None)
        writer.execute("BEGIN EXCLUSIVE")
        with pytest.raises(MappingUnavailable, match="locked"):
            await database.answer(statement)
        writer.execute("ROLLBACK")
        writer.close()
        return await database.answer(statement)

    assert asked(foreign, ask).rows == [("shared", "cs1.xbit.jp")]
