"""Where a mapping database is: the URL that an operator writes, taken apart once and mapped onto each driver here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TypedDict
from urllib.parse import quote, unquote_to_bytes

from autoconfig.errors import MappingUnavailable, SettingsInvalid

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

CONNECT_TIMEOUT = 5
"""Seconds for each host, unless `connect_timeout` says otherwise."""

# What no URL has to say: a host that is gone without a word is noticed within seconds (milliseconds in the last).
_ALIVE = MappingProxyType(
    {
        "keepalives": "1",
        "keepalives_idle": "5",
        "keepalives_interval": "1",
        "keepalives_count": "3",
        "tcp_user_timeout": "5000",
    }
)


class Kind(StrEnum):
    """The engines, as people write their names."""

    SQLITE = "SQLite"
    POSTGRESQL = "PostgreSQL"
    MARIADB = "MariaDB"


class Host(NamedTuple):
    """One server of a place."""

    name: str
    """A host name, an address, or a path: the Unix socket (MariaDB) or the folder that it is in (PostgreSQL)."""
    port: int

    @property
    def is_socket(self) -> bool:
        """Whether it is a path."""
        return self.name.startswith("/")

    def shown(self, usual: int) -> str:
        """As a URL has it; the `usual` port is left out."""
        name = f"[{quote(self.name, safe=':')}]" if ":" in self.name else quote(self.name, safe="")
        return name if self.port == usual else f"{name}:{self.port}"


class PyMySQLArguments(TypedDict, total=False):
    """What `pymysql.connect` and `aiomysql.connect` take, as far as it says where and who."""

    host: str
    port: int
    unix_socket: str
    user: str
    password: str
    database: str
    charset: str
    connect_timeout: int
    ssl: ssl.SSLContext


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
_PORTS = {Kind.POSTGRESQL: 5432, Kind.MARIADB: 3306}
_SOCKETS = {Kind.POSTGRESQL: "/run/postgresql", Kind.MARIADB: "/run/mysqld/mysqld.sock"}  # Debian's

_SSL = frozenset({"sslmode", "sslrootcert", "sslcert", "sslkey"})
# Each is libpq's: https://www.postgresql.org/docs/current/libpq-connect.html
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
# Who writes such a URL may give these; `host`, `port` and `unix_socket` say where, and are no options afterwards.
_OURS = frozenset({"connect_timeout", "password_file"})
_OPTIONS = {Kind.POSTGRESQL: _LIBPQ | _OURS, Kind.MARIADB: _SSL | _OURS}
_WHERE = {Kind.POSTGRESQL: frozenset({"host", "port"}), Kind.MARIADB: frozenset({"unix_socket"})}
_SSL_MODES = {
    Kind.POSTGRESQL: ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    Kind.MARIADB: ("disable", "require", "verify-ca", "verify-full"),
}
_MAX_PASSWORD = 4096
_HOST = re.compile(r"\[([0-9A-Fa-f:.]+(?:%25[^\[\]]+)?)\](?::([^:]*))?|([^:\[\]]*)(?::([^:]*))?")


@dataclass(frozen=True, slots=True)
class Place:
    """A database of one of the engines, and how to reach it. Nothing that is printed of it has the password."""

    kind: Kind
    database: str
    """The file of SQLite, the name of the database elsewhere."""
    hosts: tuple[Host, ...] = ()
    """In the order in which they are tried; SQLite has none."""
    user: str | None = None
    """`None`: the name of the process's user."""
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    setting: str = field(default="database", compare=False)
    """The setting that it was read from, for error sentences."""

    @classmethod
    def parse(cls, url: str, setting: str = "database") -> Place:
        """
        Read a database URL; `setting` is named where it is wrong.

        `sqlite:///PATH`, `postgresql://user:password@host1,host2:5433/name?sslmode=verify-full`,
        `mariadb://user:password@host/name`. Reserved characters are written %XX, except in a SQLite path.

        Raises:
            SettingsInvalid: it is no such URL, or has an option that its engine does not.
        """
        return _Reader(setting).place(url)

    @property
    def shown(self) -> str:
        """As error sentences and logs name it: the file, or the URL without password and options."""
        if self.kind is Kind.SQLITE:
            return self.database
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        hosts = ",".join(host.shown(_PORTS[self.kind]) for host in self.hosts)
        return f"{self.kind.lower()}://{user}{hosts}/{quote(self.database, safe='')}"

    @property
    def path(self) -> Path:
        """
        The file of SQLite.

        Raises:
            SettingsInvalid: it is of another engine.
        """
        if self.kind is not Kind.SQLITE:
            raise SettingsInvalid(f"{self.setting} = {self.shown!r}: a file is needed here; write sqlite:///PATH")
        return Path(self.database)

    def unreachable(self, reason: str) -> MappingUnavailable:
        """What to say where no connection can be made; `reason` is what the driver said."""
        remedy = f"does the server run, and does the setting {self.setting} say where and as whom?"
        if "certificate" in reason and self.options.get("sslmode", "").startswith("verify-"):
            remedy = (
                f"in the setting {self.setting}, does sslrootcert name the file of the authority that issued the "
                "server's certificate, and does the URL have a name that stands in it?"
            )
        return MappingUnavailable(f"{self.shown}: {reason}; {remedy}")

    def conninfo(self, target: str | None = None) -> str:
        """
        The connection string of libpq, for psycopg. It holds the password: never show it.

        `target` is a `target_session_attrs` (`read-write`: the primary) that goes before what the URL says.

        Raises:
            SettingsInvalid: the file with the password cannot be read.
        """
        parameters = {
            "application_name": "autoconfig",
            "client_encoding": "UTF8",
            "connect_timeout": str(CONNECT_TIMEOUT),
            **_ALIVE,
            **self.options,
            "host": ",".join(host.name for host in self.hosts),
            "port": ",".join(str(host.port) for host in self.hosts),
            "dbname": self.database,
        }
        parameters.pop("password_file", None)
        if target is not None:
            parameters["target_session_attrs"] = target
        if self.user is not None:
            parameters["user"] = self.user
        if (password := self._password()) is not None:
            parameters["password"] = password
        return " ".join(f"{name}={_quoted(value)}" for name, value in parameters.items())

    def mysql_arguments(self, host: Host | None = None) -> PyMySQLArguments:
        """
        Arguments of `pymysql.connect` and `aiomysql.connect` for one of the hosts, without one the first. They hold the
        password: never show them.

        Raises:
            SettingsInvalid: a file with the password, a certificate or a key cannot be read, or nobody names a user.
        """
        host = host or self.hosts[0]
        arguments = PyMySQLArguments(
            database=self.database,
            charset="utf8mb4",
            connect_timeout=int(self.options.get("connect_timeout", CONNECT_TIMEOUT)),
        )
        if host.is_socket:
            arguments["unix_socket"] = host.name
        else:
            arguments["host"], arguments["port"] = host.name, host.port
            if (context := self._ssl_context()) is not None:
                arguments["ssl"] = context
        arguments["user"] = self.user or self._system_user()
        if (password := self._password()) is not None:
            # Both drivers encode it as Latin-1; servers compare the bytes, and clients elsewhere send UTF-8.
            arguments["password"] = password.encode().decode("latin-1")
        return arguments

    def _system_user(self) -> str:
        """As libpq does by itself; a container's user often has no name."""
        import getpass

        try:
            return getpass.getuser()
        except (KeyError, OSError) as error:
            raise SettingsInvalid(
                f"{self.setting}: names no user, and the user of this process has no name; write user@ before the host"
            ) from error

    def _password(self) -> str | None:
        file = self.options.get("password_file")
        if file is None:
            return self.password
        try:
            with Path(file).open("rb") as opened:
                text = opened.read(_MAX_PASSWORD).decode()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "is not UTF-8"
            raise SettingsInvalid(f"{self.setting}: password_file = {file!r} cannot be read: {reason}") from error
        return text.removesuffix("\n").removesuffix("\r")

    def _ssl_context(self) -> ssl.SSLContext | None:
        mode = self.options.get("sslmode", "disable")
        if mode == "disable":
            return None
        import ssl

        used = ["sslrootcert"]
        try:
            context = ssl.create_default_context(cafile=self.options.get("sslrootcert"))
            context.check_hostname = mode == "verify-full"
            context.verify_mode = ssl.CERT_NONE if mode == "require" else ssl.CERT_REQUIRED
            if "sslcert" in self.options:
                used = ["sslcert", "sslkey"]
                context.load_cert_chain(self.options["sslcert"], self.options.get("sslkey"))
        except (OSError, ValueError) as error:
            named = " and ".join(f"{key} = {self.options[key]!r}" for key in used if key in self.options)
            raise SettingsInvalid(f"{self.setting}: {named} cannot be used: {error}") from error
        return context


def _can_be_looked_up(name: str) -> bool:
    """Python refuses to ask for other names (RFC 3490), with an error that is none of a driver's."""
    try:
        return bool(name.encode("idna"))
    except UnicodeError:
        return False


def _quoted(value: str) -> str:
    escaped = value.replace("\\", r"\\").replace("'", r"\'")
    return f"'{escaped}'"


class _Reader:
    """Takes a URL apart. No sentence of it repeats what may be a part of a password."""

    def __init__(self, setting: str) -> None:
        self._setting, self._scheme = setting, ""

    def fail(self, problem: str, remedy: str) -> NoReturn:
        where = f"{self._setting} = {self._scheme}://…" if self._scheme else self._setting
        raise SettingsInvalid(f"{where}: {problem}; {remedy}")

    def place(self, url: str) -> Place:
        scheme, separator, rest = url.partition("://")
        kind = _SCHEMES.get(scheme.lower())
        if not separator or kind is None:
            self.fail("is not a database URL", "write sqlite:///PATH, postgresql://… or mariadb://…")
        self._scheme = scheme.lower()
        if kind is Kind.SQLITE:
            if not rest.startswith("/") or rest in {"/", "/:memory:"}:
                self.fail("names no file", "write sqlite:///PATH")
            return Place(kind, rest[1:], setting=self._setting)
        return self._server(kind, rest)

    def _server(self, kind: Kind, rest: str) -> Place:
        before, _, query = rest.partition("?")
        authority, _, path = before.partition("/")
        if "#" in rest or "@" in path:
            self.fail("has / ? # or @ where none can be", "write %2F, %3F, %23 and %40 in a user name or password")
        identity, _, servers = authority.rpartition("@")
        user, colon, password = identity.partition(":")
        name = self._decoded(path, "the name of the database")
        if not name or "/" in name:
            self.fail("names no database", "write its name after the host: …@host/NAME")
        options = self._options(kind, query)
        if colon and "password_file" in options:
            self.fail("has a password and a password_file", "keep one of them")
        return Place(
            kind,
            name,
            self._hosts(kind, servers, options),
            self._decoded(user, "the user name") or None,
            self._decoded(password, "the password") if colon else None,
            MappingProxyType({key: value for key, value in options.items() if key not in _WHERE[kind]}),
            self._setting,
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
            self.fail("password_file is not a whole path", "write password_file=/etc/…")
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
            self.fail("has a server whose name nobody can look up", "write names of labels of 1 to 63 characters")
        return tuple(hosts)

    def _host(self, kind: Kind, server: str, port: int) -> Host:
        found = _HOST.fullmatch(server)
        if found is None:
            self.fail("has a server that cannot be read", "write host:port, and an IPv6 address as [2001:db8::1]")
        address, address_port, name, name_port = found.groups()
        given = address_port if address is not None else name_port
        return Host(
            self._decoded(name if address is None else address, "the host"),
            port if given is None else self._port(given, kind),
        )

    def _port(self, text: str | None, kind: Kind) -> int:
        if text is None:
            return _PORTS[kind]
        if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
            self.fail(
                "has a port that is not a number from 1 to 65535", "write host:port; in a password, write : as %3A"
            )
        return int(text)

    def _decoded(self, text: str, what: str) -> str:
        if re.search(r"%(?![0-9A-Fa-f]{2})", text):
            self.fail(f"{what} has a % that no two hexadecimal digits follow", "write % as %25")
        try:
            decoded = unquote_to_bytes(text).decode()
        except UnicodeDecodeError:
            self.fail(f"{what} is not UTF-8", "write the %XX of UTF-8")
        if not decoded.isprintable():
            self.fail(f"{what} has control characters", "leave them out")
        return decoded
