"""The lifespan of a process that answers requests: start, upkeep once a second, reload on SIGHUP, end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

from autoconfig.log import logger
from autoconfig.web.app import application

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from autoconfig.server.upkeep import Upkeep
    from autoconfig.web.fast_path.dispatch import Entry

TICK = 1.0
"""Seconds between two looks at plans.toml and the database."""


def with_lifespan(upkeep: Upkeep) -> Entry:
    """The application over the services of `upkeep`, with its lifespan."""
    return application(upkeep.services, lambda _app: _lifespan(upkeep))


@contextlib.asynccontextmanager
async def _lifespan(upkeep: Upkeep) -> AsyncIterator[None]:
    loop, hung_up = asyncio.get_running_loop(), asyncio.Event()
    try:
        await upkeep.start()
        with contextlib.suppress(RuntimeError, ValueError):  # not in the main thread: tests
            loop.add_signal_handler(signal.SIGHUP, hung_up.set)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # `supervisor` starts workers with it blocked
        # Two tasks, because a slow answer about plans must not hold up changes of the mapping.
        tasks = [loop.create_task(_watch(upkeep)), loop.create_task(_watch_plans(upkeep, hung_up))]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(RuntimeError, ValueError):
                loop.remove_signal_handler(signal.SIGHUP)
    finally:
        await upkeep.close()


async def _watch(upkeep: Upkeep) -> None:
    while True:
        await asyncio.sleep(TICK)
        await _attempt(upkeep.tick)


async def _watch_plans(upkeep: Upkeep, hung_up: asyncio.Event) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK):
                await hung_up.wait()
        if hung_up.is_set():
            hung_up.clear()
            await _attempt(upkeep.reload)
        else:
            await _attempt(upkeep.tick_plans)


async def _attempt(step: Callable[[], Awaitable[None]]) -> None:
    try:
        await step()
    except Exception:  # noqa: BLE001 (the next second is another try; serving goes on)
        logger().exception("the periodic check failed")
