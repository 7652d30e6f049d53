from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mail.domain import Domain
from autoconfig.mapping.cached import CachedFinder
from autoconfig.mapping.journal import Change, Journal
from autoconfig.mapping.opening import open_hosts, opener_of
from autoconfig.mapping.place import Place
from autoconfig.mapping.position import PositionFile
from autoconfig.mapping.sources import postgresql as module
from autoconfig.mapping.sources.postgresql import PostgreSQLSession

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.postgresql import PostgreSQL

NAME = Domain("example.com")


class Two:
    """A primary of the test's own, and its standby."""

    def __init__(self, postgresql: PostgreSQL) -> None:
        self.primary = type(postgresql).made(postgresql.binaries)
        name = self.primary.new_database()
        from autoconfig.mapping.engine import upgrade

        self.alone, self.name = self.primary.url(name), name
        upgrade(self.alone)
        self.standby = self.primary.standby()
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        self.place = Place.parse(f"postgresql://autoconfig@{hosts}/{name}")

    def write(self, plan: str) -> None:
        """Put the name on a plan."""
        journal = Journal(self.alone)
        with journal.writing() as writing:
            writing.append([Change(NAME.name, 1, plan, "{}")])
        journal.close()

    def until_streamed(self) -> None:
        """Wait until the standby has all that the primary wrote."""
        with self.primary.connect("postgres") as primary, self.standby.connect("postgres") as standby:
            ((written,),) = primary.execute("SELECT pg_current_wal_lsn()").fetchall()
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                ((replayed,),) = standby.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (written,)).fetchall()
                if replayed:
                    return
                time.sleep(0.02)
            raise AssertionError("the standby does not follow")

    def pause(self, pause: str = "pause") -> None:
        """Let the standby fall behind; with `resume` not any more."""
        with self.standby.connect("postgres") as standby:
            standby.execute(f"SELECT pg_wal_replay_{pause}()".encode())


@pytest.fixture
def two(postgresql: PostgreSQL) -> Iterator[Two]:
    """Them."""
    two = Two(postgresql)
    yield two
    two.standby.remove()
    two.primary.remove()


async def plan(finder: CachedFinder, name: Domain = NAME) -> str | None:
    """The plan of a name now."""
    row = (await finder.find(name)).at(time.time())
    return row.plan if row else None


async def looked(finder: CachedFinder) -> None:
    """Look until that succeeds."""
    for _ in range(100):
        try:
            return await finder.watch()
        except MappingUnavailable:
            await asyncio.sleep(0.1)
    raise AssertionError("nothing can be read")


@pytest.mark.parametrize("crash", [signal.SIGINT, signal.SIGKILL], ids=["shut down", "crashed"])
def test_the_standby_takes_over(two: Two, crash: signal.Signals) -> None:
    """When the primary dies the standby answers, also for names never seen; the primary is read when it is back."""
    two.write("a")

    async def scenario() -> list[str | None]:
        hosts = open_hosts(two.place)
        finder = CachedFinder(hosts)
        await finder.start()
        read = [hosts.reading]
        await asyncio.to_thread(two.until_streamed)
        await asyncio.to_thread(two.primary.stop, crash)
        read += [await plan(finder), hosts.reading]
        await finder.watch()
        await asyncio.to_thread(two.primary.start)
        for _ in range(100):
            await finder.watch()
            if hosts.reading == read[0]:
                break
            await asyncio.sleep(0.1)
        read.append(hosts.reading)
        await asyncio.to_thread(two.write, "b")
        await finder.watch()
        read.append(await plan(finder))
        await finder.close()
        return read

    first, second = (f"127.0.0.1:{server.port}" for server in (two.primary, two.standby))
    assert [first, "a", second, first, "b"] == asyncio.run(scenario())


def test_a_stale_standby_is_not_read(two: Two, tmp_path: Path) -> None:
    """A standby that stands behind what this node has seen is not read, not even by a node that was started again."""
    two.write("a")
    two.until_streamed()
    two.pause()
    two.write("b")

    async def scenario() -> None:
        finder = CachedFinder(open_hosts(two.place), kept=PositionFile(tmp_path))
        await finder.start()
        assert await plan(finder) == "b"
        await asyncio.to_thread(two.primary.stop)
        with pytest.raises(MappingUnavailable, match="behind"):
            await finder.find(Domain("other.example"))
        with pytest.raises(MappingUnavailable, match="behind"):
            await finder.watch()
        assert await plan(finder) == "b"
        await finder.close()

        again = CachedFinder(open_hosts(two.place), kept=PositionFile(tmp_path))
        with pytest.raises(MappingUnavailable, match="behind"):
            await again.start()
        await again.close()

        forgetful = CachedFinder(open_hosts(two.place))
        await forgetful.start()
        assert await plan(forgetful) == "a"
        await forgetful.close()

        await asyncio.to_thread(two.primary.start)
        await asyncio.to_thread(two.pause, "resume")
        await asyncio.to_thread(two.until_streamed)
        await asyncio.to_thread(two.primary.stop)
        caught_up = CachedFinder(open_hosts(two.place), kept=PositionFile(tmp_path))
        await caught_up.start()
        assert await plan(caught_up) == "b"
        await caught_up.close()

    asyncio.run(scenario())


def test_the_standby_becomes_the_primary(two: Two) -> None:
    """After a promotion the history goes on where it was; what is written there is seen."""
    two.write("a")
    two.until_streamed()

    async def scenario() -> list[str | None]:
        finder = CachedFinder(open_hosts(two.place))
        await finder.start()
        plans = [await plan(finder)]
        await asyncio.to_thread(two.primary.stop)
        with two.standby.connect("postgres") as standby:
            standby.execute("SELECT pg_promote()")
        two.alone = two.standby.url(two.name)
        await asyncio.to_thread(two.write, "b")
        await looked(finder)
        plans.append(await plan(finder))
        await finder.close()
        return plans

    assert asyncio.run(scenario()) == ["a", "b"]


def test_a_server_that_stands_still(two: Two) -> None:
    """A server whose processes do not run any more takes connections still; the standby is read instead."""
    two.write("a")
    two.until_streamed()

    async def scenario() -> list[str | None]:
        hosts = open_hosts(two.place)
        finder = CachedFinder(hosts)
        await finder.start()
        group = os.getpgid(two.primary._process.pid) if two.primary._process else 0
        children = [int(line) for line in _descendants(group)]
        for process in children:
            os.kill(process, signal.SIGSTOP)
        try:
            async with asyncio.timeout(60):  # it would stand still for ever
                found = [await plan(finder), hosts.reading]
        finally:
            for process in children:
                os.kill(process, signal.SIGCONT)
        await finder.close()
        return found

    assert ["a", f"127.0.0.1:{two.standby.port}"] == asyncio.run(scenario())


def _descendants(parent: int) -> list[str]:
    """The processes of a server; each connection has one."""
    with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as file:  # noqa: PTH123
        return [str(parent), *file.read().split()]


def test_behind_a_pooler(postgresql_url: str) -> None:
    """Where a pooler forgets what was prepared, statements are not prepared any more."""

    async def scenario() -> list[int]:
        place = Place.parse(postgresql_url)
        session = await PostgreSQLSession.opened(place, place.hosts[0])
        found = [(await session.rows_of("example.com", 0)).state.position.last_id]
        for _ in range(2):
            for (prepared,) in await session._ask("SELECT name FROM pg_prepared_statements"):
                await session._ask(f'DEALLOCATE "{prepared}"')
            found.append((await session.rows_of("example.com", 0)).state.position.last_id)
        session.close()
        return found

    assert asyncio.run(scenario()) == [0, 0, 0]


def test_an_error_right_after_connecting(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that refuses what every session begins with is unavailable, and the connection is let go."""
    monkeypatch.setattr(module, "_STATEMENT_LIMIT", "SET no_such_parameter = 1")
    place = Place.parse(postgresql_url)

    with pytest.raises(MappingUnavailable, match="no_such_parameter"):
        asyncio.run(PostgreSQLSession.opened(place, place.hosts[0]))


def test_timeouts_of_the_url_are_kept(postgresql_url: str) -> None:
    """What the URL says about keepalives is not overridden; without it ours hold, and statements have a limit."""

    async def scenario() -> list[object]:
        found: list[object] = []
        for url in (postgresql_url, f"{postgresql_url}?tcp_user_timeout=777&application_name=mine"):
            place = Place.parse(url)
            session = await opener_of(place.kind)(place, place.hosts[0])
            parameters = session._connection.info.get_parameters()  # type: ignore[attr-defined]
            limit = await session._ask("SHOW statement_timeout")  # type: ignore[attr-defined]
            found.append((parameters["tcp_user_timeout"], parameters["application_name"], limit[0][0]))
            session.close()
        return found

    assert asyncio.run(scenario()) == [("5000", "autoconfig", "15s"), ("777", "mine", "15s")]
