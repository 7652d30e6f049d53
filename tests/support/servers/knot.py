"""A real DNS server (Knot DNS) with zones of the test's own."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Self

import dns.exception
import dns.message
import dns.query

from tests.support.servers.process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONFIGURATION = """\
server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{folder}"
log:
  - target: stderr
    any: warning
zone:
"""


class Knot(ServerProcess):
    """An authoritative server on 127.0.0.1: NXDOMAIN and NODATA within its zones, REFUSED elsewhere."""

    def __init__(self, program: str) -> None:
        super().__init__("knot")
        self._program = program

    @classmethod
    def made(cls, program: str, zones: Mapping[str, str | None]) -> Self:
        """A new server, running. A zone without a text is one that it cannot load, which it answers by SERVFAIL."""
        server = cls(program)
        configuration = _CONFIGURATION.format(folder=server.folder, port=server.port)
        for name, text in zones.items():
            file = server.folder / f"{name}.zone"
            configuration += f'  - domain: {name}\n    file: "{file}"\n'
            if text is not None:
                file.write_text(text, encoding="ascii")
        (server.folder / "knot.conf").write_text(configuration, encoding="ascii")
        server.launch([program, "--config", server.folder / "knot.conf"])
        return server

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return "127.0.0.1", self.port

    def answers(self) -> bool:
        """Whether it answers questions; one that waits for a zone to load says SERVFAIL."""
        query = dns.message.make_query("co.jp.", "SOA")
        try:
            return bool(dns.query.udp(query, "127.0.0.1", 0.5, self.port).answer)
        except (OSError, dns.exception.DNSException):
            return False


def silent() -> socket.socket:
    """A socket that nobody reads: a name server that never answers."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))
    return bound
