"""
Requests that uvicorn answers, one at a time.

uvicorn's protocol gets a request's head and body, and nothing behind them before it has answered. If a request was not
read to its end, or leaves a doubt about where that is, the protocol is not used again: no octet of one request can be
taken for part of another one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from autoconfig.server.request_target import origin_form
from autoconfig.server.uvicorn_internals import HttpToolsProtocol
from autoconfig.web.fast_path.dispatch import COUNTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    import uvicorn

    from autoconfig.server.request_head import Head
    from autoconfig.server.uvicorn_internals import ServerState
    from autoconfig.web.asgi import Message, Receive, Scope, Send


class Place(NamedTuple):
    """What uvicorn needs for a request on a connection."""

    config: uvicorn.Config
    state: ServerState
    app_state: dict[str, Any]
    loop: asyncio.AbstractEventLoop
    ends: Mapping[str, object]
    """What uvicorn asks of a transport: `peername` and `sockname` as pairs, `sslcontext`."""


class Owner(Protocol):
    """The connection of a request."""

    transport: asyncio.Transport

    def go_on(self) -> None:
        """Read on, if there is anything to read."""
        ...

    def answered(self, exchange: Exchange) -> None:
        """The response has been written completely."""
        ...

    @property
    def body_is_missing(self) -> bool:
        """Whether some of the request's body has not arrived."""
        ...


class Exchange(asyncio.Transport):
    """The transport that uvicorn's protocol sees. It serves one request after another, never two at a time."""

    def __init__(self, owner: Owner, place: Place) -> None:
        super().__init__(place.ends)
        self._owner, self._loop, self._tasks = owner, place.loop, place.state.tasks
        self._head: Head | None = None
        """That of the request under way."""
        self._counted = self._over = self._feeding = self._refused = self._paused = self._called = False
        self.responding = False
        """Whether the response has begun."""
        self._protocol = protocol = HttpToolsProtocol(place.config, place.state, place.app_state, place.loop)
        self._app = protocol.app
        protocol.app = self._answer
        protocol.connection_made(self)
        place.state.connections.discard(protocol)  # the server's are ours

    def begin(self, head: Head, *, counted: bool, paused: bool) -> bool:
        """
        Give a request's head to uvicorn; return whether it has taken exactly this one for a request.

        `counted`: whether the request has been counted against its client's rate; `paused`: whether responses wait.
        """
        self._head, self._counted, self._called, self.responding = head, counted, False, False
        (self._protocol.pause_writing if paused else self._protocol.resume_writing)()
        before = len(self._tasks)
        return self.feed(head.octets) and len(self._tasks) == before + 1

    def feed(self, octets: bytes) -> bool:
        """Give more of the body to uvicorn; return whether this is a request so far."""
        self._feeding = True
        self._protocol.data_received(octets)
        self._feeding = False
        return not self._refused

    def be_last(self) -> None:
        """End the connection with the response to this request."""
        self._protocol.shutdown()

    def rest(self) -> None:
        """Wait for the next request; this one has been read completely and answered."""
        self._head = None

    def end(self, exc: Exception | None = None) -> None:
        """Let go of uvicorn's protocol; where the response is incomplete, the client has gone."""
        self._over = True
        self._protocol.connection_lost(exc)
        del self._protocol.app  # a circle of references

    @property
    def waits(self) -> bool:
        """Whether no more of the body may be fed now."""
        # What follows a head with a doubt may be trailers to uvicorn: the application gets its headers before.
        return self._paused or not (self._called or self._head is None or self._head.is_strict)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = self._head
        if head is None or self._called:
            self._owner.transport.abort()
            raise RuntimeError("uvicorn has read a request that it was not given")
        self._called = True
        scope["headers"] = headers = [*scope["headers"]]
        if not head.is_strict:
            self._loop.call_soon(self._owner.go_on)
        if self._counted:
            scope[COUNTED] = True
        if head.absolute:
            origin_form(head.target, headers, host_needed=not head.old)

        async def sending(message: Message) -> None:
            if not self.responding:
                self.responding = True
                if head.expects and self._owner.body_is_missing:
                    # A client that waits to be asked for the body may go on without it (RFC 9110 section 10.1.1).
                    self._protocol.shutdown()
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body"):
                self._owner.answered(self)

        await self._app(scope, receive, sending)

    def write(self, data: Any) -> None:
        """Write to the client. While uvicorn reads it writes nothing but a refusal, which the connection words."""
        if self._feeding:
            self._refused = True
        elif not self._over:
            self._owner.transport.write(data)

    def close(self) -> None:
        """Close the connection; between requests its own clock counts, not uvicorn's."""
        if not (self._over or self._feeding or self._head is None):
            self._owner.transport.close()

    def is_closing(self) -> bool:
        """Whether nothing can be written."""
        return self._over or self._refused or self._owner.transport.is_closing()

    def pause_reading(self) -> None:
        """Hold the rest of the body back."""
        self._paused = True

    def resume_reading(self) -> None:
        """Let more of the body come."""
        self._paused = False
        if not self._over:
            self._loop.call_soon(self._owner.go_on)

    def pause_writing(self) -> None:
        """Let the application wait: the client does not read."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Let the application go on."""
        self._protocol.resume_writing()
