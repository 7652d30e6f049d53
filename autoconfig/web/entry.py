"""
The way in. Every request is counted against its client's rate; then what machines ask all day is answered from one
table, and the rest takes the routes. The same endpoints stand in both, so that only speed differs.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, Protocol

from autoconfig.resolve import How
from autoconfig.web.asgi import send_answer
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
"""Of so many requests one's duration is measured."""


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


class Entry:
    """An ASGI application in front of another one."""

    def __init__(self, context: Context, table: Table, rest: App) -> None:
        self.table, self._rest = table, rest
        self._tally, self._limiter = context.tally, Limiter(context.settings)
        self._seen = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or run the lifespan."""
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        begun, headers = monotonic(), dict(scope["headers"])
        if wait := self._limiter.wait(scope, headers, begun):
            self._tally.limited()
            await send_answer(send, too_many(retry_after(wait)), head=scope["method"] == "HEAD")
            return
        hot = self.table.get((scope["method"], scope["path"]))
        if hot is None:
            await self._rest(scope, receive, send)
        else:
            message = await receive() if hot.reads_body and readable(headers) else None
            # A header that stands there twice is for the endpoint to judge.
            answer = hot.quick(scope, headers, message) if len(headers) == len(scope["headers"]) else None
            if answer is None:
                await hot.endpoint(scope, _again(message, receive) if message else receive, send)
            else:
                self._count(hot)
                start, body = answer
                await send(start)
                await send({"type": "http.response.body", "body": body})
        self._sample(begun)

    def at_once(self, scope: Scope, body: bytes) -> QuickAnswer | None:
        """
        The answer to a request that is here with its whole body, if it can be had without waiting.

        With it a server can do without a task. `None`: nothing was counted, and the application is to be called.
        """
        hot, headers = self.table.get((scope["method"], scope["path"])), dict(scope["headers"])
        if hot is None or len(headers) != len(scope["headers"]):
            return None
        begun, message = monotonic(), {"body": body} if hot.reads_body and readable(headers) else None
        answer = hot.quick(scope, headers, message)
        if answer is None or self._limiter.wait(scope, headers, begun):
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


def _again(message: Message, receive: Receive) -> Receive:
    """What was received, once more, and then what comes after it."""
    first = [message]

    async def received() -> Message:
        return first.pop() if first else await receive()

    return received
