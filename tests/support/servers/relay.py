"""A way to a server that can be blocked, as by a firewall that drops packets."""

from __future__ import annotations

import asyncio


class Relay:
    """Passes connections on to a port of this machine."""

    def __init__(self, port: int) -> None:
        self._port, self.silent = port, False
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """The port to connect to."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Stop."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onwards = await asyncio.open_connection("127.0.0.1", self._port)
        for source, sink in ((reader, onwards[1]), (onwards[0], writer)):
            self._tasks.add(asyncio.ensure_future(self._copy(source, sink)))

    async def _copy(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                while self.silent:  # noqa: ASYNC110 (a test sets it as a plain value)
                    await asyncio.sleep(0.02)
                sink.write(data)
        except OSError:
            pass
        finally:
            sink.close()
