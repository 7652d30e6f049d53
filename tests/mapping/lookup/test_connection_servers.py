"""What holds for queries to servers: they go, start again, are behind a pooler, say nothing."""

from __future__ import annotations

import asyncio
import contextlib

import psycopg
import pytest

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.lookup import database as query
from autoconfig.mapping.lookup.connection import QueryResult, Statement
from autoconfig.mapping.lookup.database import ForeignDatabase
from tests.conftest import needs
from tests.mapping.foreign.databases import CUSTOMERS, as_user, new_foreign, statements
from tests.mapping.lookup.asked import about, about_all, asked
from tests.support.ports import free_port
from tests.support.servers.pgbouncer import PgBouncer


async def until_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A server that listens, and says nothing."""
    with contextlib.suppress(asyncio.CancelledError):  # a driver may hang on for longer than the test
        await reader.read()
    writer.close()


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_a_server_that_is_not_there(kind: Kind) -> None:
    """An outage is reported at once; then only the availability check tries again, and not every second."""
    now, connected = [100.0], 0
    port = free_port()
    place = DatabaseLocation.parse(f"{kind.lower()}://nobody:secret@127.0.0.1:{port}/customers")

    def let_in(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connected
        connected += 1
        writer.close()

    async def ask() -> None:
        database = ForeignDatabase(place, clock=lambda: now[0])
        statement = Statement("SELECT 1", {})
        with pytest.raises(MappingUnavailable, match=r"127\.0\.0\.1") as first:
            await database.answer(statement)
        assert database.down
        assert "secret" not in str(first.value)
        async with await asyncio.start_server(let_in, "127.0.0.1", port):
            for looked in (False, True, True):
                before = connected
                with pytest.raises(MappingUnavailable):
                    await database.look()
                assert looked == (connected > before)
                before = connected
                for again in (database.look, lambda: database.answer(statement)):
                    with pytest.raises(MappingUnavailable):
                        await again()
                now[0] += 10
                with pytest.raises(MappingUnavailable):
                    await database.answer(statement)
                assert connected == before
        await database.close()

    asyncio.run(ask())


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_a_server_that_is_started_again(request: pytest.FixtureRequest, kind: Kind) -> None:
    """Dead connections after a restart fail no request; while the server is down, requests fail at once."""
    foreign = new_foreign(request, kind)
    foreign.execute(*statements(CUSTOMERS))
    server = request.getfixturevalue(kind.lower())

    async def ask(database: ForeignDatabase) -> QueryResult:
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
        return QueryResult((), [*found[0].rows, *(await database.answer(statement)).rows])

    assert [*map(tuple, asked(foreign, ask).rows)] == [("shared", "cs1.xbit.jp")] * 2


KILL = {
    Kind.POSTGRESQL: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND pid <> pg_backend_pid()",
    Kind.MARIADB: "KILL USER 'autoconfig_killed'@'127.0.0.1'",
}


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_connections_that_the_server_ends(request: pytest.FixtureRequest, kind: Kind) -> None:
    """A connection that a firewall or an idle limit has cut is replaced unnoticed: that is not an outage."""
    foreign = new_foreign(request, kind)
    foreign.execute(*statements(CUSTOMERS))
    url = foreign.url
    if kind is Kind.MARIADB:
        user = "'autoconfig_killed'@'127.0.0.1'"
        foreign.execute(f"CREATE USER {user}", f"GRANT SELECT ON *.* TO {user}")
        url = as_user(url, "autoconfig_killed")

    async def ask() -> QueryResult:
        database, statement = ForeignDatabase(DatabaseLocation.parse(url)), about(foreign, "shared.example")
        try:
            await asyncio.gather(*(database.answer(statement) for _ in range(8)))
            foreign.execute(KILL[kind])
            found = await asyncio.gather(*(database.answer(statement) for _ in range(8)))
            return QueryResult((), [row for answer in found for row in answer.rows])
        finally:
            await database.close()

    assert [*map(tuple, asyncio.run(ask()).rows)] == [("shared", "cs1.xbit.jp")] * 8


SESSION = {"default_transaction_read_only": "off", "transaction_read_only": "off", "statement_timeout": "0"}
"""What a program of the same role finds that sets nothing."""


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
            database = ForeignDatabase(DatabaseLocation.parse(url))
            try:
                for _ in range(10):  # the driver would prepare what it is asked for the sixth time
                    answers = await asyncio.gather(*(database.answer(about(foreign, "own.example")) for _ in range(8)))
                    assert [[*map(tuple, answer.rows)] for answer in answers] == [[("own", None)]] * 8
                with pytest.raises(SettingsInvalid, match="read-only"):
                    await database.answer(Statement("DELETE FROM customers", {}))
                with pytest.raises(MappingUnavailable, match="timeout"):
                    await database.answer(Statement("SELECT pg_sleep(60)", {}))
                assert sum(len(batch.rows) for batch in database.listing(about_all())) == 3
            finally:
                await database.close()

        asyncio.run(ask())
        with psycopg.connect(url, autocommit=True, prepare_threshold=None) as other:
            settings = [other.execute(b"SHOW %s" % name.encode()).fetchone() for name in SESSION]
            prepared = other.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()

    assert ([(value,) for value in SESSION.values()], (0,)) == (settings, prepared)


def test_several_hosts(request: pytest.FixtureRequest) -> None:
    """Of several hosts the first that answers is asked."""
    foreign = new_foreign(request, Kind.POSTGRESQL)
    foreign.execute(*statements(CUSTOMERS))
    server = request.getfixturevalue("postgresql")
    url = foreign.url.replace(f"127.0.0.1:{server.port}", f"127.0.0.1:{free_port()},127.0.0.1:{server.port}")

    async def ask() -> QueryResult:
        database = ForeignDatabase(DatabaseLocation.parse(url))
        try:
            return await database.answer(about(foreign, "shared.example"))
        finally:
            await database.close()

    assert list(asyncio.run(ask()).rows) == [("shared", "cs1.xbit.jp")]


def test_a_host_that_says_nothing(request: pytest.FixtureRequest) -> None:
    """One that takes connections and is silent leaves time for the next one."""
    foreign = new_foreign(request, Kind.POSTGRESQL)
    foreign.execute(*statements(CUSTOMERS))
    server = request.getfixturevalue("postgresql")

    async def run() -> QueryResult:
        silent = await asyncio.start_server(until_the_end, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        own = f"127.0.0.1:{server.port}"
        database = ForeignDatabase(DatabaseLocation.parse(foreign.url.replace(own, f"127.0.0.1:{port},{own}")))
        try:
            return await database.answer(about(foreign, "shared.example"))
        finally:
            await database.close()
            silent.close()

    assert list(asyncio.run(run()).rows) == [("shared", "cs1.xbit.jp")]


def test_a_server_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes connections and is silent counts as gone after a while."""
    monkeypatch.setattr(query, "LIMIT", 0.3)

    async def run() -> None:
        silent = await asyncio.start_server(until_the_end, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        for kind in (Kind.POSTGRESQL, Kind.MARIADB):
            database = ForeignDatabase(DatabaseLocation.parse(f"{kind.lower()}://nobody@127.0.0.1:{port}/customers"))
            with pytest.raises(MappingUnavailable):
                await database.answer(Statement("SELECT 1", {}))
            assert database.down
            await database.close()
        silent.close()

    asyncio.run(run())


@pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)
def test_a_user_that_is_not_let_in(request: pytest.FixtureRequest, kind: Kind) -> None:
    """The server's word is passed on, the password is not."""
    foreign = new_foreign(request, kind)
    database = ForeignDatabase(DatabaseLocation.parse(as_user(foreign.url, "stranger", "hunter2")))

    async def ask() -> None:
        try:
            await database.answer(Statement("SELECT 1", {}))
        finally:
            await database.close()

    with pytest.raises(MappingUnavailable, match="stranger") as caught:
        asyncio.run(ask())

    assert "hunter2" not in str(caught.value)
