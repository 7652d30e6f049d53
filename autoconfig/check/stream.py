"""One connection to an untrusted server: bounded in bytes and time, plain or TLS."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import os
import socket
from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig.check.printable import printable
from autoconfig.check.tls_handshake import HandshakeFailed, SessionEnded, TLSSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from autoconfig.check.step_clock import StepClock
    from autoconfig.check.tls_handshake import Handshake, Trust

MOST_BYTES = 65536
"""Bytes that are read from one connection."""
MOST_LINES = 500
"""Lines that are read from one connection."""
_CHUNK = 4096
_TLS_RECORDS = range(20, 24)
"""First bytes of a TLS record (RFC 8446 section 5.1)."""
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


class StreamEnd(StrEnum):
    """Why a connection is of no more use."""

    CLOSED = "connection refused"
    FILTERED = "no answer to the connection"
    UNREACHABLE = "the host cannot be reached"
    NO_ROUTE = "this machine has no route to the network"
    SLOW = "no complete answer in time"
    ENDED = "the server closed the connection"
    TOO_MUCH = "the server sends without end"
    NO_TLS = "the server answers TLS with something else"
    TLS_FAILED = "the TLS handshake failed"


class StreamFailed(Exception):
    """A connection could not be made, or ended before all was asked."""

    def __init__(self, end: StreamEnd, detail: str = "") -> None:
        """`detail`: more of the fact; printable ASCII."""
        super().__init__(f"{end}: {detail}" if detail else str(end))
        self.end = end


class Stream:
    """A connection. Every method raises `StreamFailed` when it cannot do what it says."""

    def __init__(self, connected: socket.socket, clock: StepClock) -> None:
        self._socket, self._clock = connected, clock
        self._loop = asyncio.get_running_loop()
        self._session: TLSSession | None = None
        self._unread = bytearray()
        self._bytes = self._lines = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, address: str, port: int, clock: StepClock) -> AsyncIterator[Stream]:
        """Connect to a literal IP address, and close the connection at the end of the block."""
        version = ipaddress.ip_address(address).version
        with socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_STREAM) as connected:
            connected.setblocking(False)
            stream = cls(connected, clock)
            await stream._connect(address, port)
            yield stream

    async def _connect(self, address: str, port: int) -> None:
        try:
            async with self.step(StreamEnd.FILTERED):
                await self._loop.sock_connect(self._socket, (address, port))
        except ConnectionRefusedError as error:
            raise StreamFailed(StreamEnd.CLOSED) from error
        except OSError as error:
            here = error.errno in _NO_ROUTE and not _has_route(self._socket.family, address)
            end = StreamEnd.NO_ROUTE if here else StreamEnd.UNREACHABLE
            # asyncio puts the call and the socket's address into `strerror`.
            raise StreamFailed(end, os.strerror(error.errno) if error.errno else "") from error

    @property
    def local_address(self) -> str:
        """The IP address of this end."""
        return str(self._socket.getsockname()[0])

    @contextlib.asynccontextmanager
    async def step(self, end: StreamEnd = StreamEnd.SLOW) -> AsyncIterator[None]:
        """Limit what is done in the block to the time of one step, and to what the server has left of all its steps."""
        limit, started = self._clock.next_limit, self._clock.start()
        try:
            async with asyncio.timeout(limit):
                yield
        except TimeoutError as error:  # also ETIMEDOUT of the kernel
            unfinished = f", after {printable(bytes(self._unread), 60)}" if self._unread else ""
            raise StreamFailed(end, f"{limit:.3g} s{unfinished}") from error
        finally:
            self._clock.stop(started)

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        if self._session is not None:
            with _session_ends():
                self._session.write(data)
            data = self._session.outgoing()
        await self._send_raw(data)

    async def line(self) -> bytes:
        """The next line, without its CR LF or LF."""
        while (end := self._unread.find(b"\n")) < 0:
            self._unread += await self._read()
        self._lines += 1
        if self._lines > MOST_LINES:
            raise StreamFailed(StreamEnd.TOO_MUCH, f"more than {MOST_LINES} lines")
        found = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return found.removesuffix(b"\r")

    async def some(self) -> bytes:
        """What has come, at least one byte; an empty text if the server closed the connection."""
        try:
            found = bytes(self._unread) or await self._read()
        except StreamFailed as error:
            if error.end is StreamEnd.ENDED:
                return b""
            raise
        self._unread.clear()
        return found

    async def start_tls(self, name: str | None, trust: Trust) -> Handshake:
        """
        Make TLS of the connection, with `name` as SNI, and return what the server presents.

        A certificate that does not verify is not a failure; `Handshake.problems` lists what is wrong.
        """
        session = TLSSession(trust, name)
        first = bytes(self._unread)  # plain text in front of the handshake makes it fail
        self._unread.clear()
        session.feed(first)
        try:
            while (shake := session.shake()) is None:
                await self._send_raw(session.outgoing())
                raw = await self._receive()
                first = first or raw
                session.feed(raw)
        except StreamFailed as error:
            if error.end is StreamEnd.ENDED:
                raise StreamFailed(StreamEnd.TLS_FAILED, "the server closed the connection") from error
            raise
        except HandshakeFailed as error:
            with contextlib.suppress(StreamFailed):
                await self._send_raw(session.outgoing())  # the alert
            if first and (first[0] not in _TLS_RECORDS or first[1:2] not in {b"", b"\x03"}):
                raise StreamFailed(StreamEnd.NO_TLS, printable(first.split(b"\n")[0].rstrip(b"\r"), 100)) from error
            raise StreamFailed(StreamEnd.TLS_FAILED, printable(str(error))) from error
        await self._send_raw(session.outgoing())
        self._session = session
        self._unread += session.read()
        return shake

    async def _read(self) -> bytes:
        """The next bytes of the peer, decrypted; never none."""
        while True:
            raw = await self._receive()
            if self._session is None:
                return raw
            self._session.feed(raw)
            with _session_ends():
                said = self._session.read()
            if said:
                return said

    async def _receive(self) -> bytes:
        try:
            raw = await self._loop.sock_recv(self._socket, _CHUNK)
        except TimeoutError:
            raise
        except OSError as error:
            raise StreamFailed(StreamEnd.ENDED, printable(error.strerror or "")) from error
        if not raw:
            raise StreamFailed(StreamEnd.ENDED)
        self._bytes += len(raw)
        if self._bytes > MOST_BYTES:
            raise StreamFailed(StreamEnd.TOO_MUCH, f"more than {MOST_BYTES // 1024} KiB")
        return raw

    async def _send_raw(self, data: bytes) -> None:
        try:
            await self._loop.sock_sendall(self._socket, data)
        except TimeoutError:
            raise
        except OSError as error:
            raise StreamFailed(StreamEnd.ENDED, printable(error.strerror or "")) from error


def _has_route(family: int, address: str) -> bool:
    """Whether this machine knows a way; a router further on may still know none. No packet is sent."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((address, 9))
        except OSError:
            return False
    return True


@contextlib.contextmanager
def _session_ends() -> Iterator[None]:
    try:
        yield
    except SessionEnded as error:
        raise StreamFailed(StreamEnd.ENDED, "TLS session closed") from error
