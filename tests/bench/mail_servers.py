"""Mail servers on loopback, for checks; arguments: how many, port of IMAP, port of SMTP, certificate, key."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def address_of(number: int) -> str:
    """The address of a server."""
    return f"127.0.1.{number + 1}"


async def _imap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"* OK ready\r\n")
    while line := await reader.readline():
        tag, _, command = line.strip().partition(b" ")
        listed = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n" if command.upper() == b"CAPABILITY" else b"* BYE\r\n"
        writer.write(listed + tag + b" OK done\r\n")
        if command.upper() == b"LOGOUT":
            return


async def _smtp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 ready\r\n")
    while line := await reader.readline():
        if line.upper().startswith(b"QUIT"):
            return
        writer.write(b"250-mail\r\n250 AUTH PLAIN\r\n")


def _closing(serve: Serve) -> Serve:
    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await serve(reader, writer)
        writer.close()

    return served


async def _run(count: int, imap_port: int, smtp_port: int, certificate: str, key: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    for number in range(count):
        for serve, port in ((_imap, imap_port), (_smtp, smtp_port)):
            await asyncio.start_server(_closing(serve), address_of(number), port, ssl=context)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    numbers = list(map(int, sys.argv[1:4]))
    asyncio.run(_run(numbers[0], numbers[1], numbers[2], *sys.argv[4:6]))
