"""The application: all routes, with the fast path in front of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.routing import Router

from autoconfig.web.asgi import send_response
from autoconfig.web.error_responses import NOT_FOUND
from autoconfig.web.fast_path.dispatch import Entry
from autoconfig.web.metrics.counters import RequestKind
from autoconfig.web.routes import fast_table, routes

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from autoconfig.web.asgi import Receive, Scope, Send
    from autoconfig.web.services import Services


def application(
    services: Services, lifespan: Callable[[object], AbstractAsyncContextManager[None]] | None = None
) -> Entry:
    """The ASGI application over `services`; `lifespan` is entered before the first request and left after the last."""

    async def not_found(scope: Scope, _receive: Receive, send: Send) -> None:
        services.counters.request(RequestKind.OTHER, NOT_FOUND.status)
        await send_response(send, NOT_FOUND, head=scope["method"] == "HEAD")

    table = routes(services)
    router = Router(table, redirect_slashes=False, default=not_found, lifespan=lifespan)
    return Entry(services, fast_table(services, table), router)
