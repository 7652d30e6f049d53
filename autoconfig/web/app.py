"""Puts the application together, and keeps it up to date while it runs."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from autoconfig.log import logger
from autoconfig.web.asgi import as_response
from autoconfig.web.entry import Entry
from autoconfig.web.refusals import NOT_FOUND, method_not_allowed
from autoconfig.web.routes import hot_table, routes
from autoconfig.web.tally import Document

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from autoconfig.web.asgi import Answer
    from autoconfig.web.context import Context

TICK = 1.0
"""Seconds between two looks at plans.toml and the database."""


def application(context: Context) -> Entry:
    """The application over a context; its lifespan closes the context."""
    table = routes(context)
    starlette = Starlette(
        routes=table,
        lifespan=lambda _app: _lifespan(context),
        exception_handlers={404: _not_found, 405: _not_allowed},
    )
    starlette.state.context = context
    starlette.router.redirect_slashes = False
    return Entry(context, hot_table(context, table), starlette)


@contextlib.asynccontextmanager
async def _lifespan(context: Context) -> AsyncIterator[None]:
    """Load the plans, look around once a second, reload on SIGHUP, close at the end."""
    loop, hung_up = asyncio.get_running_loop(), asyncio.Event()
    try:
        await context.start()
        with contextlib.suppress(RuntimeError, ValueError):  # not in the main thread: tests
            loop.add_signal_handler(signal.SIGHUP, hung_up.set)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # `cli.serve` starts workers with it blocked
        # Apart, because a slow answer about plans must not hold up the changes of the mapping.
        rounds = [
            loop.create_task(_look_around(context)),
            loop.create_task(_look_at_plans(context, hung_up)),
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
        await context.close()


async def _look_around(context: Context) -> None:
    while True:
        await asyncio.sleep(TICK)
        await _tried(context.tick)


async def _look_at_plans(context: Context, hung_up: asyncio.Event) -> None:
    while True:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TICK):
                await hung_up.wait()
        if hung_up.is_set():
            hung_up.clear()
            await _tried(context.reload_plans)
        else:
            await _tried(context.tick_plans)


async def _tried(step: Callable[[], Awaitable[None]]) -> None:
    try:
        await step()
    except Exception:  # noqa: BLE001 (the next second is another try; serving goes on)
        logger().exception("the look around failed")


async def _not_found(request: Request, _error: Exception) -> Response:
    return _response(request, NOT_FOUND)


async def _not_allowed(request: Request, error: Exception) -> Response:
    headers = error.headers if isinstance(error, HTTPException) else None
    return _response(request, method_not_allowed(sorted((headers or {}).get("Allow", "GET").split(", "))))


def _response(request: Request, answer: Answer) -> Response:
    context: Context = request.app.state.context
    context.tally.request(Document.OTHER, answer.status, answer.outcome)
    return as_response(answer)
