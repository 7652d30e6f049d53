from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pymysql
import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mail.domain import Domain
from autoconfig.mapping.cached import CachedFinder
from autoconfig.mapping.journal import Change, Journal
from autoconfig.mapping.opening import open_hosts, opener_of
from autoconfig.mapping.place import Place
from autoconfig.mapping.sources import mariadb as module

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
