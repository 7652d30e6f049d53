"""What answers a path, as a plain ASGI application, used by the entry and by the routes alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from autoconfig.web.asgi import send_answer
from autoconfig.web.hosts import has_one_host
from autoconfig.web.refusals import NO_HOST, method_not_allowed, refusal

if TYPE_CHECKING:
    from autoconfig.web.asgi import Answer, Receive, Scope, Send
    from autoconfig.web.context import Context
    from autoconfig.web.tally import Document


class Endpoint(ABC):
    """Answers one path. Whatever goes wrong becomes a refusal; nothing a client sends makes a 500."""

    methods: ClassVar[tuple[str, ...]] = ("GET", "HEAD")
    kind: ClassVar[Document]
    """What its requests are counted as."""

    def __init__(self, context: Context) -> None:
        self.context = context

    @abstractmethod
    async def answer(self, scope: Scope, /) -> Answer:
        """The answer to GET and HEAD. Situations of `errors` may be raised."""

    async def posted(self, scope: Scope, receive: Receive) -> Answer | None:
        """The same to POST, if `methods` has it; `None` if the client has gone before its body was whole."""
        raise NotImplementedError

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method = scope["method"]
        answer: Answer | None
        if method not in self.methods:
            answer = method_not_allowed(self.methods)
        elif not has_one_host(scope):
            answer = NO_HOST
        else:
            try:
                answer = await (self.posted(scope, receive) if method == "POST" else self.answer(scope))
            except Exception as error:  # noqa: BLE001 (the boundary: `refusal` logs what is a bug)
                answer = refusal(error)
        if answer is not None:
            self.context.tally.request(self.kind, answer.status, answer.outcome)
            await send_answer(send, answer, head=method == "HEAD")
