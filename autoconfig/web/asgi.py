"""The few lines of ASGI that the hot path needs: what an answer is, and how it is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, NamedTuple

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class Answer(NamedTuple):
    """A response, whole."""

    status: int
    headers: Headers
    body: bytes


async def send_answer(send: Send, answer: Answer, *, head: bool = False) -> None:
    """Send it; for HEAD (RFC 9110 section 9.3.2) the headers alone, with the length that the body would have."""
    status, headers, body = answer
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
