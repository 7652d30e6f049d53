from __future__ import annotations

import asyncio

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.sources.pool import Pool


class Session:
    """A connection that counts how often it was closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        """See `Closable`."""
        self.closed += 1


class Opened(list[Session]):
    """Connections that were made."""

    async def open(self) -> Session:
        """One more."""
        self.append(Session())
        return self[-1]


async def name(session: Session) -> int:
    """A question that takes a moment."""
    await asyncio.sleep(0.01)
    return id(session)


async def never(session: Session) -> int:
    """A question that nobody answers."""
    del session
    await asyncio.Event().wait()
    raise AssertionError


async def broken(session: Session) -> int:
    """A question that breaks the connection."""
    del session
    raise MappingUnavailable("broken")


def test_connections_are_made_when_needed_and_kept() -> None:
    """Questions one after the other share a connection, and at most so many are made as were allowed."""

    async def scenario() -> tuple[int, int]:
        opened = Opened()
        pool = Pool(opened.open, "one", 3)
        for _ in range(5):
            await pool.ask(name, 9)
        alone = len(opened)
        await asyncio.gather(*(pool.ask(name, 9) for _ in range(20)))
        await pool.close()
        assert [1] * len(opened) == [session.closed for session in opened]
        return alone, len(opened)

    assert asyncio.run(scenario()) == (1, 3)


def test_an_error_ends_the_connection() -> None:
    """What the connection says is raised, and the next question gets a new connection."""

    async def scenario() -> list[int]:
        opened = Opened()
        pool = Pool(opened.open, "one", 1)
        with pytest.raises(MappingUnavailable, match="broken"):
            await pool.ask(broken, 9)
        await pool.ask(name, 9)
        return [session.closed for session in opened]

    assert asyncio.run(scenario()) == [1, 0]


def test_no_answer() -> None:
    """Who is not answered is told so after the limit, and the connection is given up."""

    async def scenario() -> list[int]:
        opened = Opened()
        pool = Pool(opened.open, "one", 1)
        with pytest.raises(MappingUnavailable, match=r"one: no answer within 0\.1 seconds"):
            await pool.ask(never, 0.1)
        await pool.ask(name, 9)
        return [session.closed for session in opened]

    assert asyncio.run(scenario()) == [1, 0]


@pytest.mark.parametrize("wait", [0.1, None], ids=["before the limit", "within the limit"])
def test_all_in_use(wait: float | None) -> None:
    """Who gets no connection in time is told so; that ends no connection."""

    async def scenario() -> int:
        opened = Opened()
        pool = Pool(opened.open, "one", 1)
        other = asyncio.ensure_future(pool.ask(never, 9))
        await asyncio.sleep(0.01)
        with pytest.raises(MappingUnavailable, match="one: all connections to it are in use"):
            await pool.ask(name, 0.1, wait)
        closed = opened[0].closed
        await pool.close()
        await asyncio.gather(other, return_exceptions=True)
        return closed

    assert asyncio.run(scenario()) == 0


def test_waiting_counts() -> None:
    """Whoever waited for a connection has only the rest of the time for the question."""

    async def scenario() -> None:
        pool = Pool(Opened().open, "one", 1)
        other = asyncio.ensure_future(pool.ask(never, 9))
        asking = asyncio.ensure_future(pool.ask(never, 1.0, 1.0))
        await asyncio.sleep(0.5)
        other.cancel()
        with pytest.raises(MappingUnavailable, match=r"one: no answer within 0\.[0-5] seconds"):
            await asking
        await asyncio.gather(other, return_exceptions=True)

    asyncio.run(scenario())


def test_clear_wakes_who_waits() -> None:
    """After `clear` nobody waits for a connection that somebody else holds, and may hold for long."""

    async def scenario() -> int:
        pool = Pool(Opened().open, "one", 1)
        asking = [asyncio.ensure_future(pool.ask(never, 600)) for _ in range(4)]
        await asyncio.sleep(0.01)
        pool.clear()
        pool.clear()
        told, _ = await asyncio.wait(asking[1:], timeout=5)
        await pool.close()
        await asyncio.gather(*asking, return_exceptions=True)
        assert {str(one.exception()) for one in told} == {"one: its connections were given up"}
        return len(told)

    assert asyncio.run(scenario()) == 3


def test_clear_in_the_moment_when_a_wait_ends() -> None:
    """Somebody whose time has just run out when all connections are let go is told one or the other, once."""

    async def scenario() -> str:
        pool = Pool(Opened().open, "one", 1)
        other = asyncio.ensure_future(pool.ask(never, 9))
        await asyncio.sleep(0.01)
        asking = asyncio.ensure_future(pool.ask(never, 9, 0.0))
        for _ in range(2):
            await asyncio.sleep(0)
        pool.clear()
        with pytest.raises(MappingUnavailable) as caught:
            await asking
        await pool.close()
        await asyncio.gather(other, return_exceptions=True)
        return str(caught.value)

    assert asyncio.run(scenario()).startswith("one: ")


def test_clear_frees_room_at_once() -> None:
    """After `clear` nobody waits for those who were stuck, and their connections are not used again."""

    async def scenario() -> list[int]:
        opened, go_on = Opened(), asyncio.Event()
        pool = Pool(opened.open, "one", 1)

        async def slow(session: Session) -> None:
            del session
            await go_on.wait()

        other = asyncio.ensure_future(pool.ask(slow, 9))
        await asyncio.sleep(0.01)
        pool.clear()
        await pool.ask(name, 1)
        go_on.set()
        await other
        return [session.closed for session in opened]

    assert asyncio.run(scenario()) == [1, 0]


def test_who_goes_away_is_not_asked_for_further() -> None:
    """A question is given up when the one who put it is cancelled."""

    async def scenario() -> int:
        opened = Opened()
        pool = Pool(opened.open, "one", 1)
        asking = asyncio.ensure_future(pool.ask(never, 9))
        await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await pool.ask(name, 1)
        return opened[0].closed

    assert asyncio.run(scenario()) == 1
