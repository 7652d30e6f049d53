"""Servers that fall silent, that take few connections of us, or whose password is changed, while they are asked."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING
from urllib.parse import quote

import pymysql
import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping import mariadb_connection
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.lookup import database as module
from autoconfig.mapping.lookup.connection import NoConnection, Statement
from autoconfig.mapping.lookup.database import CONNECTIONS, ForeignDatabase
from tests.mapping.foreign.databases import CUSTOMERS, Foreign, new_foreign, statements
from tests.mapping.lookup.asked import about
from tests.support.ports import free_port
from tests.support.servers.relay import Relay

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.authority import MariaDBWithTLS, PostgreSQLWithTLS

on_servers = pytest.mark.parametrize("kind", [Kind.POSTGRESQL, Kind.MARIADB], ids=str)


def lookups() -> list[threading.Thread]:
    """The threads in which databases are asked."""
    return [thread for thread in threading.enumerate() if thread.name == "lookup"]


async def back(database: ForeignDatabase) -> None:
    """Look until it is there."""
    for _ in range(600):
        try:
            await database.look()
        except MappingUnavailable:
            await asyncio.sleep(0.05)
        else:
            return
    pytest.fail("it did not come back")


async def all_idle(database: ForeignDatabase) -> None:
    """Wait until no thread is in use, while the server is as silent as before."""
    for _ in range(600):
        if database._threads._idle == database._threads._started:
            return
        await asyncio.sleep(0.05)
    pytest.fail("a thread hangs")


@pytest.fixture
def foreign(request: pytest.FixtureRequest, kind: Kind) -> Foreign:
    """A database with a table of customers."""
    made = new_foreign(request, kind)
    made.execute(*statements(CUSTOMERS))
    return made


@on_servers
def test_a_server_that_falls_silent(foreign: Foreign, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nobody waits for it without end, neither the event loop nor the end of the process; no thread is lost to it, and it
    is asked again when it speaks.
    """

    def limits(seconds: float) -> None:
        for limit in ("LIMIT", "LOOK_LIMIT"):
            monkeypatch.setattr(module, limit, seconds)

    limits(60.0)
    port = DatabaseLocation.parse(foreign.url).hosts[0].port
    statement, before = about(foreign, "own.example"), set(lookups())

    async def scenario() -> None:
        relay = Relay(port)
        through = await relay.start()
        database = ForeignDatabase(DatabaseLocation.parse(foreign.url.replace(f":{port}/", f":{through}/")))
        await asyncio.gather(*(database.answer(statement) for _ in range(2 * CONNECTIONS)))
        for _ in range(3):
            relay.silent = True
            limits(0.5)
            found = await asyncio.gather(*(database.answer(statement) for _ in range(40)), return_exceptions=True)
            assert {MappingUnavailable} == {type(one) for one in found}
            assert database.down
            with pytest.raises(MappingUnavailable):
                await database.look()
            await all_idle(database)
            relay.silent = False
            limits(60.0)
            await back(database)
            assert [*map(tuple, (await database.answer(statement)).rows)] == [("own", None)]
        relay.silent = True
        waiting = asyncio.ensure_future(database.answer(statement))
        await asyncio.sleep(0.1)
        await database.close()
        waiting.cancel()
        for thread in set(lookups()) - before:
            await asyncio.to_thread(thread.join, 30)
        assert not set(lookups()) - before
        await relay.close()

    asyncio.run(scenario())


@on_servers
def test_a_host_that_failed_is_tried_last(foreign: Foreign) -> None:
    """Of several hosts, one that did not let us in costs the next connection no time."""
    port, tried = DatabaseLocation.parse(foreign.url).hosts[0].port, 0

    def refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tried
        tried += 1
        writer.transport.abort()

    async def scenario() -> None:
        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as other:
            hosts = f"127.0.0.1:{other.sockets[0].getsockname()[1]},127.0.0.1:{port}"
            database = ForeignDatabase(DatabaseLocation.parse(foreign.url.replace(f"127.0.0.1:{port}", hosts)))
            await database.answer(Statement("SELECT 1", {}))
            seen = tried
            await asyncio.gather(*(database.answer(Statement("SELECT 1", {})) for _ in range(20)))
            assert (seen > 0, tried - seen) == (True, 0)
            await database.close()

    asyncio.run(scenario())


class Account:
    """A user of a server's that logs in over TLS, by a password in a file."""

    def __init__(self, server: PostgreSQLWithTLS | MariaDBWithTLS, kind: Kind, file: Path) -> None:
        self._server, self._kind, self.file = server, kind, file
        self.name = server.new_database()
        if kind is Kind.POSTGRESQL:
            self._run(f"CREATE ROLE {self.name} LOGIN")
        else:
            self._run(f"CREATE USER {self.name}@'%'", f"GRANT SELECT ON {self.name}.* TO {self.name}@'%'")
        self.password("old")
        file.write_text("old\n")
        place = f"localhost:{server.port}/{self.name}?sslmode=require&password_file={quote(str(file))}"
        self.url = f"{kind.lower()}://{self.name}@{place}"

    def password(self, text: str) -> None:
        """Change it on the server."""
        if self._kind is Kind.POSTGRESQL:
            self._run(f"ALTER ROLE {self.name} PASSWORD '{text}'")
        else:
            self._run(f"ALTER USER {self.name}@'%' IDENTIFIED BY '{text}'")

    def limit(self, connections: int) -> None:
        """Let it have no more than so many."""
        if self._kind is Kind.POSTGRESQL:
            self._run(f"ALTER ROLE {self.name} CONNECTION LIMIT {connections}")
        else:
            self._run(f"ALTER USER {self.name}@'%' WITH MAX_USER_CONNECTIONS {connections}")

    def _run(self, *texts: str) -> None:
        with self._server.connect(self.name) as connection:
            for text in texts:
                connection.execute(text)


@pytest.fixture
def account(request: pytest.FixtureRequest, kind: Kind, tmp_path: Path) -> Account:
    """A user of a server that asks for passwords."""
    return Account(request.getfixturevalue(f"{kind.lower()}_tls"), kind, tmp_path / "password")


NUMBER = {Kind.POSTGRESQL: "SELECT %(number)s::int", Kind.MARIADB: "SELECT CAST(%(number)s AS INT)"}


async def many(database: ForeignDatabase, kind: Kind) -> list[object]:
    """What a crowd is answered, each its own number."""
    texts = [Statement(NUMBER[kind], {"number": str(number)}) for number in range(10 * CONNECTIONS)]
    return [answer.rows[0][0] for answer in await asyncio.gather(*map(database.answer, texts))]


@on_servers
def test_no_more_connections(account: Account, kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a server accepts few connections, requests share those; none is refused, and no availability check fails."""
    for limit in ("LIMIT", "WAIT", "LOOK_LIMIT"):
        monkeypatch.setattr(module, limit, 60.0)  # on a slow machine a crowd takes its time

    async def scenario() -> None:
        database = ForeignDatabase(DatabaseLocation.parse(account.url))
        for _ in range(5):
            crowd = asyncio.ensure_future(many(database, kind))
            while not crowd.done():
                await database.look()
                await asyncio.sleep(0.01)
            assert await crowd == [*range(10 * CONNECTIONS)]
        await database.close()

    account.limit(2)
    asyncio.run(scenario())


@on_servers
def test_a_password_that_is_changed(account: Account, kind: Kind) -> None:
    """New connections are made by what the file says by then; those that were made go on."""

    async def scenario() -> None:
        database = ForeignDatabase(DatabaseLocation.parse(account.url))
        await database.look()
        await asyncio.to_thread(account.password, "new")
        assert await many(database, kind) == [*range(10 * CONNECTIONS)]
        await asyncio.to_thread(account.file.write_text, "new\n")
        assert await many(database, kind) == [*range(10 * CONNECTIONS)]
        await database.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("method", ["mysql_clear_password", "dialog"])
def test_a_password_in_clear(method: str) -> None:
    """A server that wants the password in clear gets it only over TLS or a socket of this machine."""
    heard = b""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        greeting = (
            b"\x0a10.11.6-MariaDB\0\1\0\0\0saltsalt\0\xff\xf7\x2d\2\0\xff\x81\x15" + bytes(10) + b"saltsaltsalt\0"
        )
        greeting += b"mysql_native_password\0"
        writer.write(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
        await reader.read(65536)
        switch = b"\xfe" + method.encode() + b"\0" + (b"\2Password: " if method == "dialog" else b"\0")
        writer.write(len(switch).to_bytes(3, "little") + b"\2" + switch)
        heard = await reader.read(65536)
        writer.close()

    async def scenario() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            place = DatabaseLocation.parse(f"mysql://me:geheim@127.0.0.1:{server.sockets[0].getsockname()[1]}/mail")
            with pytest.raises(pymysql.OperationalError, match="there is no TLS"):
                await asyncio.to_thread(mariadb_connection.connect, place, place.hosts[0])
            database = ForeignDatabase(place)
            with pytest.raises(MappingUnavailable, match="there is no TLS"):
                await database.answer(Statement("SELECT 1", {}))
            await database.close()

    asyncio.run(scenario())

    assert b"geheim" not in heard


@on_servers
def test_why_each_host_is_refused(kind: Kind) -> None:
    """The log names every host, and no password."""
    first, second = free_port(), free_port()
    place = DatabaseLocation.parse(f"{kind.lower()}://me:geheim@127.0.0.1:{first},127.0.0.1:{second}/mail")
    with pytest.raises(NoConnection) as caught:
        ForeignDatabase(place)._one.answer(Statement("SELECT 1", {}))

    assert all(f"127.0.0.1:{port}" in str(caught.value) for port in (first, second))
    assert "geheim" not in str(caught.value)
