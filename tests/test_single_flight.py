from __future__ import annotations

import asyncio

from autoconfig.single_flight import SingleFlight


def test_one_task_for_each_key() -> None:
    """While a task is under way, its key has it; when it has ended, the key is free."""

    async def run() -> None:
        flights, gate = SingleFlight[bool](), asyncio.Event()
        first = flights.start("a", gate.wait())
        other = flights.start("b", gate.wait())

        assert (flights.get("a"), flights.get("b"), flights.get("c"), len(flights)) == (first, other, None, 2)

        gate.set()
        await asyncio.wait([first, other])
        assert (flights.get("a"), len(flights)) == (None, 0)

    asyncio.run(run())


def test_who_leaves_cancels_nothing() -> None:
    """A caller who is cancelled leaves the task to the others."""

    async def run() -> bool:
        flights, gate = SingleFlight[bool](), asyncio.Event()
        task = flights.start("a", gate.wait())
        caller = asyncio.create_task(asyncio.wait([task]))
        await asyncio.sleep(0)
        caller.cancel()
        gate.set()
        return await task

    assert asyncio.run(run())


def test_close() -> None:
    """Closing cancels what is under way."""

    async def run() -> bool:
        flights = SingleFlight[bool]()
        task = flights.start("a", asyncio.Event().wait())
        await flights.close()
        return task.cancelled() and not len(flights)

    assert asyncio.run(run())
