"""The name servers to ask: those of the settings, or the machine's own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dns.asyncresolver
import dns.message
import dns.nameserver
import dns.query
import dns.resolver

from autoconfig.file_watch import stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.file_watch import Stamp

RESOLV_CONF = Path("/etc/resolv.conf")
"""The file that lists the machine's name servers (resolv.conf(5))."""
PORT = 53
LARGEST = 4096
"""
Octets of the largest answer that is read: some 200 MX records. Any stranger can publish 64 KiB of them, and reading
those would block all other requests for a tenth of a second.
"""


class Nameservers:
    """Makes resolvers. The machine's name servers are read again when their file changes."""

    def __init__(self, given: Sequence[tuple[str, int]] = (), resolv_conf: Path | None = None) -> None:
        """Use the addresses and ports in `given`; if it is empty, read `resolv_conf`."""
        self._servers = [_Bounded(address, port) for address, port in given]
        self._own = not given
        self._file = resolv_conf or RESOLV_CONF
        self._read_as: Stamp | None = None

    def resolver(self, limit: float) -> dns.asyncresolver.Resolver:
        """
        Make a resolver that spreads its attempts over `limit` seconds: it repeats lost packets and skips dead servers.

        Raises:
            dns.resolver.NoResolverConfiguration: the file is missing, or lists no valid server.
        """
        if self._own:
            self._read()
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = self._servers
        resolver.timeout = limit / (len(self._servers) + 1)
        return resolver

    def addresses(self) -> list[tuple[str, int]]:
        """The addresses and ports; empty if the machine's file is missing or lists no valid server."""
        if self._own:
            try:
                self._read()
            except dns.resolver.NoResolverConfiguration:
                return []
        return [(server.address, server.port) for server in self._servers]

    def _read(self) -> None:
        now = stamp(self._file)
        if now is None or now != self._read_as:
            read = dns.asyncresolver.Resolver(filename=str(self._file))
            self._servers = [_Bounded(server, PORT) for server in read.nameservers if isinstance(server, str)]
            self._read_as = now


class _Bounded(dns.nameserver.Do53Nameserver):
    """A name server whose answers are read up to `LARGEST` octets, also by TCP."""

    async def async_query(  # noqa: PLR0913, PLR0917 (the signature is dnspython's)
        self,
        request: dns.message.QueryMessage,
        timeout: float,  # noqa: ASYNC109 (the same)
        source: str | None,
        source_port: int,
        max_size: bool,
        backend: Any,
        one_rr_per_rrset: bool = False,
        ignore_trailing: bool = False,
    ) -> dns.message.Message:
        """By UDP do as dnspython does, because the question limits the size of the answer; by TCP limit it here."""
        if not max_size:
            return await super().async_query(
                request, timeout, source, source_port, max_size, backend, one_rr_per_rrset, ignore_trailing
            )
        async with asyncio.timeout(timeout):
            wire = await self._by_tcp(request.to_wire())
        response = dns.message.from_wire(wire)
        if not request.is_response(response):
            raise dns.query.BadResponse
        return response

    async def _by_tcp(self, wire: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(self.address, self.port, limit=LARGEST)
        try:
            writer.write(len(wire).to_bytes(2, "big") + wire)
            length = int.from_bytes(await reader.readexactly(2), "big")
            if length > LARGEST:
                raise dns.query.BadResponse  # too large; this makes dnspython skip the server
            return await reader.readexactly(length)
        finally:
            writer.close()
