from __future__ import annotations

import asyncio
import threading

import pytest

from autoconfig.errors import MappingUnavailable, RowInvalid
from autoconfig.mapping.lookup.threads import Threads


def test_results_and_errors() -> None:
    """The caller gets what the call returns or raises; one thread is enough for successive calls."""

    def fail() -> None:
        raise RowInvalid("no")

    async def scenario() -> set[int]:
        threads = Threads(1, "there")
        found = {await threads.run(threading.get_ident, 60) for _ in range(5)}
        for _ in range(5):
            with pytest.raises(RowInvalid, match="no"):
                await threads.run(fail, 60)
        threads.close()
        return found

    found = asyncio.run(scenario())

    assert len(found) == 1
    assert threading.get_ident() not in found


def test_calls_that_hang() -> None:
    """
    Whoever waits is told when the time is over, others have other threads, up to the limit; then everybody is told at
    once. A thread that ends serves again.
    """

    async def scenario() -> None:
        threads, end = Threads(3, "there"), threading.Event()
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await threads.run(end.wait, 0.01)
        assert await threads.run(lambda: "served", 60) == "served"
        with pytest.raises(TimeoutError):
            await threads.run(end.wait, 0.01)
        with pytest.raises(MappingUnavailable, match="there: 3 threads are already waiting for it"):
            await threads.run(lambda: "served", 60)
        end.set()
        for _ in range(6000):
            try:
                assert await threads.run(lambda: "served", 60) == "served"
                break
            except MappingUnavailable:
                await asyncio.sleep(0.01)
        else:
            pytest.fail("no thread came back")
        threads.close()

    asyncio.run(scenario())


def test_the_end() -> None:
    """Idle threads end at once, others after their calls; none keeps the process from ending."""
    before = set(threading.enumerate())

    async def scenario() -> set[threading.Thread]:
        threads, end = Threads(2, "there"), threading.Event()
        waiting = asyncio.ensure_future(threads.run(end.wait, 60))
        await asyncio.sleep(0)
        await threads.run(threading.current_thread, 60)
        started = set(threading.enumerate()) - before
        threads.close()
        end.set()
        assert await waiting
        return started

    started = asyncio.run(scenario())
    for thread in started:
        thread.join(60)

    assert [(thread.daemon, thread.is_alive()) for thread in started] == [(True, False)] * 2
