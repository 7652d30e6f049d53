from __future__ import annotations

import asyncio
import gc
from types import SimpleNamespace

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.sources import pool as module
from autoconfig.mapping.sources.pool import Pool
from tests.mapping.sources.fakes import settled


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
    await settled()
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


def test_what_a_driver_stumbles_over() -> None:
    """Is an error of the host's, while connecting and later; the connection is not used again."""

    async def stumbling(session: Session) -> int:
        del session
        raise IndexError("out of range")

    async def absurd() -> Session:
        raise IndexError("out of range")

    async def scenario() -> list[int]:
        opened = Opened()
        pool = Pool(opened.open, "one", 1)
        for asked, question in ((pool, stumbling), (Pool(absurd, "one"), name)):
            with pytest.raises(MappingUnavailable, match=r"one: the driver .*\(IndexError: out of range\)"):
                await asked.ask(question, 9)
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
        await settled()
        with pytest.raises(MappingUnavailable, match="one: all connections to it are in use"):
            await pool.ask(name, 0.1, wait)
        closed = opened[0].closed
        await pool.close()
        await asyncio.gather(other, return_exceptions=True)
        return closed

    assert asyncio.run(scenario()) == 0


def test_waiting_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waited for a connection has only the rest of the time for the question."""
    passed = iter([0.0, 0.0, 0.0, 599.9])
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(passed)))

    async def scenario() -> None:
        pool = Pool(Opened().open, "one", 1)
        other = asyncio.ensure_future(pool.ask(never, 600))
        await settled()
        asking = asyncio.ensure_future(pool.ask(never, 600, 600))
        await settled()
        other.cancel()
        with pytest.raises(MappingUnavailable, match=r"one: no answer within 0\.1 seconds"):
            await asking
        await asyncio.gather(other, return_exceptions=True)

    asyncio.run(scenario())


def test_what_fails_after_it_was_given_up() -> None:
    """A question that fails when nobody waits for it any more is kept nowhere, and disturbs nobody."""
    unhandled: list[object] = []

    async def late(session: Session) -> int:
        try:
            return await never(session)
        except asyncio.CancelledError:
            raise MappingUnavailable("late") from None

    async def scenario() -> set[object]:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unhandled.append(context))
        pool = Pool(Opened().open, "one", 1)
        with pytest.raises(MappingUnavailable, match="no answer"):
            await pool.ask(late, 0.01)
        await settled()
        gc.collect()
        return {*pool._asking}

    assert asyncio.run(scenario()) == set()
    assert unhandled == []


def test_the_close_waits_for_questions_that_were_given_up() -> None:
    """When it is over their connections are let go, also where one takes a moment to notice."""

    async def slow(session: Session) -> int:
        try:
            return await never(session)
        finally:
            for _ in range(5):
                await asyncio.sleep(0)

    async def scenario() -> list[int]:
        opened = Opened()
        pool = Pool(opened.open, "one", 2)
        asking = [asyncio.ensure_future(pool.ask(slow, 9)) for _ in range(2)]
        await settled()
        await pool.close()
        closed = [session.closed for session in opened]
        await asyncio.gather(*asking, return_exceptions=True)
        return closed

    assert asyncio.run(scenario()) == [1, 1]


def test_clear_wakes_who_waits() -> None:
    """After `clear` nobody waits for a connection that somebody else holds, and may hold for long."""

    async def scenario() -> int:
        pool = Pool(Opened().open, "one", 1)
        asking = [asyncio.ensure_future(pool.ask(never, 600)) for _ in range(4)]
        await settled()
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
        await settled()
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
        await settled()
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
        await settled()
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await pool.ask(name, 1)
        return opened[0].closed

    assert asyncio.run(scenario()) == 1


class Full(Opened):
    """A server that takes so many connections and refuses more, after a moment in either case."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room, self.asked = room, 0

    async def open(self) -> Session:
        """See `Opened`."""
        self.asked += 1
        refused = self.asked > self.room
        for _ in range(10 if refused else 20):  # a refusal is the faster answer
            await asyncio.sleep(0)
        if refused:
            raise MappingUnavailable("full: too many connections")
        return await super().open()


@pytest.mark.parametrize("room", [1, 2])
def test_a_server_that_takes_no_more(room: int) -> None:
    """Where no more connections can be made, those that were made go on, and all questions are answered by them."""

    async def scenario() -> list[int]:
        opened = Full(room)
        pool = Pool(opened.open, "one", 4)
        for _ in range(3):
            await asyncio.gather(*(pool.ask(name, 9) for _ in range(20)))
        closed = [session.closed for session in opened]
        await pool.close()
        assert opened.asked > room
        return closed

    assert asyncio.run(scenario()) == [0] * room


def test_nobody_waits_for_a_connection_that_is_not_there() -> None:
    """Where no connection at all can be made, all who ask are told so, and why."""

    async def scenario() -> list[object]:
        pool = Pool(Full(0).open, "one", 4)
        return await asyncio.gather(*(pool.ask(name, 9) for _ in range(4)), return_exceptions=True)

    assert [str(said) for said in asyncio.run(scenario())] == ["full: too many connections"] * 4


@pytest.mark.parametrize("end", ["broken", "cleared"])
def test_the_one_that_works_is_lost(end: str) -> None:
    """Whoever waits for a connection of another question is told when that one is lost."""

    async def scenario() -> str:
        opened = Full(1)
        pool = Pool(opened.open, "one", 2)
        first = asyncio.ensure_future(pool.ask(never, 9))
        await settled()
        second = asyncio.ensure_future(pool.ask(name, 9))
        await settled()
        assert not second.done()
        if end == "broken":
            first.cancel()
        else:
            pool.clear()
        said = await asyncio.gather(second, return_exceptions=True)
        await pool.close()
        await asyncio.gather(first, return_exceptions=True)
        assert [session.closed for session in opened] == [1]
        return str(said[0])

    assert asyncio.run(scenario()).startswith("one: its connections were given up")


@pytest.mark.parametrize("steps", [0, 1], ids=["just after", "just before"])
def test_who_waits_goes_away_in_the_moment_when_a_connection_comes(steps: int) -> None:
    """The connection is not lost: the next question has it."""

    async def scenario() -> list[int]:
        opened = Full(1)
        pool = Pool(opened.open, "one", 2)
        answer = asyncio.Event()

        async def until(session: Session) -> int:
            await answer.wait()
            second.cancel()
            for _ in range(steps):
                await asyncio.sleep(0)
            return id(session)

        first = asyncio.ensure_future(pool.ask(until, 9))
        await settled()
        second = asyncio.ensure_future(pool.ask(name, 9))
        await settled()
        answer.set()
        found = [await first, await pool.ask(name, 9)]
        assert [id(opened[0])] * 2 == found
        await asyncio.gather(second, return_exceptions=True)
        await pool.close()
        return [session.closed for session in opened]

    assert asyncio.run(scenario()) == [1]
