"""Puts the application together, and keeps it up to date while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response

from autoconfig.log import logger
from autoconfig.web.entry import Entry
from autoconfig.web.refusals import NOT_FOUND
from autoconfig.web.routes import hot_table, routes
from autoconfig.web.tally import Document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request

    from autoconfig.web.context import Context

TICK = 1.0
"""Seconds between two looks at plans.toml and the database."""


class Lifecycle:
    """When a context begins, reloads and ends. A process of a server has more to do then than to hand it on."""

    async def start(self, context: Context) -> None:
        """Begin to serve."""
        await context.start()

    async def reload(self, context: Context) -> None:
        """SIGHUP came."""
        await context.reload_plans()

    async def close(self, context: Context) -> None:
        """The end, also of a start that failed."""
        await context.close()


def application(context: Context, lifecycle: Lifecycle | None = None) -> Entry:
    """The application over a context; its lifespan closes the context."""
    table = routes(context)
    starlette = Starlette(
        routes=table,
        lifespan=lambda _app: _lifespan(context, lifecycle or Lifecycle()),
        exception_handlers={404: _not_found},
    )
    starlette.state.context = context
    starlette.router.redirect_slashes = False
    return Entry(context, hot_table(context, table), starlette)


@contextlib.asynccontextmanager
async def _lifespan(context: Context, lifecycle: Lifecycle) -> AsyncIterator[None]:
    """Load the plans, look around once a second, reload on SIGHUP, close at the end."""
    loop, hung_up = asyncio.get_running_loop(), asyncio.Event()
    try:
        await lifecycle.start(context)
        with contextlib.suppress(RuntimeError, ValueError):  # not in the main thread: tests
            loop.add_signal_handler(signal.SIGHUP, hung_up.set)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # `serving` starts workers with it blocked
        # Apart, because a slow answer about plans must not hold up the changes of the mapping.
        rounds = [
            loop.create_task(_look_around(context)),
            loop.create_task(_look_at_plans(context, lifecycle, hung_up)),
        ]
        try:
            yield
        finally:
            for looking in rounds:
                looking.cancel()
            await asyncio.gather(*rounds, return_exceptions=True)
            with contextlib.suppress(RuntimeError, ValueError):
                loop.remove_signal_handler(signal.SIGHUP)
    finally:
        await lifecycle.close(context)


async def _look_around(context: Context) -> None:
    while True:
        await asyncio.sleep(TICK)
        await _tried(context.tick)


async def _look_at_plans(context: Context, lifecycle: Lifecycle, hung_up: asyncio.Event) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK):
                await hung_up.wait()
        if hung_up.is_set():
            hung_up.clear()
            await _tried(partial(lifecycle.reload, context))
        else:
            await _tried(context.tick_plans)


async def _tried(step: Callable[[], Awaitable[None]]) -> None:
    try:
        await step()
    except Exception:  # noqa: BLE001 (the next second is another try; serving goes on)
        logger().exception("the look around failed")


async def _not_found(request: Request, _error: Exception) -> Response:
    context: Context = request.app.state.context
    context.tally.request(Document.OTHER, NOT_FOUND.status)
    headers = {name.decode(): value.decode() for name, value in NOT_FOUND.headers}
    return Response(NOT_FOUND.body, NOT_FOUND.status, headers)
