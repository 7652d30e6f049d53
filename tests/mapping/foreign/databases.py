"""Databases of other programs, on each engine."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from autoconfig.mapping.database_location import Kind

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.support.servers.mariadb import MariaDB
    from tests.support.servers.postgresql import PostgreSQL

CUSTOMERS = """
CREATE TABLE customers (domain VARCHAR(255) NOT NULL, package VARCHAR(63), host VARCHAR(255));
CREATE INDEX customers_domain ON customers (domain);
INSERT INTO customers VALUES ('shared.example', 'shared', 'cs1.xbit.jp'), ('own.example', 'own', NULL),
  ('gone.example', NULL, 'cs1.xbit.jp');
"""
"""The table of which most tests ask; `gone.example` is not ours."""

QUERY = "SELECT package AS plan, host AS server FROM customers WHERE domain = :domain"
QUERY_ALL = "SELECT domain, package AS plan, host AS server FROM customers"


class Foreign(Protocol):
    """A database of another program."""

    @property
    def kind(self) -> Kind:
        """Its engine."""
        ...

    @property
    def url(self) -> str:
        """As an operator writes it in autoconfig.toml."""
        ...

    def execute(self, *statements: str) -> None:
        """Change something in it, as its owner."""
        ...


def statements(script: str) -> list[str]:
    """The statements of a script; none has a semicolon in it."""
    return [statement for statement in map(str.strip, script.split(";")) if statement]


@dataclass(frozen=True)
class ForeignSQLite:
    """A file."""

    path: Path
    kind = Kind.SQLITE

    @property
    def url(self) -> str:
        """As an operator writes it."""
        return f"sqlite:///{self.path}"

    def execute(self, *statements: str) -> None:
        """See `Foreign`."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)


@dataclass(frozen=True)
class ForeignPostgreSQL:
    """A database on a server; we are asked to come as the user `autoconfig`, or as another one."""

    server: PostgreSQL
    name: str
    kind = Kind.POSTGRESQL

    @property
    def url(self) -> str:
        """As an operator writes it."""
        return self.server.url(self.name)

    def execute(self, *statements: str) -> None:
        """See `Foreign`."""
        with self.server.connect(self.name) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@dataclass(frozen=True)
class ForeignMariaDB:
    """A database on a server."""

    server: MariaDB
    name: str
    kind = Kind.MARIADB

    @property
    def url(self) -> str:
        """As an operator writes it."""
        return self.server.url(self.name)

    def execute(self, *statements: str) -> None:
        """See `Foreign`."""
        with self.server.connect(self.name) as cursor:
            for statement in statements:
                cursor.execute(statement)


def new_foreign(request: pytest.FixtureRequest, kind: Kind) -> Foreign:
    """An empty database of another program."""
    if kind is Kind.SQLITE:
        path: Path = request.getfixturevalue("tmp_path")
        return ForeignSQLite(path / "foreign.db")
    if kind is Kind.POSTGRESQL:
        postgresql: PostgreSQL = request.getfixturevalue("postgresql")
        return ForeignPostgreSQL(postgresql, postgresql.new_database())
    mariadb: MariaDB = request.getfixturevalue("mariadb")
    return ForeignMariaDB(mariadb, mariadb.new_database())


def as_user(url: str, user: str, password: str = "") -> str:
    """The URL with another user."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{user}{password and ':' + password}@{rest.partition('@')[2]}"
