"""
The entry of the application: count every request against its client's rate, answer common ones from a table, and pass
the rest to the routes. The table has the same endpoints as the routes, so that only speed differs.
"""

from __future__ import annotations

from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, Protocol

from autoconfig.resolver import How
from autoconfig.web.asgi import ResponseStart
from autoconfig.web.error_responses import too_many
from autoconfig.web.fast_path.responses import readable
from autoconfig.web.metrics.counters import RESOLVED, RequestKind
from autoconfig.web.rate_limit import Limiter, retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.web.asgi import App, Message, Receive, Scope, Send
    from autoconfig.web.fast_path.responses import FastResponse
    from autoconfig.web.services import Services

SAMPLE = 64
"""One request in so many has its duration measured: from its arrival as a whole to the start of its response."""


class FastPath(Protocol):
    """Answers the common form of a request."""

    def __call__(self, scope: Scope, headers: Mapping[bytes, bytes], message: Message | None, /) -> FastResponse | None:
        """
        The response that the endpoint would give; `None`: call the endpoint.

        `headers` are those of the scope, in which each occurs once; `message` is the first of the body, if it is read.
        """
        ...


class FastRoute(NamedTuple):
    """One method of one path."""

    respond: FastPath
    reads_body: bool
    endpoint: App
    served: int
    """The index of its counter."""


FastTable = dict[tuple[str, str], FastRoute]
"""By method and path."""

_BY_ROW = RESOLVED[How.ROW]
_WITHOUT_BODY = frozenset({"GET", "HEAD"})
COUNTED = "autoconfig.counted"
"""
The key that marks the scope of a request for which `respond_at_once` had no response: it was counted against its
client's rate, and the fast path need not be tried again.
"""
_WAITS = 128
"""How many different 429 responses are kept, one for each Retry-After."""


class Entry:
    """An ASGI application in front of another one."""

    def __init__(self, services: Services, table: FastTable, rest: App) -> None:
        self.table, self._rest = table, rest
        self._counters, self._limiter = services.counters, Limiter(services.settings)
        self._seen = 0
        self._too_many = lru_cache(_WAITS)(_too_many)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        begun, headers = monotonic(), dict(scope["headers"])
        route = self.table.get((scope["method"], scope["path"]))
        tried = COUNTED in scope
        if not tried and (limited := self._limited(scope, headers, begun)):
            await _send(send, limited, head=scope["method"] == "HEAD")
        elif route is None or tried:
            await self._measured(route.endpoint if route else self._rest, scope, receive, send, begun)
        else:
            message = None
            if route.reads_body and readable(headers):
                message, begun = await receive(), monotonic()  # until then it is the client's time
            # A header that occurs twice is for the endpoint to judge.
            response = route.respond(scope, headers, message) if len(headers) == len(scope["headers"]) else None
            if response is None:
                again = _again(message, receive) if message else receive
                await self._measured(route.endpoint, scope, again, send, begun)
            else:
                self._count(route, begun)
                await _send(send, response)

    def respond_at_once(self, scope: Scope, body: bytes) -> FastResponse | None:
        """
        The response to a request that has arrived with its whole body, if it can be made without waiting.

        With it a server needs no task. `None`: call the application with the same scope.
        """
        route, headers = self.table.get((scope["method"], scope["path"])), dict(scope["headers"])
        if route is None or len(headers) != len(scope["headers"]):
            return None
        begun = monotonic()
        if limited := self._limited(scope, headers, begun):
            return limited
        response = route.respond(scope, headers, {"body": body} if route.reads_body and readable(headers) else None)
        if response is None:
            scope[COUNTED] = True
        else:
            self._count(route, begun)
        return response

    def malformed(self, client: tuple[str, int] | None, status: int) -> FastResponse | None:
        """
        Count bytes that cannot be read as a request and will be refused with `status`.

        Returns the response to a client that sends too many of them, else `None`.
        """
        if limited := self._limited({"client": client, "headers": []}, {}, monotonic()):
            return limited
        self._counters.request(RequestKind.OTHER, status)
        return None

    def _limited(self, scope: Scope, headers: Mapping[bytes, bytes], now: float) -> FastResponse | None:
        """Count a request against its client's rate; return the 429 if it is over the limit."""
        wait = self._limiter.wait(scope, headers, now)
        if not wait:
            return None
        self._counters.limited()
        return self._too_many(retry_after(wait))

    def _count(self, route: FastRoute, begun: float) -> None:
        """Count a response of the fast path, which serves nothing but rows."""
        counts = self._counters.counts
        counts[route.served] += 1
        counts[_BY_ROW] += 1
        self._sample(begun)

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


def _too_many(seconds: bytes) -> FastResponse:
    """The 429 as `send_response` would send it."""
    status, headers, body, _ = too_many(seconds)
    return ResponseStart(status, [*headers, (b"content-length", b"%d" % len(body))]), body


async def _send(send: Send, response: FastResponse, *, head: bool = False) -> None:
    start, body = response
    await send(start)
    await send({"type": "http.response.body", "body": b"" if head else body})


def _again(message: Message, receive: Receive) -> Receive:
    """Receive `message` again, and then what follows it."""
    first = [message]

    async def received() -> Message:
        return first.pop() if first else await receive()

    return received
