"""A process of `exchange_pool`: reads questions from standard input, and writes answers to standard output."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys

import uvloop

from autoconfig.dns.exchange import NameserverAddress, exchange


async def serve() -> None:
    """Answer each line, several at a time, until the end of standard input."""
    loop, reader, tasks = asyncio.get_running_loop(), asyncio.StreamReader(), set[asyncio.Task[None]]()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    output, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, sys.stdout)

    async def answer(line: bytes) -> None:
        number, address, port, server_name, name, kind, limit, recursive = json.loads(line)
        server = NameserverAddress(address, port, server_name)
        found = await exchange(server, name, kind, limit, recursive=recursive)
        told = [number, found.status, found.data, found.chain, found.server, found.cut]
        if not output.is_closing():  # the process that asked may have been killed
            output.write(json.dumps(told).encode() + b"\n")

    while line := await reader.readline():
        task = asyncio.create_task(answer(line))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):  # the process that started it is interrupted too
        uvloop.run(serve())
