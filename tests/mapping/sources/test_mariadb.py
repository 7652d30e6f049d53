from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pymysql
import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mail.domain import Domain
from autoconfig.mapping.cached import CachedFinder
from autoconfig.mapping.engine import upgrade
from autoconfig.mapping.journal import Change, Journal
from autoconfig.mapping.opening import open_hosts, opener_of
from autoconfig.mapping.place import Place
from autoconfig.mapping.sources import mariadb as module
from tests.conftest import needs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from autoconfig.mapping.sources.source import State
    from tests.servers.mariadb import MariaDB

NAME = Domain("example.com")


@pytest.fixture
def read_only(mariadb: MariaDB) -> Iterator[None]:
    """The server is a replica, as one that follows another server is set up."""
    with mariadb.connect() as cursor:
        cursor.execute("SET GLOBAL read_only = 1")
        yield
        cursor.execute("SET GLOBAL read_only = 0")


async def state(url: str) -> State:
    """What the server says of itself."""
    place = Place.parse(url)
    session = await opener_of(place.kind)(place, place.hosts[0])
    try:
        return await session.state()
    finally:
        session.close()


@pytest.mark.usefixtures("read_only")
def test_a_server_that_is_read_only_is_a_standby(mariadb_url: str) -> None:
    """A replica may be behind, and says so by being read only."""
    assert asyncio.run(state(mariadb_url)).standby


def test_a_primary_that_is_set_read_only(mariadb: MariaDB, mariadb_url: str) -> None:
    """A switch-over without a restart is seen over the connections that stand: the other server is read, and back."""

    def generation(server: MariaDB, url: str, value: str | None = None) -> str:
        with server.connect(url.rpartition("/")[2]) as cursor:
            if value is not None:
                cursor.execute("UPDATE mapping_state SET generation = %s", (value,))
            cursor.execute("SELECT generation FROM mapping_state")
            ((found,),) = cursor.fetchall()
            return str(found)

    def read_only(server: MariaDB, value: int) -> None:
        with server.connect() as cursor:
            cursor.execute(f"SET GLOBAL read_only = {value}")

    async def scenario(other: MariaDB) -> None:
        first, second = (f"127.0.0.1:{server.port}" for server in (mariadb, other))
        source = open_hosts(Place.parse(mariadb_url.replace(first, f"{first},{second}")))

        async def reading(expected: str) -> str | None:
            async with asyncio.timeout(60):
                while source.reading != expected:
                    await source.look(seen)
            await source.rows_of(NAME.name, 0, seen)
            return source.reading

        seen = await source.start(None)
        found = [await reading(first)]
        connections = [*source._hosts[0].watched._room.idle, *source._hosts[0].asked._room.idle]
        read_only(mariadb, 1)
        found += [await reading(second)]
        assert (await source._hosts[0].asked.ask(lambda session: session.rows_of(NAME.name, 0), 9)).state.standby
        read_only(mariadb, 0)
        found += [await reading(first)]
        assert connections == [*source._hosts[0].watched._room.idle, *source._hosts[0].asked._room.idle]
        await source.close()
        assert [first, second, first] == found

    other = type(mariadb).made(mariadb._server, needs("mariadb-install-db", "mariadb-server"))
    try:
        name = mariadb_url.rpartition("/")[2]
        with other.connect() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
        upgrade(other.url(name))
        generation(other, mariadb_url, generation(mariadb, mariadb_url))
        asyncio.run(scenario(other))
    finally:
        read_only(mariadb, 0)
        other.remove()


def test_restarted(mariadb: MariaDB, mariadb_url: str) -> None:
    """A server that was restarted is read again, by new connections; what it wrote meanwhile is seen."""

    def write(plan: str) -> None:
        journal = Journal(mariadb_url)
        with journal.writing() as writing:
            writing.append([Change(NAME.name, 1, plan, "{}")])
        journal.close()

    async def plan(finder: CachedFinder) -> str | None:
        row = (await finder.find(NAME)).at(1)
        return row.plan if row else None

    async def scenario() -> list[str | None]:
        finder = CachedFinder(open_hosts(Place.parse(mariadb_url)))
        await asyncio.to_thread(write, "a")
        await finder.start()
        plans = [await plan(finder)]
        await asyncio.to_thread(mariadb.stop)
        with pytest.raises(MappingUnavailable):
            await finder.watch()
        with pytest.raises(MappingUnavailable):
            await finder.find(Domain("other.example"))
        plans.append(await plan(finder))
        await asyncio.to_thread(mariadb.start)
        await asyncio.to_thread(write, "b")
        for _ in range(100):
            try:
                await finder.watch()
                break
            except MappingUnavailable:
                await asyncio.sleep(0.1)
        plans.append(await plan(finder))
        await finder.close()
        return plans

    assert asyncio.run(scenario()) == ["a", "a", "b"]


@pytest.mark.parametrize("secure", [False, True])
def test_a_password_in_clear(secure: bool) -> None:
    """A server that wants the password in clear gets it only over TLS."""

    async def scenario() -> None:
        connection = module._Connection(host="127.0.0.1", user="me", password="geheim")
        connection._secure = secure
        if secure:
            connection.write_packet = lambda _data: None

            async def nothing() -> None:
                raise pymysql.OperationalError(2013, "it was sent")

            connection._read_packet = nothing
        with pytest.raises(pymysql.OperationalError, match="it was sent" if secure else "there is no TLS"):
            await connection._process_auth(b"mysql_clear_password", None)

    asyncio.run(scenario())


def test_tls(mariadb: MariaDB, mariadb_url: str) -> None:
    """With `sslmode=require` the connection is encrypted, where the server can do it."""
    with mariadb.connect() as cursor:
        cursor.execute("SELECT @@have_ssl")
        if cursor.fetchall() != (("YES",),):
            with pytest.raises(MappingUnavailable, match="offers no TLS"):
                asyncio.run(state(f"{mariadb_url}?sslmode=require"))
            return

    async def cipher() -> str:
        place = Place.parse(f"{mariadb_url}?sslmode=require")
        session = await module.MariaDBSession.opened(place, place.hosts[0])
        ((_, found),) = await session._ask("SHOW STATUS LIKE 'Ssl_cipher'")
        session.close()
        return str(found)

    assert asyncio.run(cipher()) != ""
