"""What stands before the server in production: TLS, and the headers that say who asked and how."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.clients.thunderbird.listeners import pump
from tests.clients.thunderbird.router import Place

if TYPE_CHECKING:
    from pathlib import Path

    from tests.clients.thunderbird.authority import Pair
    from tests.clients.thunderbird.listeners import Address, Listeners

HEAD_END = b"\r\n\r\n"
CUSTOMER = "203.0.113.9"
"""A client on the internet, so that nothing internal is shown to it."""


class Front:
    """A reverse proxy to a Unix socket, one request a connection."""

    def __init__(self, listeners: Listeners, socket: Path, pair: Pair) -> None:
        self._socket = socket
        self._https = listeners.listen(self._serve_https, pair.context())
        self._http = listeners.listen(self._serve_http)

    def at(self, *hosts: str) -> dict[Place, Address]:
        """Routes that lead these names' web ports here."""
        return {Place(host, port): to for host in hosts for port, to in ((443, self._https), (80, self._http))}

    async def _serve_https(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer, "https")

    async def _serve_http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer, "http")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, scheme: str) -> None:
        request, *headers = (await reader.readuntil(HEAD_END)).removesuffix(HEAD_END).split(b"\r\n")
        ours = (b"connection", b"x-forwarded-for", b"x-forwarded-proto")
        kept = [header for header in headers if header.partition(b":")[0].lower() not in ours]
        said = ["Connection: close", f"X-Forwarded-For: {CUSTOMER}", f"X-Forwarded-Proto: {scheme}"]
        there = await asyncio.open_unix_connection(self._socket)
        there[1].write(b"\r\n".join([request, *kept, *(line.encode() for line in said)]) + HEAD_END)
        await pump((reader, writer), there)
