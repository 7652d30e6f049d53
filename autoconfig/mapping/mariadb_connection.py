"""Connect to MariaDB or MySQL with PyMySQL, without ever sending the password in clear text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

import pymysql
from pymysql.constants import CR

if TYPE_CHECKING:
    from autoconfig.mapping.database_location import DatabaseLocation, Host

_IN_CLEAR = ("mysql_clear_password", "dialog")
"""Authentication plugins that send the password itself; a server or a man in the middle can request them."""


class _Refusal:
    """An authentication plugin that refuses."""

    def __init__(self, connection: object) -> None:
        del connection

    def authenticate(self, _packet: object) -> NoReturn:
        """Refuse to send the password."""
        raise pymysql.OperationalError(
            CR.CR_AUTH_PLUGIN_CANNOT_LOAD, "the server wants the password in clear text, and there is no TLS"
        )


def connect(location: DatabaseLocation, host: Host, **options: Any) -> pymysql.Connection[Any]:
    """
    Connect to one of the hosts of a place; `options` are passed to `pymysql.connect`.

    Raises:
        SettingsInvalid: as `DatabaseLocation.mysql_arguments`.
        pymysql.Error: the server is out of reach, or refuses the connection.
    """
    arguments = location.mysql_arguments(host)
    is_safe = host.is_socket or "ssl" in arguments
    connection: pymysql.Connection[Any] = pymysql.connect(
        **{**arguments, **options},
        ssl_disabled="ssl" not in arguments,  # otherwise PyMySQL tries TLS and falls back to none
        program_name="autoconfig",
        auth_plugin_map={} if is_safe else dict.fromkeys(_IN_CLEAR, _Refusal),
    )
    return connection
