"""
The way in: requests that machines make all the time go to their endpoint by one look into a table; the rest takes the
routes. The same endpoints stand in both, so that only speed differs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.web.asgi import App, Receive, Scope, Send


class Entry:
    """An ASGI application in front of another one."""

    def __init__(self, table: Mapping[str, App], rest: App) -> None:
        self._table, self._rest = table, rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        endpoint = self._table.get(scope.get("path", ""))
        if endpoint is not None and scope["type"] == "http":
            await endpoint(scope, receive, send)
        else:
            await self._rest(scope, receive, send)
