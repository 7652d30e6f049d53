"""The endpoint of a path as a plain ASGI application, called by the fast path and by the routes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from autoconfig.web.asgi import send_response
from autoconfig.web.error_responses import NO_HOST, NOT_FOUND, error_response, method_not_allowed
from autoconfig.web.executor import unless_gone
from autoconfig.web.host_header import has_one_host

if TYPE_CHECKING:
    from autoconfig.web.asgi import Receive, Response, Scope, Send
    from autoconfig.web.metrics.counters import RequestKind
    from autoconfig.web.services import Services


class Endpoint(ABC):
    """Answers one path. Every error becomes a response; nothing a client sends makes a 500."""

    methods: ClassVar[tuple[str, ...]] = ("GET", "HEAD")
    kind: ClassVar[RequestKind]
    """What its requests are counted as."""
    waits_for_thread: ClassVar[bool] = False
    """Whether `answer` uses a `BoundedExecutor`, and so is cancelled when the client leaves."""

    def __init__(self, services: Services) -> None:
        self.services = services

    @abstractmethod
    async def answer(self, scope: Scope, /) -> Response:
        """Respond to GET and HEAD. Raises errors of `autoconfig.errors`."""

    async def posted(self, scope: Scope, receive: Receive) -> Response | None:
        """Respond to POST, if it is in `methods`; `None` if the client left before its body was complete."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method = scope["method"]
        response: Response | None
        if method not in self.methods:
            response = method_not_allowed(self.methods)
        elif not has_one_host(scope):
            response = NO_HOST
        else:
            try:
                if method == "POST":
                    response = await self.posted(scope, receive)
                elif self.waits_for_thread:
                    response = await unless_gone(self.answer(scope), receive)
                else:
                    response = await self.answer(scope)
            except Exception as error:  # noqa: BLE001 (the boundary: `error_response` logs what is a bug)
                response = error_response(error)
        if response is not None:
            self.services.counters.request(self.kind, response.status, response.outcome)
            await send_response(send, response, head=method == "HEAD")


class HiddenEndpoint(Endpoint):
    """An endpoint that only some clients see. For all others its path does not exist."""

    hidden_kind: ClassVar[RequestKind | None] = None
    """What the requests of those others are counted as; `None`: as its own."""

    @abstractmethod
    def is_shown(self, scope: Scope) -> bool:
        """Whether this client sees it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self.is_shown(scope):
            await super().__call__(scope, receive, send)
        else:
            self.services.counters.request(self.hidden_kind or self.kind, NOT_FOUND.status)
            await send_response(send, NOT_FOUND, head=scope["method"] == "HEAD")
