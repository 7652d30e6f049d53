"""The few lines of ASGI that the hot path needs: what an answer is, and how it is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from autoconfig.web.tally import Outcome

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class Start(dict[str, Any]):
    """The message that starts a response, with its headers also as they go over the wire (RFC 9112 section 5)."""

    __slots__ = ("block",)

    def __init__(self, status: int, headers: Headers) -> None:
        super().__init__(type="http.response.start", status=status, headers=headers)
        self.block = b"".join(b"%b: %b\r\n" % header for header in headers)


class Answer(NamedTuple):
    """A response, whole."""

    status: int
    headers: Headers
    body: bytes
    outcome: Outcome | None = None
    """What it is counted as, where the status does not say it."""


async def send_answer(send: Send, answer: Answer, *, head: bool = False) -> None:
    """Send it; for HEAD (RFC 9110 section 9.3.2) the headers alone, with the length that the body would have."""
    status, headers, body, _ = answer
    if status != 204:  # RFC 9110 section 8.6
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})


def header(scope: Scope, name: bytes) -> bytes | None:
    """The value of a header that may stand once; `None` if it is missing or stands there with different values."""
    found: bytes | None = None
    for key, value in scope["headers"]:
        if key == name:
            if found is not None and found != value:
                return None
            found = value
    return found
