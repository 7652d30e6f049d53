"""
The entry of the application: count every request against its client's rate, answer common ones from a table, and pass
the rest to the routes. The table has the same endpoints as the routes, so that only speed differs.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.resolver import How
from autoconfig.web.asgi import header_block, send_response
from autoconfig.web.error_responses import too_many
from autoconfig.web.metrics.counters import RESOLVED, RequestKind
from autoconfig.web.rate_limit import Limiter, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.formats.microsoft_request import Schema
    from autoconfig.web.asgi import App, Message, Receive, Response, Scope, Send
    from autoconfig.web.fast_path.request_bytes import CommonRequest
    from autoconfig.web.fast_path.responses import FastDocument, FastResponse
    from autoconfig.web.services import Services

    Documents = Mapping[Schema | bool, FastDocument]
    """By `CommonRequest.document`."""
    Client = tuple[str, int] | None
    """Address and port of the other end of a connection; `None` for a Unix socket."""

SAMPLE = 64
"""One request in so many has its duration measured: from its arrival as a whole to the start of its response."""


class FastRoute(NamedTuple):
    """One method of one path."""

    documents: Documents
    needs_tls: bool
    """Whether they may not be served by plain http."""
    endpoint: App
    served: int
    """The index of its counter."""


FastTable = dict[str, FastRoute]
"""By method and path, with a space between them."""

_BY_ROW = RESOLVED[How.ROW]
_WITHOUT_BODY = frozenset({"GET", "HEAD"})
COUNTED = "autoconfig.counted"
"""
The key that marks the scope of a request for which `respond_at_once` had no response: it was counted against its
client's rate.
"""


class Entry:
    """An ASGI application in front of another one."""

    def __init__(self, services: Services, table: FastTable, rest: App) -> None:
        self.table, self._rest, self._services = table, rest, services
        self._counters, self._limiter = services.counters, Limiter(services.settings)
        self._seen = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        begun = monotonic()
        if COUNTED not in scope and (wait := self._limiter.wait_of(scope, begun)):
            await send_response(send, self._too_many(wait), head=scope["method"] == "HEAD")
        else:
            route = self.table.get(f"{scope['method']} {scope['path']}")
            await self._measured(route.endpoint if route else self._rest, scope, receive, send, begun)

    def respond_at_once(
        self, route: FastRoute, asked: CommonRequest, client: Client, scheme: str
    ) -> FastResponse | None:
        """
        The response to a request for a route of `table`, if it can be made without waiting. `client` and `scheme` are
        those of the connection.

        With it a server needs no task. `None`: call the application with `COUNTED` in the scope.
        """
        begun = monotonic()
        if wait := self._limiter.wait(client[0] if client else None, asked.forwarded_for, begun):
            return _over_the_wire(self._too_many(wait))
        if route.needs_tls:
            scope = {"client": client, "scheme": scheme, "headers": asked.forwarded}
            if self._services.lacks_tls(scope):
                return None
        found = route.documents[asked.document].answer(asked.domain, asked.local)
        if found is None:
            return None
        counts = self._counters.counts
        counts[route.served] += 1
        counts[_BY_ROW] += 1  # nothing else is answered so
        self._sample(begun)
        return found

    def malformed(self, client: Client, status: int) -> FastResponse | None:
        """
        Count bytes that cannot be read as a request and will be refused with `status`.

        Returns the response to a client that sends too many of them, else `None`.
        """
        if wait := self._limiter.wait(client[0] if client else None, None, monotonic()):
            return _over_the_wire(self._too_many(wait))
        self._counters.request(RequestKind.OTHER, status)
        return None

    def _too_many(self, wait: float) -> Response:
        """The 429 for a client that may ask again after so many seconds."""
        self._counters.limited()
        return too_many(retry_after(wait))

    def _sample(self, begun: float) -> None:
        self._seen += 1
        if not self._seen % SAMPLE:
            self._counters.took(monotonic() - begun)

    async def _measured(self, app: App, scope: Scope, receive: Receive, send: Send, begun: float) -> None:
        """Call an application and sample the time to the start of its response, unless it may wait for a body."""
        if scope["method"] not in _WITHOUT_BODY:
            await app(scope, receive, send)
            return
        waiting = True

        async def sending(message: Message) -> None:
            nonlocal waiting
            if waiting:
                waiting = False
                self._sample(begun)
            await send(message)

        await app(scope, receive, sending)


def _over_the_wire(response: Response) -> FastResponse:
    """As `send_response` would send it."""
    headers = [*response.headers, (b"content-length", b"%d" % len(response.body))]
    return response.status, header_block(headers) + b"\r\n", response.body
