"""A client's connection: answer common requests from their octets, bound all others, stop without cutting one off."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from autoconfig.log import counted_error, counted_warning
from autoconfig.server.exchange import Exchange, Place
from autoconfig.server.refusal import Refusal, invalid
from autoconfig.server.request_body import Endless, Sized
from autoconfig.server.request_head import HeadSearch, read_head
from autoconfig.server.sockets import most_connections
from autoconfig.server.uvicorn_internals import STATUS_LINE
from autoconfig.web.asgi import header_block
from autoconfig.web.fast_path.dispatch import Entry
from autoconfig.web.fast_path.request_bytes import MOST_HEADERS, common_request

if TYPE_CHECKING:
    import uvicorn

    from autoconfig.server.request_body import Framing
    from autoconfig.server.uvicorn_internals import ServerState

LINGER = 0.5
"""Seconds after a stop in which an accepted connection may still send its request."""

HEAD = 65536
"""Largest head of a request, in octets."""
WHOLE = 1 << 24
"""
Largest request, in octets. No endpoint reads so many: it answers earlier, and the rest is discarded as it arrives. A
connection closed at once would be reset, and the client, or a proxy, would not see the response.
"""
PATIENCE = 20.0
"""Seconds for a request to arrive: from its first octet, or from the beginning of the connection."""

TURN = 8
"""Requests that have arrived together and are answered in a row: about half a millisecond. Then it is others' turn."""

LONGEST_TARGET = 4096
"""Octets of a target; one with an address all in Japanese, percent-encoded, has 2,286."""

_CLOSE = (b"connection", b"close")
_PLAIN = b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n\r\n"
_OK = STATUS_LINE[200]


class Connection(asyncio.Protocol):
    """
    The first look at what a client sends.

    A request that is common, has arrived completely and can be answered without waiting is answered within the call
    that brought it: neither a parser nor a task is needed. Every other request goes to uvicorn, one at a time
    (`Exchange`), and gets the same bytes. The next one is looked at when the body has arrived and the response has been
    written; octets that leave a doubt about where a request ends are the last that are read from a client.

    A request has to arrive within a number of octets and seconds. While a response is due, nothing behind its request
    is read: a client that sends requests without end and reads little would fill the memory. Unreadable octets count
    against the client's rate like a request. Of requests that arrived together, `TURN` are answered before other
    clients' requests are read.

    A connection stays open for a moment when the server stops. A client that has just connected is sending its request,
    and a proxy that keeps connections open may be sending the next one; both would see a reset, although the next
    process could have answered.

    There are fewer connections than files that the process may open. Without a spare file neither the plans nor the
    database could be read, and clients with a connection would get errors.
    """

    transport: asyncio.Transport

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """As uvicorn makes its protocols."""
        self.loop = _loop or asyncio.get_running_loop()
        self.timeout_keep_alive: float = config.timeout_keep_alive
        self._state = server_state
        self._entry: Entry | None = config.loaded_app if isinstance(config.loaded_app, Entry) else None
        self._place = Place(config, server_state, app_state, self.loop, {})
        self._client: tuple[str, int] | None = None
        self._scheme = "http"
        self._defaults: object = None
        self._block = b""
        """The status line 200 with uvicorn's own headers, `_defaults`, which it replaces once a second."""
        self._unread = bytearray()
        """What arrived and was not looked at, or is part of a head."""
        self._heads = HeadSearch(HEAD, MOST_HEADERS)
        self._octets = 0
        """Octets so far of a request whose body is incomplete."""
        self._body: Framing | None = None
        """The missing rest of a body."""
        self._exchange: Exchange | None = None
        """The request whose response is due."""
        self._spare: Exchange | None = None
        """Ready for the next one."""
        self._counted = False
        """Whether the next request has been counted against its client's rate."""
        self._write_paused = self._read_paused = False
        self._late: asyncio.TimerHandle | None = None
        """Ends the connection if the request does not arrive in time."""
        self._idle: asyncio.TimerHandle | None = None
        """Ends the connection if no request begins."""
        self._idle_since = 0.0
        self._turn: asyncio.Handle | None = None
        """Reads on after other connections; until then nothing is read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept a client, unless there are too many connections."""
        self.transport = transport  # type: ignore[assignment]
        connections: set[Any] = self._state.connections
        connections.add(self)
        if len(connections) > (most := most_connections()):
            counted_error(
                "connections are turned away: no more files may be open", connections=most, remedy="raise LimitNOFILE"
            )
            self.transport.abort()
            return
        ends: dict[str, Any] = {name: _pair(transport.get_extra_info(name)) for name in ("peername", "sockname")}
        ends["sslcontext"] = transport.get_extra_info("sslcontext")
        self._place = self._place._replace(ends=ends)
        self._client = ends["peername"] if isinstance(ends["peername"], tuple) else None
        self._scheme = "https" if ends["sslcontext"] else "http"
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Clean up after the connection."""
        self._state.connections.discard(self)
        self._in_time()
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._turn is not None:
            self._turn.cancel()
        self._drop(exc)

    def data_received(self, data: bytes) -> None:
        """Read bytes."""
        tried = not (self._unread or self._exchange or self._body)
        if tried and self._answer(data):
            return
        self._unread += data
        self._read(tried=tried)

    def pause_writing(self) -> None:
        """Let responses wait until the client has read."""
        self._write_paused = True
        if self._exchange:
            self._exchange.pause_writing()

    def resume_writing(self) -> None:
        """Let responses go on."""
        self._write_paused = False
        if self._exchange:
            self._exchange.resume_writing()

    def shutdown(self) -> None:
        """End soon: after the response to a request that has arrived or arrives within `LINGER`."""
        if _CLOSE not in self._state.default_headers:  # every response from now on is a connection's last
            self._state.default_headers = [*self._state.default_headers, _CLOSE]
        if self._exchange:
            self._exchange.be_last()
        else:
            self.loop.call_later(LINGER, self._stop)

    def _stop(self) -> None:
        if self._exchange:
            self._exchange.be_last()
        else:
            self.transport.close()

    def go_on(self) -> None:
        """Read on, if there is anything to read."""
        if self._unread and not self.transport.is_closing():
            self._read()

    def answered(self, exchange: Exchange) -> None:
        """Let go of a request whose response is complete, and read on."""
        if exchange is not self._exchange:
            return  # the client has gone
        self._exchange = None
        if self._body is None:
            exchange.rest()
            self._spare = exchange
            self._rest()
        else:
            exchange.end()
            if isinstance(self._body, Endless):
                self.transport.close()
        self._read()

    @property
    def body_is_missing(self) -> bool:
        """Whether some of the present request's body has not arrived."""
        return self._body is not None

    def _read(self, *, tried: bool = False) -> None:
        """Read what has arrived, as far as it may be; `tried`: all of it was tried as one common request."""
        if self._turn is not None:
            return
        unread, transport = self._unread, self.transport
        going, left = True, TURN
        try:
            while unread and going and left and not transport.is_closing():
                if self._body:
                    going = self._read_body(self._body)
                else:
                    left -= 1
                    going = not self._exchange and self._begin(tried=tried)
                tried = False
        except Refusal as refusal:
            self._refuse(refusal.status, refusal.text)
        if transport.is_closing():
            self._drop()
            return
        if unread and not left and not self._exchange:
            self._turn = self.loop.call_soon(self._take_turn)
        if (full := bool(unread) and self._must_wait()) is not self._read_paused:
            self._read_paused = full
            (transport.pause_reading if full else transport.resume_reading)()

    def _must_wait(self) -> bool:
        """Whether nothing may be read before the application has read the body or answered, or others had a turn."""
        if self._exchange is None:
            return self._turn is not None
        return self._body is None or self._exchange.waits

    def _take_turn(self) -> None:
        self._turn = None
        self._read()

    def _begin(self, *, tried: bool) -> bool:
        """Read the head of a request; return whether it is complete."""
        end = self._heads.end_in(self._unread)
        if end:
            self._take_request(end, tried=tried)
        else:
            self._wait()
        return end > 0

    def _take_request(self, end: int, *, tried: bool) -> None:
        """Answer a request whose head has so many octets, or hand it to uvicorn."""
        unread = self._unread
        head = read_head(bytes(unread[:end]))
        if len(head.target) > LONGEST_TARGET:
            raise Refusal(414, "The address of the request is too long.\n")  # RFC 9110 section 15.5.15
        body = head.body
        whole = end + body.left if isinstance(body, Sized) else HEAD + WHOLE
        if whole <= len(unread) and not (tried and whole == len(unread)) and self._answer(bytes(unread[:whole])):
            del unread[:whole]
            return
        del unread[:end]
        self._octets, self._body = end, None if body.complete else body
        counted, self._counted = self._counted, False
        self._exchange, self._spare = self._spare or Exchange(self, self._place), None
        if not self._exchange.begin(head, counted=counted, paused=self._write_paused):
            raise invalid()
        if not head.is_strict:
            self._exchange.be_last()
        if body.complete:
            self._in_time()
        else:
            self._wait()

    def _read_body(self, body: Framing) -> bool:
        """Read some of a body; return whether anything was read."""
        exchange, before = self._exchange, len(self._unread)
        if exchange and exchange.waits:
            return False
        piece = body.take(self._unread)
        self._octets += before - len(self._unread)
        if body.complete:
            self._body = None
            self._in_time()
        elif self._octets >= WHOLE:
            self.transport.close()
        else:
            self._wait()
        if exchange and piece and not exchange.feed(piece):
            raise invalid()
        if not (exchange or self._body):
            self._rest()
        return len(self._unread) < before

    def _answer(self, octets: bytes) -> bool:
        """Answer a common request at once, if these octets are one and nothing is in the way; write as uvicorn does."""
        if self._write_paused or self._entry is None or self._counted:
            return False
        asked = common_request(octets)
        route = self._entry.table.get(asked.route) if asked else None
        if asked is None or route is None:
            return False
        headers = self._state.default_headers
        if headers is not self._defaults:
            self._defaults = headers
            closing = _CLOSE in headers
            self._block = b"" if closing else _OK + header_block(headers)
        if not self._block:
            return False
        answer = self._entry.respond_at_once(route, asked, self._client, self._scheme)
        if answer is None:
            self._counted = True
            return False
        status, head, body = answer
        block = self._block if status == 200 else self._block.replace(_OK, STATUS_LINE[status], 1)
        self.transport.write(b"".join((block, head, body)))
        self._rest()
        return True

    def _refuse(self, status: int, text: str) -> None:
        """Refuse what cannot be read and end the connection; silently, if this could pass for another response."""
        counted_warning("Invalid HTTP request received.")  # as uvicorn says
        limited = self._entry.malformed(self._client, status) if self._entry else None
        silent = self._exchange.responding if self._exchange else self._body is not None
        self._drop()
        if not silent:
            head, body = _PLAIN % len(text), text.encode("ascii")
            if limited:
                status, head, body = limited
            default = header_block([header for header in self._state.default_headers if header != _CLOSE])
            head = head.removesuffix(b"\r\n") + b"connection: close\r\n\r\n"
            self.transport.write(b"".join((STATUS_LINE[status], default, head, body)))
        self.transport.close()

    def _drop(self, exc: Exception | None = None) -> None:
        """Forget what was sent, and let the application know that the client has gone."""
        self._unread.clear()
        self._body = None
        for exchange in filter(None, (self._exchange, self._spare)):
            exchange.end(exc)
        self._exchange = self._spare = None

    def _rest(self) -> None:
        """Begin to wait for the next request."""
        if self._late is not None:
            self._in_time()
        self._idle_since = self.loop.time()
        if self._idle is None:
            self._idle = self.loop.call_later(self.timeout_keep_alive, self._look_idle)

    def _look_idle(self) -> None:
        """End an idle connection."""
        self._idle = None
        if self._exchange or self._late:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._idle = self.loop.call_later(left, self._look_idle)
        else:
            self.transport.close()

    def _wait(self) -> None:
        """Begin to wait for the rest of a request."""
        if self._late is None:
            self._late = self.loop.call_later(PATIENCE, self._too_late)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        """End a slow client's connection, unless the application has yet to read what came."""
        self._late = None
        if self._exchange and self._exchange.waits:
            self._wait()
        else:
            self.transport.close()


def _pair(end: object) -> object:
    """Address and port of an end of a connection, also for IPv6; the path of a Unix socket as it is."""
    return (str(end[0]), int(end[1])) if isinstance(end, tuple) else end
