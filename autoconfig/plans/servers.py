"""Read the servers and services of a plan: each by itself, then together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.errors import Fault
from autoconfig.mail.server import Protocol, ServerTemplate, TLSMode
from autoconfig.mail.service import OAuth2, ServiceKind, ServiceTemplate
from autoconfig.plans.values import read_https, read_opaque, read_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.plans.inheritance import Written
    from autoconfig.plans.schema import PlanTable, ServerTable

Entry = ServerTemplate | ServiceTemplate

_OF_SERVERS = ("host", "port", "tls")


def read_servers(
    place: str, written: Written, params: Mapping[str, object], faults: list[Fault]
) -> list[tuple[str, Entry]]:
    """The servers and services of a plan without faults, each with its place in the file."""
    entries = [
        (where, found)
        for where, entry in zip(written.servers, written.table.servers, strict=True)
        if (found := _entry(where, entry, params, faults))
    ]
    _check_together(place, written.table, faults)
    return entries


def read_oauth2(place: str, table: PlanTable, faults: list[Fault]) -> OAuth2 | None:
    """Where clients get tokens. Needed if a server offers OAuth2: clients cannot discover it."""
    given = table.oauth2
    if given is None:
        return None
    return OAuth2(
        issuer=read_https(f"{place}.issuer", given.issuer, faults),
        auth_url=read_https(f"{place}.auth_url", given.auth_url, faults),
        token_url=read_https(f"{place}.token_url", given.token_url, faults),
        scope=tuple(
            read_opaque(f"{place}.scope[{number}]", token, table.params, faults) or ""
            for number, token in enumerate(given.scope, 1)
        ),
        client_id=read_opaque(f"{place}.client_id", given.client_id, table.params, faults),
        client_secret=read_opaque(f"{place}.client_secret", given.client_secret, table.params, faults),
    )


def _entry(where: str, table: ServerTable, params: Mapping[str, object], faults: list[Fault]) -> Entry | None:
    _check_keys(where, table, faults)
    protocol = table.protocol
    host = read_pattern(f"{where}.host", table.host, params, faults)
    url = read_pattern(f"{where}.url", table.url, params, faults)
    username = read_pattern(f"{where}.username", table.username, params, faults)
    login = tuple(dict.fromkeys(table.login or ()))
    for method in login:
        if protocol is not Protocol.SMTP and not method.has_user:
            faults.append(Fault(f"{where}.login", f"{method} is for sending only", "choose a method with a user"))
    if username is None or not login:
        return None
    if not isinstance(protocol, Protocol):
        return None if url is None else ServiceTemplate(protocol, url, login, username, bool(table.principal))
    if host is None or table.port is None or table.tls is None:
        return None
    return ServerTemplate(protocol, host, table.port, table.tls, login, username)


def _check_keys(where: str, table: ServerTable, faults: list[Fault]) -> None:
    """Check that all keys that the protocol needs are there, and no others."""
    protocol = table.protocol
    needed = (*_OF_SERVERS, "login", "username") if isinstance(protocol, Protocol) else ("url", "login", "username")
    for key in needed:
        if getattr(table, key) is None:
            faults.append(Fault(f"{where}.{key}", "this key is missing", "it is not inherited either, so add it"))
    for key in ("url",) if isinstance(protocol, Protocol) else _OF_SERVERS:
        if getattr(table, key) is not None:
            faults.append(
                Fault(f"{where}.{key}", f"{protocol} has no {key}", f"remove it; the keys are {', '.join(needed)}")
            )
    if table.principal is not None and not (isinstance(protocol, ServiceKind) and protocol.has_principals):
        faults.append(
            Fault(f"{where}.principal", f"{protocol} has no principal", "remove it; only caldav and carddav have one")
        )


def _check_together(place: str, table: PlanTable, faults: list[Fault]) -> None:
    """Check the servers of a plan together."""
    redirects = [key for key in ("redirect_url", "redirect_domain") if getattr(table, key) is not None]
    if redirects:
        if len(redirects) + bool(table.servers) > 1:
            faults.append(Fault(f"{place}.{redirects[0]}", "a plan has servers or one redirect", "keep one of them"))
        return
    protocols = {server.protocol for server in table.servers}
    if not protocols & {Protocol.IMAP, Protocol.POP3}:
        faults.append(Fault(f"{place}.servers", "no incoming server", "add one with protocol imap or pop3"))
    if Protocol.SMTP not in protocols:
        faults.append(Fault(f"{place}.servers", "no outgoing server", "add one with protocol smtp"))
    for protocol in protocols:
        modes = {server.tls for server in table.servers if server.protocol == protocol and server.tls is not None}
        if TLSMode.PLAIN in modes and len(modes) > 1:
            problem = f"there is a plain {protocol} server beside one with TLS"
            faults.append(Fault(f"{place}.servers", problem, "remove the plain one"))
