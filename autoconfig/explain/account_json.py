"""The servers and services of an account as JSON: the same values wherever programs read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoconfig.mail.account import Account
    from autoconfig.mail.server import Server
    from autoconfig.mail.service import Service


def servers_json(account: Account) -> list[dict[str, object]]:
    """The mail servers, in the order of the documents; without an address the user name is a pattern."""
    return [
        {
            "protocol": server.protocol,
            "host": server.host,
            "port": server.port,
            "tls": server.tls,
            "login": list(server.login),
            "username": _username(account, server),
        }
        for server in account.servers
    ]


def services_json(account: Account) -> list[dict[str, object]]:
    """Calendars and the like; URLs with a mailbox in them are missing without an address."""
    return [
        {
            "protocol": service.kind,
            "url": service.url,
            "login": list(service.login),
            "username": _username(account, service),
        }
        for service in account.services
    ]


def _username(account: Account, server: Server | Service) -> str:
    return account.login_name(server) if account.address else str(server.username)
