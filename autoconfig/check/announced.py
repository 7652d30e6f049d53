"""Check the servers that an account announces."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from autoconfig.check.finding import NOTHING, Finding
from autoconfig.check.flaw import Flaw
from autoconfig.check.ip_address import ip_address_of
from autoconfig.check.observation import Target, login_flaws
from autoconfig.check.server_codes import SERVER_KINDS, ServerCode
from autoconfig.check.tls_codes import TLS_KINDS
from autoconfig.mail.server import TLSMode

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from autoconfig.check.domain_view import Destination, DomainView
    from autoconfig.check.observation import Observation
    from autoconfig.check.prober import Prober
    from autoconfig.mail.account import Account, Text
    from autoconfig.mail.server import Login, Protocol

_KINDS = {**SERVER_KINDS, **TLS_KINDS}
_HTTPS = 443


class Announced(NamedTuple):
    """A server as documents announce it."""

    host: str
    port: int
    protocol: Protocol | None
    """`None`: a service with an https URL."""
    tls: TLSMode
    logins: tuple[Login, ...]

    @property
    def place(self) -> str:
        """`HOST:PORT`, with an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class AskedServer:
    """One address of an announced server, and what was seen there."""

    target: Target
    seen: Observation


@dataclass(frozen=True, slots=True)
class ServerCheck:
    """The result for one announced server."""

    server: Announced
    addresses: tuple[AskedServer, ...]
    flaws: tuple[Flaw, ...]
    """Each code once, whatever the number of addresses."""


def announced(account: Account) -> list[Announced]:
    """The servers of an account, each once; mail servers first."""
    found = [Announced(s.host, s.port, s.protocol, s.tls, s.login) for s in account.servers]
    for service in account.services:
        url = urlsplit(service.url)
        if url.hostname:
            found.append(Announced(url.hostname, url.port or _HTTPS, None, TLSMode.SSL, ()))
    return list(dict.fromkeys(found))


class AnnouncedCheck:
    """Checks announced servers: resolves each name once, and connects to the very addresses that were judged."""

    def __init__(self, view: DomainView, prober: Prober, *, allow_private: bool) -> None:
        """`allow_private`: also connect to addresses that are not public; those that a plan names always are."""
        self._view, self._prober, self._allow_private = view, prober, allow_private
        self._resolved: dict[str, asyncio.Task[Destination]] = {}

    async def check(self, server: Announced) -> ServerCheck:
        """Check one server at all of its addresses."""
        there = await self.destination(server.host)
        if not there.all:
            failed = [answer.status for answer in there.answers if answer.status.failed]
            code = ServerCode.LOOKUP_FAILED if failed else ServerCode.UNRESOLVED
            status = failed[0] if failed else there.answers[0].status
            return ServerCheck(server, (), (Flaw(code, f"{server.host}: {status}"),))
        is_literal = ip_address_of(server.host) is not None
        addresses = there.addresses(allow_private=self._allow_private or is_literal)
        targets = [Target(address, server.port, server.protocol, server.tls) for address in addresses.usable]
        asked = await asyncio.gather(*(self._asked(target, server.host) for target in targets))
        flaws = _merged(server, asked)
        if addresses.private:
            flaws.append(Flaw(ServerCode.PRIVATE, f"{server.host}: {', '.join(addresses.private)}"))
        return ServerCheck(server, tuple(asked), tuple(flaws))

    async def destination(self, host: str) -> Destination:
        """The addresses of a name, asked for once."""
        if host not in self._resolved:
            self._resolved[host] = asyncio.create_task(self._view.destination(host))
        return await self._resolved[host]

    async def _asked(self, target: Target, name: str) -> AskedServer:
        return AskedServer(target, await self._prober.ask(target, name))


def finding_of(flaw: Flaw, domain: str, place: str, advice: Text = NOTHING) -> Finding:
    """A fault of a server, told for a domain."""
    kind = _KINDS[flaw.code]
    return Finding(flaw.code, kind, domain, place, flaw.seen, kind.severity, advice)


def _merged(server: Announced, asked: Sequence[AskedServer]) -> list[Flaw]:
    """Each code once, with the addresses it was seen at; what is only that IPv6 does not work has its own code."""
    reachable = any(not one.seen.no_connection for one in asked if not _is_ipv6(one.target.address))
    found: dict[str, list[tuple[str, str]]] = {}
    for one in asked:
        address = one.target.address
        for flaw in [*one.seen.flaws, *login_flaws(one.target, server.logins, one.seen)]:
            code = flaw.code
            if reachable and _is_ipv6(address) and one.seen.no_connection and not one.seen.no_route:
                code = ServerCode.IPV6_BROKEN
            elif one.seen.no_route and not _is_ipv6(address):
                code = ServerCode.UNREACHABLE
            found.setdefault(code, []).append((address, flaw.seen))
    return [Flaw(code, _told(places)) for code, places in found.items()]


def _told(places: Iterable[tuple[str, str]]) -> str:
    """`ADDRESS, ADDRESS: FACT; ADDRESS: FACT`."""
    by_fact: dict[str, list[str]] = {}
    for address, fact in places:
        by_fact.setdefault(fact, []).append(address)
    return "; ".join(f"{', '.join(addresses)}: {fact}" for fact, addresses in by_fact.items())


def _is_ipv6(address: str) -> bool:
    return ":" in address
