"""One client's connection, which a stop of the server does not cut off."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LINGER = 0.5
"""Seconds after a stop in which a connection that was accepted already may bring its request."""

_CLOSE = (b"connection", b"close")


class Connection(HttpToolsProtocol):
    """
    uvicorn's, except that it stays open for a moment when the server stops.

    A client that has connected has its request on the way, and a proxy that keeps connections open may just be sending
    the next one; both would see a reset, although the process that comes next could have answered.
    """

    def shutdown(self) -> None:
        """End soon: after the answer to a request that is here or comes at once."""
        if _CLOSE not in self.server_state.default_headers:  # every answer from now on is a connection's last
            self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        # The cycle is None until the first request.
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]
            self.loop.call_later(LINGER, super().shutdown)
        else:
            super().shutdown()
