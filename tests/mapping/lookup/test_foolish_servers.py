"""Listeners that greet as no server of the kind would."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.mapping.lookup.connection import QueryResult, Statement
from autoconfig.mapping.lookup.database import ForeignDatabase
from tests.mapping.foreign.databases import new_foreign

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


async def listed(foreign: ForeignDatabase) -> list[QueryResult]:
    """All rows."""
    return await foreign.folded(SELECT, list)


@pytest.mark.parametrize("payload", GREETINGS.values(), ids=GREETINGS.keys())
def test_a_greeting_that_makes_no_sense(payload: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """The error names the host and the cause; nothing else is logged, and no task is left with an exception."""

    async def scenario() -> None:
        unhandled: list[object] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unhandled.append(context))
        async with greeting(payload) as port:
            place = DatabaseLocation.parse(f"mysql://nobody:hunter2@127.0.0.1:{port}/mail")
            foreign = ForeignDatabase(place)
            for ask in (foreign.answer(SELECT), foreign.look(), listed(foreign)):
                with pytest.raises(MappingUnavailable, match=f"127.0.0.1:{port}") as caught:
                    await ask
                assert "hunter2" not in str(caught.value)
            assert foreign.down
            await foreign.close()
        assert unhandled == []

    asyncio.run(scenario())

    assert {logging.ERROR} >= {record.levelno for record in caplog.records}


def test_a_server_that_becomes_something_else(request: pytest.FixtureRequest) -> None:
    """The other host is asked from then on."""
    url = new_foreign(request, Kind.MARIADB).url

    async def scenario() -> tuple[list[tuple[object, ...]], bool]:
        own = f"127.0.0.1:{DatabaseLocation.parse(url).hosts[0].port}"
        async with greeting(b"") as port:
            foreign = ForeignDatabase(DatabaseLocation.parse(url.replace(own, f"127.0.0.1:{port},{own}")))
            answer = await foreign.answer(SELECT)
            await foreign.close()
        return [*map(tuple, answer.rows)], foreign.down

    assert asyncio.run(scenario()) == ([(1,)], False)
