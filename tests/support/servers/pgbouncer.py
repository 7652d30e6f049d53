"""A real PgBouncer before a PostgreSQL, for one test."""

from __future__ import annotations

import socket
from typing import Self

from tests.support.servers.process import ServerProcess


class PgBouncer(ServerProcess):
    """In transaction mode, with two connections for all clients; the user is `autoconfig`, without a password."""

    def __init__(self, server: int) -> None:
        """`server`: the port of the PostgreSQL."""
        super().__init__("postgres")
        (self.folder / "users").write_text('"autoconfig" ""\n')
        (self.folder / "pgbouncer.ini").write_text(
            f"[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
            f"listen_port = {self.port}\nunix_socket_dir =\nauth_type = trust\nauth_file = {self.folder}/users\n"
            "pool_mode = transaction\ndefault_pool_size = 2\n"
        )

    @classmethod
    def made(cls, program: str, server: int) -> Self:
        """A new one, running."""
        pooler = cls(server)
        pooler.launch([program, pooler.folder / "pgbouncer.ini"])
        return pooler

    def answers(self) -> bool:
        """See `ServerProcess`."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
