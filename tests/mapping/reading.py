"""
Reads documents over 64 connections until a file appears, and writes down every answer: when it was asked for and had,
for which name, with which status, and the version that the document's hosts name.

`reading.py PORT NAMES SHUFFLED STOP OUT`: names are `d0.example` to `dN.example`, in order from each connection or
shuffled.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS, LIMIT = 64, 30.0
PAUSE = 0.1

Answer = tuple[float, float, int, int, int]
"""Start, end (Unix seconds), number of the name, status, version; -1 if there is none."""

_VERSION = re.compile(rb"<domain>d([0-9]+)\.example</domain>.*<hostname>v([0-9]+)\.mail\.example</hostname>", re.DOTALL)


async def read(port: int, names: Iterator[int], stop: Path, answers: list[Answer], first: int) -> None:
    """One connection, opened again whenever the server closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked_so_far = 0
    while not stop.exists():  # noqa: ASYNC240 (one system call)
        name, asked = next(names), time.time()
        host = f"autoconfig.d{name}.example"
        status, version, closing = -1, -1, True
        try:
            async with asyncio.timeout(LIMIT):
                writer.write(f"GET /mail/config-v1.1.xml HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"\r\ncontent-length: ([0-9]+)", head)
                body = await reader.readexactly(int(length[1]) if length else 0)
            status, closing = int(head[9:12]), b"\r\nconnection: close" in head
            found = _VERSION.search(body)
            version = int(found[2]) if found and int(found[1]) == name else -1
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            print(f"{name}: {error!r}", file=sys.stderr)  # noqa: T201
        answers.append((asked, time.time(), name, status, version))
        if closing:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        asked_so_far += 1
        if asked_so_far > first:  # so that soon all names were asked for once
            await asyncio.sleep(PAUSE)
    writer.close()


def in_turn(count: int, start: int) -> Iterator[int]:
    """All names, again and again."""
    while True:
        yield start % count
        start += 1


def shuffled(count: int, start: int) -> Iterator[int]:
    """Names by chance."""
    chance = random.Random(start)
    while True:
        yield chance.randrange(count)


async def main(port: str, count: str, order: str, stop: str, out: str) -> None:
    """Read, then write down."""
    answers: list[Answer] = []
    names, by_chance = int(count), order == "shuffled"
    orders = [(shuffled if by_chance else in_turn)(names, start) for start in range(CONNECTIONS)]
    await asyncio.gather(*(read(int(port), one, Path(stop), answers, 0 if by_chance else names) for one in orders))
    await asyncio.to_thread(Path(out).write_text, json.dumps(answers))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
