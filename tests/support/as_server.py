"""Ask an application as our server does, without a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.web.asgi import header_block
from autoconfig.web.fast_path.dispatch import COUNTED
from autoconfig.web.fast_path.request_bytes import common_request

if TYPE_CHECKING:
    from autoconfig.web.asgi import Message, Receive, Scope, Send
    from autoconfig.web.fast_path.dispatch import Entry
    from autoconfig.web.fast_path.responses import FastResponse


class AsServer:
    """The application as our server asks it: common requests are answered from their octets."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once, or by the application."""
        first: list[Message] = []
        if scope["type"] == "http":
            if b"content-length" in dict(scope["headers"]):
                first.append(await receive())
            if found := self._at_once(scope, *first):
                status, head, content = found
                headers = [tuple(line.split(b": ", 1)) for line in head.split(b"\r\n") if line]
                await send({"type": "http.response.start", "status": status, "headers": headers})
                await send({"type": "http.response.body", "body": content})
                return

        async def received() -> Message:
            return first.pop() if first else await receive()

        await self._entry(scope, received, send)

    def _at_once(self, scope: Scope, message: Message | None = None) -> FastResponse | None:
        """The response, if it can be given without waiting; else the request is marked if it was counted."""
        body = message.get("body", b"") if message else b""
        asked = None if message and message.get("more_body") else common_request(octets_of(scope, body))
        route = self._entry.table.get(asked.route) if asked else None
        if asked is None or route is None:
            return None
        response = self._entry.respond_at_once(route, asked, scope["client"], scope["scheme"])
        if response is None:
            scope[COUNTED] = True
        return response


def octets_of(scope: Scope, body: bytes) -> bytes:
    """A request as it goes over the wire."""
    path = scope.get("raw_path") or scope["path"].encode()
    target = path + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    return b"%b %b HTTP/1.1\r\n%b\r\n%b" % (scope["method"].encode(), target, header_block(scope["headers"]), body)
