"""A real MariaDB for one test run."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Self

import pymysql

from tests.support.servers.process import ServerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pymysql.cursors import Cursor

_numbers = itertools.count(1)


class MariaDB(ServerProcess):
    """A server on 127.0.0.1; the user is `root`, without a password."""

    def __init__(self, server: str) -> None:
        """`server`: the path of mariadbd."""
        super().__init__("mysql")
        self._server, self.data = server, self.folder / "data"

    @classmethod
    def made(cls, server: str, install: str) -> Self:
        """A new server, running; `install` is the path of mariadb-install-db."""
        made = cls(server)
        made.run(
            install, "--no-defaults", f"--datadir={made.data}", "--auth-root-authentication-method=normal",
            "--skip-test-db", "--skip-name-resolve", f"--tmpdir={made.folder}",
        )  # fmt: skip
        made.start()
        return made

    def start(self) -> None:
        """Start it, again or for the first time."""
        # One that starts removes the temporary tables in its folder, also those of others that run: they crash of it.
        self.launch(
            [
                self._server, "--no-defaults", f"--datadir={self.data}", f"--tmpdir={self.folder}",
                f"--port={self.port}", "--bind-address=127.0.0.1", f"--socket={self.folder / 'socket'}",
                f"--pid-file={self.folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve",
                "--innodb-buffer-pool-size=64M", "--skip-ssl",
            ]
        )  # fmt: skip

    def answers(self) -> bool:
        """See `ServerProcess`."""
        try:
            with self.connect():
                return True
        except pymysql.OperationalError:
            return False

    @contextlib.contextmanager
    def connect(self, database: str | None = None) -> Iterator[Cursor]:
        """A cursor that commits each statement."""
        connection = pymysql.connect(
            host="127.0.0.1", port=self.port, user="root", database=database, autocommit=True, connect_timeout=5
        )
        with contextlib.closing(connection), connection.cursor() as cursor:
            yield cursor

    def url(self, database: str) -> str:
        """As an operator writes it in autoconfig.toml."""
        return f"mariadb://root@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The name of a new, empty database."""
        name = f"test{next(_numbers)}"
        with self.connect() as cursor:
            cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return name
