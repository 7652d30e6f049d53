"""Real servers that fall silent, as behind a firewall that drops packets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.opening import open_hosts
from autoconfig.mapping.place import Place
from autoconfig.mapping.timeline import Row
from tests.mapping.copies.histories import change
from tests.mapping.sources.fakes import NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.parametrize("engine", ["postgresql", "mariadb"])


def test_many_ask_a_host_that_falls_silent(url: str) -> None:
    """All who wait for a host whose packets are dropped are answered by another one, however long a driver hangs on."""

    async def scenario() -> list[Sequence[Row]]:
        port = Place.parse(url).hosts[0].port
        relay, other = Relay(port), Relay(port)
        first, second = await relay.start(), await other.start()
        source = open_hosts(Place.parse(url.replace(f":{port}/", f":{first},127.0.0.1:{second}/")))
        other.silent = True  # so that it is the first one that is read
        seen = await source.start(None)
        other.silent = False
        await asyncio.gather(*(source.rows_of(NAME, 0, seen) for _ in range(12)))
        assert source.reading == f"127.0.0.1:{first}"
        relay.silent = True
        found = await asyncio.gather(*(source.rows_of(NAME, 0, seen) for _ in range(40)))
        relay.silent = False
        await source.close()
        for one in (relay, other):
            await one.close()
        return [answer.rows for answer in found]

    change(url, NAME, plan="a")

    assert asyncio.run(scenario()) == [[Row(1, 1, "a", "{}")]] * 40


def test_a_host_that_falls_silent(url: str) -> None:
    """A host whose packets are dropped is given up within the patience of a request, and read again when it answers."""

    async def scenario() -> None:
        relay = Relay(Place.parse(url).hosts[0].port)
        port = await relay.start()
        source = open_hosts(Place.parse(url.replace(f":{Place.parse(url).hosts[0].port}/", f":{port}/")))
        seen = await source.start(None)
        await source.rows_of(NAME, 0, seen)
        relay.silent = True
        for _ in range(2):
            async with asyncio.timeout(60):  # it would wait for ever
                with pytest.raises(MappingUnavailable):
                    await source.rows_of(NAME, 0, seen)
        relay.silent = False
        for _ in range(100):
            await asyncio.sleep(0.1)
            try:
                await source.look(seen)
                break
            except MappingUnavailable:
                continue
        await source.rows_of(NAME, 0, seen)
        await source.close()
        await relay.close()

    asyncio.run(scenario())


class Relay:
    """A way to a server that can be blocked, as by a firewall that drops packets."""

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
