"""Servers of ours on the loopback interface, all in one thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

Address = tuple[str, int]
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

LIMIT = 20
"""Seconds for what takes none."""
PIECE = 65536


class Listeners:
    """As long as it is entered, its servers answer; afterwards nothing of them is left."""

    def __init__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="listeners")
        self._ready = threading.Event()
        self._servers: list[asyncio.Server] = []

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        assert self._ready.wait(LIMIT)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End servers, connections and thread."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(LIMIT)
        assert not self._thread.is_alive()

    def listen(self, serve: Handler, tls: ssl.SSLContext | None = None) -> Address:
        """Serve on a port of its own."""
        return asyncio.run_coroutine_threadsafe(self._listen(serve, tls), self._loop).result(LIMIT)

    def call(self, what: Callable[[], None]) -> None:
        """Have something done in the servers' thread, and wait for it."""

        async def done() -> None:
            what()

        asyncio.run_coroutine_threadsafe(done(), self._loop).result(LIMIT)

    async def _listen(self, serve: Handler, tls: ssl.SSLContext | None) -> Address:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError, asyncio.LimitOverrunError):
                await serve(reader, writer)
            if self._ended.is_set():
                writer.transport.abort()
            else:
                writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
        self._servers.append(server)
        host, port = server.sockets[0].getsockname()
        return host, port

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(_clients_hang_up)
        self._ready.set()
        await self._ended.wait()
        for server in self._servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0.05)  # transports close in the loop's next rounds


async def pump(one: Stream, other: Stream) -> None:
    """Carry bytes both ways until either side is done with it."""
    copies = [asyncio.ensure_future(_copy(one[0], other[1])), asyncio.ensure_future(_copy(other[0], one[1]))]
    try:
        await asyncio.wait(copies, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for copy in copies:
            copy.cancel()
        await asyncio.gather(*copies, return_exceptions=True)
        other[1].close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(PIECE):
        writer.write(data)
        await writer.drain()


def _clients_hang_up(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Thunderbird leaves connections whose answer it no longer needs, also within a handshake: that is no fault."""
    if not isinstance(context.get("exception"), OSError):
        loop.default_exception_handler(context)
