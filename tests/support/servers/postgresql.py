"""A real PostgreSQL, and standbys of it, for one test run."""

from __future__ import annotations

import contextlib
import itertools
import signal
from typing import TYPE_CHECKING, Any, Self

import psycopg

from tests.support.servers.process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "wal_level": "replica",
    "hot_standby": "on",
    "wal_retrieve_retry_interval": "200ms",
    "timezone": "UTC",
}
_numbers = itertools.count(1)


class PostgreSQL(ServerProcess):
    """A server on 127.0.0.1; the user is `autoconfig`, a superuser without a password."""

    def __init__(self, binaries: Path) -> None:
        """`binaries`: the folder with initdb and postgres."""
        super().__init__("postgres")
        self.binaries, self.data = binaries, self.folder / "data"

    @classmethod
    def made(cls, binaries: Path) -> Self:
        """A new server, running."""
        server = cls(binaries)
        server.run(
            binaries / "initdb", "--pgdata", server.data, "--username=autoconfig", "--auth=trust", "--no-sync",
            "--encoding=UTF8", "--locale=C.UTF-8",
        )  # fmt: skip
        server.start()
        return server

    def standby(self) -> Self:
        """A standby of it, running, that streams what this one writes."""
        other = type(self)(self.binaries)
        other.run(
            self.binaries / "pg_basebackup", "--pgdata", other.data, "--write-recovery-conf", "--checkpoint=fast",
            "--no-sync", "--dbname", f"host=127.0.0.1 port={self.port} user=autoconfig",
        )  # fmt: skip
        other.start()
        return other

    def start(self) -> None:
        """Start it, again or for the first time."""
        options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        place = ["-p", str(self.port), "-c", f"unix_socket_directories={self.folder}"]
        self.launch([self.binaries / "postgres", "-D", self.data, *place, *options])

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: SIGINT cuts its clients off (a fast shutdown), SIGQUIT and SIGKILL are a crash."""
        super().stop(signal.SIGQUIT if how is signal.SIGKILL else how)  # its children end with it

    def answers(self) -> bool:
        """See `ServerProcess`."""
        try:
            with self.connect("postgres"):
                return True
        except psycopg.OperationalError:
            return False

    @contextlib.contextmanager
    def connect(self, database: str) -> Iterator[psycopg.Connection[Any]]:
        """A connection that commits each statement."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="autoconfig", dbname=database, autocommit=True, connect_timeout=5
        ) as connection:
            yield connection

    def url(self, database: str) -> str:
        """As an operator writes it in autoconfig.toml."""
        return f"postgresql://autoconfig@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """The name of a new database, a copy of `template`."""
        name = f"test{next(_numbers)}"
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name
