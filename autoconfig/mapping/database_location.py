"""Where a mapping database is, and the connection arguments of each driver."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypedDict
from urllib.parse import quote

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.database_url import USUAL_PORTS, Host, Kind, read
from autoconfig.mapping.drivers import missing_driver

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

__all__ = ["CONNECT_TIMEOUT", "DatabaseLocation", "Host", "Kind", "PyMySQLArguments"]

CONNECT_TIMEOUT = 5
"""Seconds for each host, unless `connect_timeout` says otherwise."""

# Defaults that detect a silently lost host within seconds. Values are seconds, `tcp_user_timeout` is milliseconds.
_ALIVE = MappingProxyType(
    {
        "keepalives": "1",
        "keepalives_idle": "5",
        "keepalives_interval": "1",
        "keepalives_count": "3",
        "tcp_user_timeout": "5000",
    }
)


class PyMySQLArguments(TypedDict, total=False):
    """The arguments of `pymysql.connect` that name the server and the user."""

    host: str
    port: int
    unix_socket: str
    user: str
    password: str
    database: str
    charset: str
    connect_timeout: int
    ssl: ssl.SSLContext


_MAX_PASSWORD = 4096


@dataclass(frozen=True, slots=True)
class DatabaseLocation:
    """A database of one of the engines, and how to reach it. Its repr and `shown` never contain the password."""

    kind: Kind
    database: str
    """SQLite: the path of the file. Other engines: the name of the database."""
    hosts: tuple[Host, ...] = ()
    """In the order in which they are tried; empty for SQLite."""
    user: str | None = None
    """`None`: the name of the user that runs the process."""
    password: str | None = field(default=None, repr=False)
    options: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    setting: str = field(default="database", compare=False)
    """The setting that it was read from, for error messages."""

    @classmethod
    def parse(cls, url: str, setting: str = "database") -> DatabaseLocation:
        """
        Parse a database URL. Errors name `setting`.

        `sqlite:///PATH`, `postgresql://user:password@host1,host2:5433/name?sslmode=verify-full`,
        `mariadb://user:password@host/name`. Reserved characters are written %XX, except in a SQLite path.

        Raises:
            SettingsInvalid: the text is not such a URL, has an option that the engine does not have, or the engine's
                driver is not installed.
        """
        location = cls(*read(url, setting), setting)
        if (missing := missing_driver(location.kind)) is not None:
            raise SettingsInvalid(f"{setting} = {location.shown}: {missing}")
        return location

    @property
    def shown(self) -> str:
        """The name for errors and logs: the file, or the URL without password and options."""
        if self.kind is Kind.SQLITE:
            return self.database
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        hosts = ",".join(host.shown(USUAL_PORTS[self.kind]) for host in self.hosts)
        return f"{self.kind.lower()}://{user}{hosts}/{quote(self.database, safe='')}"

    @property
    def path(self) -> Path:
        """
        The SQLite file.

        Raises:
            SettingsInvalid: the database is on a server.
        """
        if self.kind is not Kind.SQLITE:
            raise SettingsInvalid(f"{self.setting} = {self.shown!r}: a file is needed here; write sqlite:///PATH")
        return Path(self.database)

    def unreachable(self, reason: str) -> MappingUnavailable:
        """The error for a failed connection; `reason` is the driver's message."""
        remedy = f"is the server running, and are host and user in the setting {self.setting} right?"
        if "certificate" in reason and self.options.get("sslmode", "").startswith("verify-"):
            remedy = (
                f"in the setting {self.setting}, does sslrootcert name the file of the authority that issued the "
                "server's certificate, and is the certificate for the host in the URL?"
            )
        return MappingUnavailable(f"{self.shown}: {reason}; {remedy}")

    def conninfo(self, target: str | None = None) -> str:
        """
        The libpq connection string for psycopg. It contains the password: never show it.

        `target` is a value of `target_session_attrs` (`read-write`: the primary) that overrides the URL's.

        Raises:
            SettingsInvalid: the password file cannot be read.
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
        Arguments of `pymysql.connect` for one of the hosts; by default for the first. They contain the password: never
        show them.

        Raises:
            SettingsInvalid: a file with the password, a certificate or a key cannot be read, or there is no user name.
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
            # The driver encodes the password as Latin-1. Servers compare bytes, and other clients send UTF-8.
            arguments["password"] = password.encode().decode("latin-1")
        return arguments

    def _system_user(self) -> str:
        """The system user, as libpq does by default. A container's user often has no name."""
        import getpass

        try:
            return getpass.getuser()
        except (KeyError, OSError) as error:
            raise SettingsInvalid(
                f"{self.setting}: has no user, and the user of this process has no name; write user@ before the host"
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
            # Python 3.13 sets this by default and rejects certificates without key identifiers. Many private
            # authorities issue such certificates, and libpq, MariaDB's own client and older Pythons accept them.
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            context.check_hostname = mode == "verify-full"
            context.verify_mode = ssl.CERT_NONE if mode == "require" else ssl.CERT_REQUIRED
            if "sslcert" in self.options:
                used = ["sslcert", "sslkey"]
                context.load_cert_chain(self.options["sslcert"], self.options.get("sslkey"))
        except (OSError, ValueError) as error:
            named = " and ".join(f"{key} = {self.options[key]!r}" for key in used if key in self.options)
            raise SettingsInvalid(f"{self.setting}: {named} cannot be used: {error}") from error
        return context


def _quoted(value: str) -> str:
    escaped = value.replace("\\", r"\\").replace("'", r"\'")
    return f"'{escaped}'"
