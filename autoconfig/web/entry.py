"""
The way in. Every request is counted against its client's rate; then what machines ask all day is answered from one
table, and the rest takes the routes. The same endpoints stand in both, so that only speed differs.
"""

from __future__ import annotations

from functools import lru_cache
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, Protocol

from autoconfig.resolve import How
from autoconfig.web.asgi import Start, send_answer
from autoconfig.web.limits import Limiter, retry_after
from autoconfig.web.quick import readable
from autoconfig.web.refusals import too_many
from autoconfig.web.tally import RESOLVED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.web.asgi import App, Message, Receive, Scope, Send
    from autoconfig.web.context import Context
    from autoconfig.web.quick import QuickAnswer

SAMPLE = 64
"""Of so many requests one's duration is measured: from when it is whole until its answer begins."""


class Quick(Protocol):
    """Answers the common form of a request by itself."""

    def __call__(self, scope: Scope, headers: Mapping[bytes, bytes], message: Message | None, /) -> QuickAnswer | None:
        """
        The answer that the endpoint would give; `None` if it has to be asked.

        `headers` are those of the scope, each of which stands there once; `message` is the first of the body's, if the
        body is read.
        """
        ...


class Hot(NamedTuple):
    """One method of one path."""

    quick: Quick
    reads_body: bool
    endpoint: App
    served: int
    """Where it is counted."""


Table = dict[tuple[str, str], Hot]
"""By method and path."""

_BY_ROW = RESOLVED[How.ROW]
_WITHOUT_BODY = frozenset({"GET", "HEAD"})
_COUNTED = "autoconfig.counted"
"""In a scope whose request was counted against its client's rate already."""
_WAITS = 128
"""How many lengths of a wait have their answer laid ready."""


class Entry:
    """An ASGI application in front of another one."""

    def __init__(self, context: Context, table: Table, rest: App) -> None:
        self.table, self._rest = table, rest
        self._tally, self._limiter = context.tally, Limiter(context.settings)
        self._seen = 0
        self._too_many = lru_cache(_WAITS)(_too_many)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        begun, headers = monotonic(), dict(scope["headers"])
        if _COUNTED not in scope and (wait := self._limiter.wait(scope, headers, begun)):
            self._tally.limited()
            await send_answer(send, too_many(retry_after(wait)), head=scope["method"] == "HEAD")
            return
        hot = self.table.get((scope["method"], scope["path"]))
        if hot is None:
            await self._measured(self._rest, scope, receive, send, begun)
        else:
            message = None
            if hot.reads_body and readable(headers):
                message, begun = await receive(), monotonic()  # it is the client's time until then
            # A header that stands there twice is for the endpoint to judge.
            answer = hot.quick(scope, headers, message) if len(headers) == len(scope["headers"]) else None
            if answer is None:
                await self._measured(hot.endpoint, scope, _again(message, receive) if message else receive, send, begun)
            else:
                self._count(hot)
                self._sample(begun)
                start, body = answer
                await send(start)
                await send({"type": "http.response.body", "body": body})

    def at_once(self, scope: Scope, body: bytes) -> QuickAnswer | None:
        """
        The answer to a request that is here with its whole body, if it can be had without waiting.

        With it a server can do without a task. `None`: the application is to be called with the same scope.
        """
        hot, headers = self.table.get((scope["method"], scope["path"])), dict(scope["headers"])
        if hot is None or len(headers) != len(scope["headers"]):
            return None
        begun = monotonic()
        if wait := self._limiter.wait(scope, headers, begun):
            self._tally.limited()
            return self._too_many(retry_after(wait))
        answer = hot.quick(scope, headers, {"body": body} if hot.reads_body and readable(headers) else None)
        if answer is None:
            scope[_COUNTED] = True
            return None
        self._count(hot)
        self._sample(begun)
        return answer

    def _count(self, hot: Hot) -> None:
        """A short cut answers only what is served because of a row."""
        counts = self._tally.counts
        counts[hot.served] += 1
        counts[_BY_ROW] += 1

    def _sample(self, begun: float) -> None:
        self._seen += 1
        if not self._seen % SAMPLE:
            self._tally.took(monotonic() - begun)

    async def _measured(self, app: App, scope: Scope, receive: Receive, send: Send, begun: float) -> None:
        """Call an application, and sample how long it takes to begin its answer, unless it may wait for a body."""
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


def _too_many(seconds: bytes) -> QuickAnswer:
    """The same as `send_answer` sends to whom is no HEAD."""
    status, headers, body, _ = too_many(seconds)
    return Start(status, [*headers, (b"content-length", b"%d" % len(body))]), body


def _again(message: Message, receive: Receive) -> Receive:
    """What was received, once more, and then what comes after it."""
    first = [message]

    async def received() -> Message:
        return first.pop() if first else await receive()

    return received
