"""Listeners that greet as no server of the kind would."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.opening import open_hosts
from autoconfig.mapping.place import Place
from autoconfig.mapping.query.database import ForeignDatabase, Statement
from autoconfig.mapping.timeline import Row
from tests.mapping.copies.histories import change
from tests.mapping.sources.fakes import NAME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SELECT = Statement("SELECT 1", {})

GREETINGS = {
    "nothing in it": b"",
    "a version only": b"\x0a10.11.6-MariaDB\0",
    "cut off": b"\x0a10.11.6-MariaDB\0\1\0\0\0saltsalt\0\xff\xff\x2d\2\0\xff",
    "HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "zeros": bytes(40),
    "ones": b"\xff" * 40,
}


@contextlib.asynccontextmanager
async def greeting(payload: bytes) -> AsyncIterator[int]:
    """The port of a listener that says this, in a packet of MariaDB's, and hears nothing."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(len(payload).to_bytes(3, "little") + b"\0" + payload)
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.mark.parametrize("payload", GREETINGS.values(), ids=GREETINGS.keys())
def test_a_greeting_that_makes_no_sense(payload: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Whoever asks is told so, and which host it is; nothing is told as well, and no task is left with an error."""

    async def scenario() -> None:
        unhandled: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unhandled.append(context))
        async with greeting(payload) as port:
            place = Place.parse(f"mysql://nobody:hunter2@127.0.0.1:{port}/mail")
            source, foreign = open_hosts(place), ForeignDatabase(place)
            for ask in (source.start(None), foreign.answer(SELECT), foreign.look(), anext(foreign.listing(SELECT))):
                with pytest.raises(MappingUnavailable, match=f"127.0.0.1:{port}") as caught:
                    await ask
                assert "hunter2" not in str(caught.value)
            assert (source.reading, foreign.down) == (None, True)
            await source.close()
            await foreign.close()
        assert unhandled == []

    asyncio.run(scenario())

    assert {logging.ERROR} >= {record.levelno for record in caplog.records}


def test_a_server_that_becomes_something_else(mariadb_url: str) -> None:
    """The other host is asked from then on; the first of several makes nobody go without the second."""

    async def scenario() -> tuple[object, ...]:
        own = f"127.0.0.1:{Place.parse(mariadb_url).hosts[0].port}"
        async with greeting(b"") as port:
            place = Place.parse(mariadb_url.replace(own, f"127.0.0.1:{port},{own}"))
            source, foreign = open_hosts(place), ForeignDatabase(place)
            seen = await source.start(None)
            found = await source.rows_of(NAME, 0, seen)
            answer = await foreign.answer(SELECT)
            await source.close()
            await foreign.close()
        return source.reading == own, found.rows, [*map(tuple, answer.rows)], foreign.down

    change(mariadb_url, NAME, plan="a")

    assert asyncio.run(scenario()) == (True, [Row(1, 1, "a", "{}")], [(1,)], False)
