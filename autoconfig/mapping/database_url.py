"""Parse the database URL from the settings."""

from __future__ import annotations

import re
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from urllib.parse import quote, unquote_to_bytes

from autoconfig.errors import SettingsInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """The database engines, with their names as shown to people."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"
    MARIADB = "MariaDB"


class Host(NamedTuple):
    """One server of a `DatabaseLocation`."""

    name: str
    """A host name, an IP address, or a path: the Unix socket (MariaDB) or its folder (PostgreSQL)."""
    port: int

    @property
    def is_socket(self) -> bool:
        """Whether `name` is a path."""
        return self.name.startswith("/")

    def shown(self, usual: int) -> str:
        """The host as written in a URL, without the port if that is the `usual` one."""
        name = f"[{quote(self.name, safe=':')}]" if ":" in self.name else quote(self.name, safe="")
        return name if self.port == usual else f"{name}:{self.port}"


class Parts(NamedTuple):
    """The parts of a URL: the first fields of a `DatabaseLocation`."""

    kind: Kind
    database: str
    hosts: tuple[Host, ...] = ()
    user: str | None = None
    password: str | None = None
    options: Mapping[str, str] = MappingProxyType({})


_SCHEMES = {
    "sqlite": Kind.SQLITE,
    "sqlite+pysqlite": Kind.SQLITE,
    "postgresql": Kind.POSTGRESQL,
    "postgresql+psycopg": Kind.POSTGRESQL,
    "postgres": Kind.POSTGRESQL,
    "mariadb": Kind.MARIADB,
    "mariadb+pymysql": Kind.MARIADB,
    "mysql": Kind.MARIADB,
    "mysql+pymysql": Kind.MARIADB,
}
USUAL_PORTS = {Kind.POSTGRESQL: 5432, Kind.MARIADB: 3306}
_SOCKETS = {Kind.POSTGRESQL: "/run/postgresql", Kind.MARIADB: "/run/mysqld/mysqld.sock"}  # Debian's

_SSL = frozenset({"sslmode", "sslrootcert", "sslcert", "sslkey"})
# Options of libpq: https://www.postgresql.org/docs/current/libpq-connect.html
_LIBPQ = _SSL | {
    "application_name",
    "channel_binding",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "options",
    "passfile",
    "require_auth",
    "sslcrl",
    "sslnegotiation",
    "target_session_attrs",
    "tcp_user_timeout",
}
# Further options of a URL. `host`, `port` and `unix_socket` (`_WHERE`) become hosts and are then removed.
_OURS = frozenset({"connect_timeout", "password_file"})
_OPTIONS = {Kind.POSTGRESQL: _LIBPQ | _OURS, Kind.MARIADB: _SSL | _OURS}
_WHERE = {Kind.POSTGRESQL: frozenset({"host", "port"}), Kind.MARIADB: frozenset({"unix_socket"})}
_SSL_MODES = {
    Kind.POSTGRESQL: ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    Kind.MARIADB: ("disable", "require", "verify-ca", "verify-full"),
}
_HOST = re.compile(r"\[([0-9A-Fa-f:.]+(?:%25[^\[\]]+)?)\](?::([^:]*))?|([^:\[\]]*)(?::([^:]*))?")


def read(url: str, setting: str) -> Parts:
    """
    Split a URL into its parts, as `DatabaseLocation.parse` describes it.

    Raises:
        SettingsInvalid: the text is not such a URL, or has an option that the engine does not have.
    """
    return _Reader(setting).parts(url)


class _Reader:
    """Splits a URL. Its errors never quote anything that could be part of a password."""

    def __init__(self, setting: str) -> None:
        self._setting, self._scheme = setting, ""

    def fail(self, problem: str, remedy: str) -> NoReturn:
        where = f"{self._setting} = {self._scheme}://…" if self._scheme else self._setting
        raise SettingsInvalid(f"{where}: {problem}; {remedy}")

    def parts(self, url: str) -> Parts:
        scheme, separator, rest = url.partition("://")
        kind = _SCHEMES.get(scheme.lower())
        if not separator or kind is None:
            self.fail("is not a database URL", "write sqlite:///PATH, postgresql://… or mariadb://…")
        self._scheme = scheme.lower()
        if kind is Kind.SQLITE:
            if not rest.startswith("/") or rest in {"/", "/:memory:"}:
                self.fail("has no file", "write sqlite:///PATH")
            return Parts(kind, rest[1:])
        return self._server(kind, rest)

    def _server(self, kind: Kind, rest: str) -> Parts:
        before, _, query = rest.partition("?")
        authority, _, path = before.partition("/")
        if "#" in rest or "@" in path:
            self.fail("has / ? # or @ in the wrong place", "write %2F, %3F, %23 and %40 in a user name or password")
        identity, _, servers = authority.rpartition("@")
        user, colon, password = identity.partition(":")
        name = self._decoded(path, "the name of the database")
        if not name or "/" in name:
            self.fail("has no database", "write its name after the host: …@host/NAME")
        options = self._options(kind, query)
        if colon and "password_file" in options:
            self.fail("has a password and a password_file", "keep one of them")
        return Parts(
            kind,
            name,
            self._hosts(kind, servers, options),
            self._decoded(user, "the user name") or None,
            self._decoded(password, "the password") if colon else None,
            MappingProxyType({key: value for key, value in options.items() if key not in _WHERE[kind]}),
        )

    def _options(self, kind: Kind, query: str) -> dict[str, str]:
        known = _OPTIONS[kind] | _WHERE[kind]
        options: dict[str, str] = {}
        for pair in filter(None, query.split("&")):
            key, equals, value = pair.partition("=")
            if key in {"user", "password", "passwd"}:
                self.fail(f"has an option {key}", "write user:password@ before the host, or password_file=PATH")
            if key not in known:
                named = f" {key}" if re.fullmatch("[a-z_]{1,40}", key) and "@" not in query else ""
                self.fail(f"has an unknown option{named}", f"{kind} takes {', '.join(sorted(known))}")
            if not equals or key in options:
                self.fail(f"has the option {key} {'twice' if key in options else 'without a value'}", "write it once")
            options[key] = self._decoded(value, key)
        modes = _SSL_MODES[kind]
        if options.get("sslmode", modes[0]) not in modes:
            self.fail("sslmode has an unknown value", f"write one of {', '.join(modes)}")
        if not options.get("password_file", "/").startswith("/"):
            self.fail("password_file is not an absolute path", "write password_file=/etc/…")
        timeout = options.get("connect_timeout", "1")
        if not re.fullmatch(r"[1-9][0-9]{0,3}", timeout):
            self.fail("connect_timeout is not a number of seconds", "write 1 to 9999")
        return options

    def _hosts(self, kind: Kind, servers: str, options: Mapping[str, str]) -> tuple[Host, ...]:
        port = self._port(options.get("port"), kind)
        elsewhere = options.get("host") or options.get("unix_socket")
        if servers and elsewhere:
            self.fail("names the server twice", "write it before the database or as an option")
        if elsewhere:
            hosts = [Host(name, port) for name in elsewhere.split(",")]
        elif servers:
            hosts = [self._host(kind, server, port) for server in servers.split(",")]
        else:
            hosts = [Host(_SOCKETS[kind], port)]
        if any(not host.name or (kind is Kind.MARIADB and elsewhere and not host.is_socket) for host in hosts):
            self.fail("has a server without a name", "write host1,host2 or the path of a socket")
        if not all(host.is_socket or _can_be_looked_up(host.name) for host in hosts):
            self.fail("has a host that cannot be looked up", "write a name whose labels have 1 to 63 characters")
        return tuple(hosts)

    def _host(self, kind: Kind, server: str, port: int) -> Host:
        found = _HOST.fullmatch(server)
        if found is None:
            self.fail("has an invalid host", "write host:port, and an IPv6 address as [2001:db8::1]")
        address, address_port, name, name_port = found.groups()
        given = address_port if address is not None else name_port
        return Host(
            self._decoded(name if address is None else address, "the host"),
            port if given is None else self._port(given, kind),
        )

    def _port(self, text: str | None, kind: Kind) -> int:
        if text is None:
            return USUAL_PORTS[kind]
        if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
            self.fail(
                "has a port that is not a number from 1 to 65535", "write host:port; in a password, write : as %3A"
            )
        return int(text)

    def _decoded(self, text: str, what: str) -> str:
        if re.search(r"%(?![0-9A-Fa-f]{2})", text):
            self.fail(f"{what} has a % without two hexadecimal digits after it", "write % as %25")
        try:
            decoded = unquote_to_bytes(text).decode()
        except UnicodeDecodeError:
            self.fail(f"{what} is not UTF-8", "encode it as UTF-8 before writing %XX")
        if not decoded.isprintable():
            self.fail(f"{what} has control characters", "leave them out")
        return decoded


def _can_be_looked_up(name: str) -> bool:
    """Whether Python accepts the name for a lookup (RFC 3490); if not, it raises an error that no driver wraps."""
    try:
        return bool(name.encode("idna"))
    except UnicodeError:
        return False
