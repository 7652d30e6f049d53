"""One client's connection: common requests are answered without a task, none is endless, a stop cuts nothing off."""

from __future__ import annotations

import resource
from functools import lru_cache
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from autoconfig.log import logger
from autoconfig.web.entry import Entry

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import ASGI3Application
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from autoconfig.web.quick import QuickAnswer

LINGER = 0.5
"""Seconds after a stop in which a connection that was accepted already may bring its request."""

HEAD = 65536
"""Octets within which a request's head has to end."""
WHOLE = 1 << 20
"""Octets within which a request has to end that is not answered before; no endpoint reads so many."""
PIECE = 4096
"""Octets that are read at once. A request that waits for its turn is a hundred times as large as its octets."""
PATIENCE = 20.0
"""Seconds within which a request has to be here: from its first octet, or from the beginning of the connection."""

SPARED = 256
"""Files that the process may open besides its connections: databases, questions to the DNS, plans, libraries."""

_CLOSE = (b"connection", b"close")
_OK = STATUS_LINE[200]
_LONGEST_URL = 4096
"""Octets of a target that may be answered at once; no mail program sends a tenth of it."""
_TOO_LARGE = b"The head of the request is larger than 64 KiB.\n"


class Connection(HttpToolsProtocol):
    """
    uvicorn's, with six differences.

    A request that is here as a whole, and that the entry can answer without waiting, is answered within the call that
    brought it: the task, its queue and the ASGI messages of other requests cost twice as much as such an answer. All
    others take uvicorn's way, and get the same bytes.

    It stays open for a moment when the server stops. A client that has connected has its request on the way, and a
    proxy that keeps connections open may just be sending the next one; both would see a reset, although the process
    that comes next could have answered.

    A request has to be here within some octets and seconds, whoever sends it. While an answer is due, what comes behind
    its request is not read: else a client that sends requests without end, and reads little, would fill the memory.

    There are fewer connections than the process may open files. Without a file more neither the plans nor the database
    could be read, and who is connected already would get errors.

    Trailers are no headers (RFC 9110 section 6.5.1): a proxy that passes them on has not looked at them, and in them a
    client could say for whom it asks.
    """

    _held: bytes | None = None
    """The body so far of a request that may be answered at once; `None` where there is none."""
    _defaults: tuple[object, bytes] = (None, b"")
    """uvicorn's own headers, which it replaces once a second, and the same behind 200 as they go over the wire."""
    _in_body = False
    """Whether a request's head is here, and its body or trailers are to come."""
    _octets = 0
    """Of the request that is not here as a whole."""
    _unread = b""
    """What came behind a request whose answer is due."""
    _under_way: RequestResponseCycle | None = None
    """The request that was handed to a task last; uvicorn's `cycle` is the one that came last."""
    _late: asyncio.TimerHandle | None = None
    """Ends the connection if the request does not come."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody has connected, and a request is to come."""
        super().connection_made(transport)
        if len(self.connections) > (most := most_connections()):
            _tell(int(self.loop.time() // 60), most)
            transport.abort()
            return
        self._late = self.loop.call_later(PATIENCE, self._too_late)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._in_time()
        self._unread = b""
        if self._under_way is not None:
            self._under_way.disconnected = True
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """A request begins, and has its own octets and seconds."""
        if self._octets or self._late is not None:
            self._in_time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hold a request that may be answered at once; anything else becomes a task."""
        self._in_body = True
        if self._may_be_at_once():
            self._held = b""
        else:
            super().on_headers_complete()
            if self.parser.should_upgrade():
                # The parser takes what follows for another protocol's, also a body: none of it may become a request.
                self.cycle.keep_alive = False
        self.headers = []  # what comes from here on are trailers; the scope keeps the list that was here

    def on_body(self, body: bytes) -> None:
        """One more piece of a body."""
        if self._held is None:
            super().on_body(body)
        else:
            self._held += body

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._in_body = False
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
        idle = self.timeout_keep_alive_task is not None
        if self._octets or self._unread or len(data) > PIECE or (not idle and self._owes()):
            self._in_pieces(data)
            return
        super().data_received(data)
        # After an answer at once, which is the rule, the connection waits for the next request and is idle.
        if self._in_body or self.timeout_keep_alive_task is None or self._late is not None:
            self._look(len(data))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._under_way = cycle
        self._unset_keepalive_if_required()  # an answer at once may have come just before
        super()._start_asgi_task(cycle, app)

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing is missing here, and strangers can ask as often as they like."""

    def on_response_complete(self) -> None:
        """An answer was sent; what came behind its request is read."""
        super().on_response_complete()
        if self._unread:
            self._in_pieces(b"")

    def _in_pieces(self, more: bytes) -> None:
        """As `data_received`, no further than a head may reach, and not while an answer is due."""
        data, at = self._unread + more, 0
        while at < len(data) and not (self._owes() or self.transport.is_closing()):
            room = HEAD - self._octets if self._octets < HEAD else HEAD
            piece = data[at : at + min(room, PIECE)]
            at += len(piece)
            super().data_received(piece)
            self._look(len(piece))
        self._unread = b"" if self.transport.is_closing() else data[at:]
        if self._unread:
            self.flow.pause_reading()

    def _look(self, octets: int) -> None:
        """See what of a request is still to come after so many octets more."""
        if self.transport.is_closing():
            return
        if self._held is not None:
            self._take_the_usual_way()
        # uvicorn makes the scope when a request begins, and says the method in it when the head is here.
        in_head = self.scope is not None and "method" not in self.scope  # type: ignore[redundant-expr]
        if in_head or self._in_body:
            self._octets += octets
            if in_head and self._octets >= HEAD:
                self._refuse()
            elif self._octets >= WHOLE and not self._owes():
                self.transport.close()
        elif self._owes() or self.timeout_keep_alive_task is not None:
            self._in_time()
            return
        # A part of a request, or what is not even one, such as empty lines, for which uvicorn has stopped its clock.
        if self._late is None:
            self._late = self.loop.call_later(PATIENCE, self._too_late)

    def _owes(self) -> bool:
        """Whether a request is here as a whole, and the answer is not."""
        cycle = self.cycle
        return cycle is not None and not (cycle.response_complete or cycle.more_body)  # type: ignore[redundant-expr]

    def _in_time(self) -> None:
        self._octets = 0
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _too_late(self) -> None:
        """The client is slow; unless it is we, who do not read on before the answer to another request is there."""
        self._late = self.loop.call_later(PATIENCE, self._too_late) if self._owes() else None
        if self._late is None:
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Turn away what is no request, unless it would be taken for the answer to another one."""
        if self.pipeline or self._owes():
            self.transport.close()
        else:
            super().send_400_response(msg)

    def _refuse(self) -> None:
        """Turn a head away that has no end (RFC 6585 section 5)."""
        if not (self.pipeline or self._owes()):
            headers = [*self.server_state.default_headers, (b"content-type", b"text/plain; charset=utf-8")]
            headers += [(b"content-length", b"%d" % len(_TOO_LARGE)), _CLOSE]
            block = b"".join(b"%b: %b\r\n" % header for header in headers)
            self.transport.write(b"".join((STATUS_LINE[431], block, b"\r\n", _TOO_LARGE)))
        self.transport.close()

    def _may_be_at_once(self) -> bool:
        """Whether nothing stands before the answer: no other request, no full buffer, no end, nothing to be asked."""
        app, scope, url = self.app, self.scope, self.url
        if not isinstance(app, Entry) or self.expect_100_continue or b"#" in url or len(url) > _LONGEST_URL:
            return False
        if not (self.cycle is None or self.cycle.response_complete) or self.pipeline or self.flow.write_paused:  # type: ignore[redundant-expr]
            return False
        parser = self.parser
        if not parser.should_keep_alive() or parser.should_upgrade() or parser.get_http_version() != "1.1":
            return False
        path, _, query = url.partition(b"?")
        scope["method"], scope["path"] = parser.get_method().decode("ascii"), path.decode("latin-1")
        scope["query_string"] = query
        return (scope["method"], scope["path"]) in app.table and _CLOSE not in self.server_state.default_headers

    def _take_the_usual_way(self) -> None:
        body, self._held = self._held, None
        self.expect_100_continue = False  # a trailer may have said it
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def _answer(self, answer: QuickAnswer) -> None:
        """As uvicorn writes it, in one piece."""
        start, body = answer
        headers, block = self._defaults
        if headers is not self.server_state.default_headers:
            headers = self.server_state.default_headers
            block = b"".join((_OK, *(b"%b: %b\r\n" % header for header in headers)))
            self._defaults = headers, block
        if start["status"] != 200:
            block = block.replace(_OK, STATUS_LINE[start["status"]], 1)
        self.transport.write(b"".join((block, start.block, b"\r\n", body)))
        # As `on_response_complete`, where nothing was paused and nothing waits; no limit needs a count of requests.
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def shutdown(self) -> None:
        """End soon: after the answer to a request that is here or comes at once."""
        if _CLOSE not in self.server_state.default_headers:  # every answer from now on is a connection's last
            self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        # The cycle is None until the first request.
        if self.cycle is None or self.cycle.response_complete:  # type: ignore[redundant-expr]
            self.loop.call_later(LINGER, super().shutdown)
        else:
            super().shutdown()


@lru_cache(1)
def most_connections() -> int:
    """How many connections a process takes, by what it may open (`ulimit -n`, LimitNOFILE)."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return files - min(SPARED, files // 2)


@lru_cache(1)
def _tell(_minute: int, most: int) -> None:
    """Say once a minute that connections are turned away."""
    logger().error("connections are turned away: no more files may be open", connections=most, remedy="see LimitNOFILE")
