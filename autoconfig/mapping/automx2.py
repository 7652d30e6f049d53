"""
Reads the database of an automx2 (2026.2, and older ones as far as they have the same tables), and never writes to it.

What is read are rows as they stand; what automx2 makes of them is said in `migrate.automx2`.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import URL, NullPool, column, create_engine, inspect, make_url, select, table
from sqlalchemy.exc import ArgumentError, DBAPIError

from autoconfig.errors import DatabaseForeign, InputInvalid, MappingUnavailable
from autoconfig.mapping.sqlite_errors import UNUSABLE, trouble_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Engine

CONNECT = 10
"""Seconds that a database server has to take a connection."""

LONGEST = 1000
"""Characters of the longest text that is read; automx2's own columns hold at most 128."""

_BATCH = 5000
_READ = 300  # seconds that MariaDB has for one answer

_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_FORMS = "write it as db_uri of automx2.conf has it: sqlite:////PATH, postgresql://USER:PASSWORD@HOST/NAME or mysql://…"

_NEEDED = {
    "provider": ("id", "name", "short_name"),
    "domain": ("id", "name", "provider_id"),
    "server": ("id", "type", "name", "port", "socket_type", "user_name", "authentication"),
    "server_domain": ("domain_id", "server_id"),
}
# What automx2's own query for a domain's servers comes to, which names no order; PostgreSQL's is that of its pages.
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


class Server(NamedTuple):
    """A row of `server`; numbers as texts, for SQLite keeps whatever was put in."""

    id: object
    type: str | None
    name: str | None
    port: str | None
    socket_type: str | None
    user_name: str | None
    authentication: str | None
    prio: object


class DavServer(NamedTuple):
    """A row of `davserver`."""

    id: object
    type: str | None
    url: str | None
    port: str | None
    use_ssl: bool
    user_name: str | None


class Customer(NamedTuple):
    """A row of `domain` with what belongs to it."""

    id: object
    name: str
    provider: Provider | None
    ldap: bool
    """Whether its user names come from an LDAP server."""
    servers: Sequence[Server]
    """
    As the database returns them, where nobody asks for an order: SQLite as they were put on the domain, MariaDB by id.
    automx2 then sorts them by `prio`.
    """
    dav_servers: Sequence[DavServer]


def place(url: str) -> str:
    """
    The URL as it may be shown: without user and password.

    Raises:
        InputInvalid: it is no URL of a database that can be read.
    """
    return _shown(_url(url))


def read(url: str, advance: Callable[[int], None] = lambda _domains: None) -> list[Customer]:
    """
    All domains by their id, in one consistent view; `advance` is told how many more were read.

    Raises:
        InputInvalid: the URL cannot be read.
        DatabaseForeign: the database is not one of automx2.
        MappingUnavailable: it cannot be reached or read.
    """
    parsed = _url(url)
    engine = _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _server(parsed)
    try:
        with _named_errors(parsed), engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")
            return _Reader(connection, _shown(parsed)).customers(advance)
    finally:
        engine.dispose()


def _url(text: str) -> URL:
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError) as error:  # the text is not repeated: there may be a password in it
        raise InputInvalid(f"the URL of the database cannot be read; {_FORMS}") from error
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise InputInvalid(f"the URL names no file; {_FORMS}")
        return url
    if backend not in _DRIVERS:
        raise InputInvalid(f"{backend}: databases of this kind cannot be read; {_FORMS}")
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
        # rw, for of a database in WAL mode ro reads only what somebody else has open; nothing can be written all the
        # same. Bytes that are not UTF-8 reach the one domain that has them, not all.
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
    """Whatever the database or its driver says, as an error that names the place and never the password."""
    try:
        yield
    except DBAPIError as error:
        reason = _reason(error.orig, url)
        if trouble_of(error.orig) in UNUSABLE:  # only SQLite's have such a number
            raise DatabaseForeign(f"{_shown(url)}: {reason}") from None
        raise MappingUnavailable(f"{_shown(url)}: {reason}") from None
    except OSError as error:  # a certificate that is named and cannot be read
        raise MappingUnavailable(f"{_shown(url)}: {_reason(error, url)}") from None
    except (TypeError, UnicodeError, ArgumentError) as error:  # an option that the driver does not have, a host of dots
        raise InputInvalid(f"{_shown(url)}: {_reason(error, url)}; {_FORMS}") from None


def _reason(error: BaseException | None, url: URL) -> str:
    lines = str(error).strip().splitlines()
    reason = lines[0] if lines else type(error).__name__
    secrets = [url.password, *(value for key, value in url.query.items() if "pass" in key)]
    for secret in secrets:
        reason = reason.replace(str(secret), "***") if secret else reason
    return reason


class _Reader:
    """A connection, and the tables that it has."""

    def __init__(self, connection: Connection, where: str) -> None:
        self._connection, self._where = connection, where
        self._columns: dict[str, set[str]] = {}
        found = inspect(connection)
        names = set(found.get_table_names())
        for name in ("provider", "domain", "server", "server_domain", "davserver", "davserver_domain"):
            self._columns[name] = {str(c["name"]) for c in found.get_columns(name)} if name in names else set()
        if missing := self._missing(_NEEDED):
            raise DatabaseForeign(f"{where}: is no database of automx2: it has no {missing}")

    def customers(self, advance: Callable[[int], None]) -> list[Customer]:
        """Every domain."""
        providers = {row[0]: Provider(row[0], *self._texts("provider", row)) for row in self._rows("provider")}
        servers = {row[0]: self._server(row) for row in self._rows("server", "prio")}
        servers_of = self._linked("server_domain")
        dav_servers: dict[object, DavServer] = {}
        dav_of: Mapping[object, list[object]] = {}
        if not self._missing(_OF_DAV):
            dav_servers = {row[0]: self._dav(row) for row in self._rows("davserver")}
            dav_of = self._linked("davserver_domain")
        found: list[Customer] = []
        for row in self._rows("domain", "ldapserver_id", order="id"):
            (name,) = self._texts("domain", row[:2])
            mine = [servers[key] for key in servers_of.get(row[0], ()) if key in servers]
            dav = [dav_servers[key] for key in dav_of.get(row[0], ()) if key in dav_servers]
            found.append(Customer(row[0], name or "", providers.get(row[2]), row[3] is not None, mine, dav))
            if len(found) % _BATCH == 0:
                advance(_BATCH)
        advance(len(found) % _BATCH)
        return found

    def _server(self, row: Sequence[object]) -> Server:
        kind, name, port, socket_type, user_name, authentication = self._texts("server", row[:7])
        return Server(row[0], kind, name, port, socket_type, user_name, authentication, row[7])

    def _dav(self, row: Sequence[object]) -> DavServer:
        kind, url, port, _, user_name = self._texts("davserver", row)
        return DavServer(row[0], kind, url, port, bool(row[4]), user_name)

    def _linked(self, name: str) -> dict[object, list[object]]:
        """What belongs to each domain, by its id."""
        found: dict[object, list[object]] = {}
        for domain, key in self._rows(name, order=_ORDER_OF_LINKS.get(self._connection.dialect.name, "")):
            found.setdefault(domain, []).append(key)
        return found

    def _rows(self, name: str, *optional: str, order: str = "") -> Iterator[Sequence[object]]:
        """The needed columns of a table, then the optional ones: `None` where the table is too old to have one."""
        has = [*(_NEEDED | _OF_DAV)[name], *(extra for extra in optional if extra in self._columns[name])]
        columns: list[Any] = [column(wanted) for wanted in has]
        statement = select(*columns).select_from(table(name))
        if order:
            statement = statement.order_by(column(order.format(other=has[-1])))
        padding = (None,) * ((len((_NEEDED | _OF_DAV)[name]) + len(optional)) - len(has))
        for row in self._connection.execute(statement, execution_options={"yield_per": _BATCH}):
            yield (*row, *padding)

    def _texts(self, name: str, row: Sequence[object]) -> list[str | None]:
        """All but the id, as texts."""
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
