"""One client's connection: common requests are answered without a task, and a stop of the server cuts nothing off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from autoconfig.web.entry import Entry

if TYPE_CHECKING:
    from autoconfig.web.quick import QuickAnswer

LINGER = 0.5
"""Seconds after a stop in which a connection that was accepted already may bring its request."""

_CLOSE = (b"connection", b"close")
_OK = STATUS_LINE[200]


class Connection(HttpToolsProtocol):
    """
    uvicorn's, with two differences.

    A request that is here as a whole, and that the entry can answer without waiting, is answered within the call that
    brought it: the task, its queue and the ASGI messages of other requests cost twice as much as such an answer. All
    others take uvicorn's way, and get the same bytes.

    It stays open for a moment when the server stops. A client that has connected has its request on the way, and a
    proxy that keeps connections open may just be sending the next one; both would see a reset, although the process
    that comes next could have answered.
    """

    _held: bytes | None = None
    """The body so far of a request that may be answered at once; `None` where there is none."""
    _defaults: tuple[object, bytes] = (None, b"")
    """uvicorn's own headers, which it replaces once a second, and the same as they go over the wire."""

    def on_headers_complete(self) -> None:
        """Hold a request that may be answered at once; anything else becomes a task."""
        if self._may_be_at_once():
            self._held = b""
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """One more piece of a body."""
        if self._held is None:
            super().on_body(body)
        else:
            self._held += body

    def on_message_complete(self) -> None:
        """The request is whole."""
        if self._held is not None:
            answer = self.app.at_once(self.scope, self._held)
            if answer is not None:
                self._held = None
                self._answer(answer)
                return
            self._take_the_usual_way()
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Bytes came. What is not whole after them is waited for in a task, which can be told of an end."""
        super().data_received(data)
        if self._held is not None and not self.transport.is_closing():
            self._take_the_usual_way()

    def _may_be_at_once(self) -> bool:
        """Whether nothing stands before the answer: no other request, no full buffer, no end, nothing to be asked."""
        app, scope = self.app, self.scope
        if not isinstance(app, Entry) or self.expect_100_continue or b"#" in self.url:
            return False
        if not (self.cycle is None or self.cycle.response_complete) or self.pipeline or self.flow.write_paused:  # type: ignore[redundant-expr]
            return False
        parser = self.parser
        if not parser.should_keep_alive() or parser.should_upgrade() or parser.get_http_version() != "1.1":
            return False
        path, _, query = self.url.partition(b"?")
        scope["method"], scope["path"] = parser.get_method().decode("ascii"), path.decode("latin-1")
        scope["query_string"] = query
        return (scope["method"], scope["path"]) in app.table and _CLOSE not in self.server_state.default_headers

    def _take_the_usual_way(self) -> None:
        body, self._held = self._held, None
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def _answer(self, answer: QuickAnswer) -> None:
        """As uvicorn writes it, in one piece."""
        start, body = answer
        headers, block = self._defaults
        if headers is not self.server_state.default_headers:
            headers = self.server_state.default_headers
            block = b"".join(b"%b: %b\r\n" % header for header in headers)
            self._defaults = headers, block
        self.transport.write(b"".join((_OK, block, start.block, b"\r\n", body)))
        self.on_response_complete()

    def shutdown(self) -> None:
        """End soon: after the answer to a request that is here or comes at once."""
        if _CLOSE not in self.server_state.default_headers:  # every answer from now on is a connection's last
            self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        # The cycle is None until the first request.
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]
            self.loop.call_later(LINGER, super().shutdown)
        else:
            super().shutdown()
