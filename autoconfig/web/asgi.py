"""The little ASGI that endpoints and the fast path need: a response, and how to send it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from autoconfig.web.metrics.counters import RequestOutcome

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class Response(NamedTuple):
    """A complete response."""

    status: int
    headers: Headers
    body: bytes
    outcome: RequestOutcome | None = None
    """What it is counted as, if the status alone does not tell."""


async def send_response(send: Send, answer: Response, *, head: bool = False) -> None:
    """Send a response; to HEAD only its headers, with the length of the body (RFC 9110 section 9.3.2)."""
    status, headers, body, _ = answer
    if status != 204:  # RFC 9110 section 8.6
        headers = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if head else body})


def header_block(headers: Headers) -> bytes:
    """Headers as they go over the wire (RFC 9112 section 5)."""
    return b"".join(b"%b: %b\r\n" % field for field in headers)


def header(scope: Scope, name: bytes) -> bytes | None:
    """The value of a header that may occur once; `None` if it is missing or occurs with different values."""
    found: bytes | None = None
    for key, value in scope["headers"]:
        if key == name:
            if found is not None and found != value:
                return None
            found = value
    return found


async def read_body(receive: Receive, most: int) -> bytes | None:
    """The first `most` octets of a request's body; `None` if the client left before them."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunk: bytes = message.get("body", b"")
        body = (body + chunk)[:most]
        if not message.get("more_body", False) or len(body) == most:
            return body
