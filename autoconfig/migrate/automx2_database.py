"""
Read the database of automx2 (2026.2, and older releases with the same tables), and never write to it.

This module reads the rows unchanged; `migrate.automx2` has what automx2 makes of them.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import URL, NullPool, column, create_engine, inspect, make_url, select, table
from sqlalchemy.exc import ArgumentError, DBAPIError

from autoconfig.errors import DatabaseForeign, InputInvalid, MappingUnavailable
from autoconfig.mapping.database_url import Kind
from autoconfig.mapping.drivers import missing_driver
from autoconfig.mapping.progress import counted, silent
from autoconfig.mapping.sqlite_errors import UNUSABLE, error_kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from autoconfig.mapping.progress import OnProgress

CONNECT = 10
"""Seconds that a database server has to accept a connection."""

LONGEST = 1000
"""Characters of the longest text that is read; automx2's own columns have at most 128."""

_BATCH = 5000
_READ = 300  # seconds that MariaDB has for an answer

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_FORMS = "write it like db_uri in automx2.conf: sqlite:////PATH, postgresql://USER:PASSWORD@HOST/NAME or mysql://…"

_NEEDED = {
    "provider": ("id", "name", "short_name"),
    "domain": ("id", "name", "provider_id"),
    "server": ("id", "type", "name", "port", "socket_type", "user_name", "authentication"),
    "server_domain": ("domain_id", "server_id"),
}
# The order in which automx2's own query, without ORDER BY, returns a domain's servers; PostgreSQL's is undefined.
_ORDER_OF_LINKS = {"sqlite": "rowid", "mysql": "{other}"}
_OF_DAV = {
    "davserver": ("id", "type", "url", "port", "use_ssl", "user_name"),
    "davserver_domain": ("domain_id", "davserver_id"),
}


class Provider(NamedTuple):
    """A row of `provider`."""

    id: object
    name: str | None
    short_name: str | None


class MailServer(NamedTuple):
    """A row of `server`; numbers are texts, because SQLite stores any value in any column."""

    id: object
    type: str | None
    name: str | None
    port: str | None
    socket_type: str | None
    user_name: str | None
    authentication: str | None
    prio: object


class DAVServer(NamedTuple):
    """A row of `davserver`."""

    id: object
    type: str | None
    url: str | None
    port: str | None
    use_ssl: bool
    user_name: str | None


class Customer(NamedTuple):
    """A row of `domain` with its provider and servers."""

    id: object
    name: str
    provider: Provider | None
    ldap: bool
    """Whether its user names come from an LDAP server."""
    servers: Sequence[MailServer]
    """
    In the order that the database returns without ORDER BY: SQLite's is that in which they were added, MariaDB's is by
    id. automx2 then sorts them by `prio`.
    """
    dav_servers: Sequence[DAVServer]


def place(url: str) -> str:
    """
    The URL without user and password, to show it.

    Raises:
        InputInvalid: it is not the URL of a database that can be read, or its driver is not installed.
    """
    return _shown(_url(url))


def read(url: str, on_progress: OnProgress = silent) -> list[Customer]:
    """
    Read all domains by id, in one transaction.

    Raises:
        InputInvalid: the URL cannot be read, or its driver is not installed.
        DatabaseForeign: the database is not one of automx2.
        MappingUnavailable: it cannot be reached or read.
    """
    parsed = _url(url)
    engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _server(parsed)
    try:
        with _named_errors(parsed), engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            return _TableReader(connection, _shown(parsed)).customers(on_progress)
    finally:
        engine.dispose()


def _url(text: str) -> URL:
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError) as error:  # do not repeat the text: it may have a password
        raise InputInvalid(f"the URL of the database cannot be read; {_FORMS}") from error
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise InputInvalid(f"the URL names no file; {_FORMS}")
        return url
    if backend not in _DRIVERS:
        raise InputInvalid(f"{backend}: databases of this kind cannot be read; {_FORMS}")
    if (missing := missing_driver(Kind.POSTGRESQL if backend.startswith("postgres") else Kind.MARIADB)) is not None:
        raise InputInvalid(missing)
    return url.set(drivername=_DRIVERS[backend])


def _shown(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    port = f":{url.port}" if url.port else ""
    return f"{url.get_backend_name()}://{url.host or ''}{port}/{url.database or ''}"


def _sqlite(url: URL) -> Engine:
    path = Path(str(url.database).removeprefix("file:"))
    if not path.exists():
        raise MappingUnavailable(f"{path}: there is no such file; {_FORMS}")
    if not path.is_file():
        raise MappingUnavailable(f"{path}: is not a file")

    def connected() -> sqlite3.Connection:
        # mode=rw, because ro reads a database in WAL mode only while another program has it open; query_only prevents
        # writing. Bytes that are not UTF-8 affect only the domain that has them.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
        connection.execute("PRAGMA query_only = ON")
        connection.text_factory = lambda octets: octets.decode(errors="surrogateescape")
        return connection

    return create_engine("sqlite://", creator=connected, poolclass=NullPool)


def _server(url: URL) -> Engine:
    options: dict[str, object] = {"connect_timeout": CONNECT}
    execution: dict[str, object] = {"isolation_level": "REPEATABLE READ"}
    if url.get_backend_name() == "mysql":
        options |= {"read_timeout": _READ, "init_command": "SET SESSION TRANSACTION READ ONLY"}
    else:
        execution["postgresql_readonly"] = True
    return create_engine(url, connect_args=options, execution_options=execution, poolclass=NullPool)


@contextlib.contextmanager
def _named_errors(url: URL) -> Iterator[None]:
    """Turn errors of the database and its driver into our own, which name the place and never the password."""
    try:
        yield
    except DBAPIError as error:
        reason = _reason(error.orig, url)
        if error_kind_of(error.orig) in UNUSABLE:  # only SQLite's errors have such a number
            raise DatabaseForeign(f"{_shown(url)}: {reason}") from None
        raise MappingUnavailable(f"{_shown(url)}: {reason}") from None
    except OSError as error:  # a certificate file that cannot be read
        raise MappingUnavailable(f"{_shown(url)}: {_reason(error, url)}") from None
    except (TypeError, UnicodeError, ArgumentError) as error:  # an option unknown to the driver, or a host of dots
        raise InputInvalid(f"{_shown(url)}: {_reason(error, url)}; {_FORMS}") from None


def _reason(error: BaseException | None, url: URL) -> str:
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    secrets = [url.password, *(value for key, value in url.query.items() if "pass" in key)]
    for secret in secrets:
        reason = reason.replace(str(secret), "***") if secret else reason
    return reason


class _TableReader:
    """A connection, and the tables that it has."""

    def __init__(self, connection: Connection, where: str) -> None:
        self._connection, self._where = connection, where
        self._columns: dict[str, set[str]] = {}
        found = inspect(connection)
        names = set(found.get_table_names())
        for name in ("provider", "domain", "server", "server_domain", "davserver", "davserver_domain"):
            self._columns[name] = {str(c["name"]) for c in found.get_columns(name)} if name in names else set()
        if missing := self._missing(_NEEDED):
            raise DatabaseForeign(f"{where}: is not a database of automx2: it has no {missing}")

    def customers(self, on_progress: OnProgress) -> list[Customer]:
        """Read every domain."""
        providers = {row[0]: Provider(row[0], *self._texts("provider", row)) for row in self._rows("provider")}
        servers = {row[0]: self._server(row) for row in self._rows("server", "prio")}
        servers_of = self._linked("server_domain")
        dav_servers: dict[object, DAVServer] = {}
        dav_of: Mapping[object, list[object]] = {}
        if not self._missing(_OF_DAV):
            dav_servers = {row[0]: self._dav(row) for row in self._rows("davserver")}
            dav_of = self._linked("davserver_domain")
        found: list[Customer] = []
        rows = self._rows("domain", "ldapserver_id", order="id")
        for row in counted(rows, on_progress, "reading", None):
            (name,) = self._texts("domain", row[:2])
            mine = [servers[key] for key in servers_of.get(row[0], ()) if key in servers]
            dav = [dav_servers[key] for key in dav_of.get(row[0], ()) if key in dav_servers]
            found.append(Customer(row[0], name or "", providers.get(row[2]), row[3] is not None, mine, dav))
        return found

    def _server(self, row: Sequence[object]) -> MailServer:
        kind, name, port, socket_type, user_name, authentication = self._texts("server", row[:7])
        return MailServer(row[0], kind, name, port, socket_type, user_name, authentication, row[7])

    def _dav(self, row: Sequence[object]) -> DAVServer:
        kind, url, port, _, user_name = self._texts("davserver", row)
        return DAVServer(row[0], kind, url, port, bool(row[4]), user_name)

    def _linked(self, name: str) -> dict[object, list[object]]:
        """The ids of what is linked to each domain, by the domain's id."""
        found: dict[object, list[object]] = {}
        for domain, key in self._rows(name, order=_ORDER_OF_LINKS.get(self._connection.dialect.name, "")):
            found.setdefault(domain, []).append(key)
        return found

    def _rows(self, name: str, *optional: str, order: str = "") -> Iterator[Sequence[object]]:
        """Read the needed columns of a table, then the optional ones; `None` for one that an older table lacks."""
        has = [*(_NEEDED | _OF_DAV)[name], *(extra for extra in optional if extra in self._columns[name])]
        columns: list[Any] = [column(wanted) for wanted in has]
        statement = select(*columns).select_from(table(name))
        if order:
            statement = statement.order_by(column(order.format(other=has[-1])))
        padding = (None,) * ((len((_NEEDED | _OF_DAV)[name]) + len(optional)) - len(has))
        for row in self._connection.execute(statement, execution_options={"yield_per": _BATCH}):
            yield (*row, *padding)

    def _texts(self, name: str, row: Sequence[object]) -> list[str | None]:
        """All values except the id, as texts."""
        texts = [None if value is None else str(value) for value in row[1:]]
        if any(text and len(text) > LONGEST for text in texts):
            raise DatabaseForeign(f"{self._where}: row {row[0]} of {name} has a text longer than {LONGEST} characters")
        return texts

    def _missing(self, needed: Mapping[str, Sequence[str]]) -> str | None:
        for name, columns in needed.items():
            if not self._columns[name]:
                return f"table {name}"
            for wanted in columns:
                if wanted not in self._columns[name]:
                    return f"column {wanted} in the table {name}"
        return None
