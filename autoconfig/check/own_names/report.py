"""What is common to the checks of one domain's names: asking every address of a name, and findings without echoes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.check.finding import Finding, Severity
from autoconfig.check.own_names.codes import KINDS, NameCode
from autoconfig.check.tls_codes import TLS_KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from autoconfig.check.domain_view import NameAddresses
    from autoconfig.check.flaw import Flaw
    from autoconfig.check.own_names.addresses import Addresses
    from autoconfig.check.own_names.http_messages import WebReply, WebRequest
    from autoconfig.check.own_names.web_client import WebClient
    from autoconfig.check.own_names.web_connections import NameExchange
    from autoconfig.formats.zone import Places

    Judge = Callable[[WebReply], Flaw | None]

LONGEST_SEEN = 500
"""Characters of the fact that a finding shows."""
_KINDS = {**TLS_KINDS, **KINDS}


@dataclass(frozen=True, slots=True)
class NameScope:
    """The names that may be connected to for one domain."""

    domain: str
    places: Places
    told: Collection[str]

    def is_own(self, host: str) -> bool:
        """Whether a host is the domain, a name below it, or one of this server."""
        return host in {self.domain, self.places.host, self.places.target} or host.endswith(f".{self.domain}")


@dataclass(frozen=True, slots=True)
class NameExchanges:
    """What came of one request to all addresses of its host."""

    all: tuple[NameExchange, ...]
    flaws: tuple[Flaw, ...]
    """The faults of responses and of TLS, of all addresses."""
    good: int
    """The number of addresses that gave the right response."""

    @property
    def closed(self) -> tuple[str, ...]:
        """Why there was no connection, for each address without one."""
        return tuple(exchange.closed for exchange in self.all if exchange.closed)

    @property
    def is_closed(self) -> bool:
        """Whether there are addresses, and none accepts a connection."""
        return bool(self.all) and len(self.closed) == len(self.all)

    @property
    def has_reply(self) -> bool:
        """Whether an HTTP response came from any address."""
        return any(exchange.reply is not None for exchange in self.all)


class NameReport:
    """Asks names, and collects findings; a fault that shows twice makes one finding."""

    def __init__(self, domain: str, client: WebClient, addresses: Addresses, told: Collection[str]) -> None:
        self.domain = domain
        self._client, self._addresses, self._told = client, addresses, told
        self._found: dict[tuple[str, str], Finding] = {}

    @property
    def findings(self) -> list[Finding]:
        """All findings, in the order in which they were made."""
        return list(self._found.values())

    async def addresses_of(self, name: str) -> NameAddresses:
        """The addresses of a name."""
        return await self._addresses.of(name)

    async def is_asked(self, name: str) -> bool:
        """Whether a name is to be asked: it has addresses, and no finding about its records yet."""
        if name in self._told:
            return False
        there = await self._addresses.of(name)
        if there.private:
            self.note(name, NameCode.PRIVATE, f"{name}: {', '.join(there.private)}")
        return bool(there.usable)

    async def exchanges(self, request: WebRequest, judge: Judge, *, follow: bool = True) -> NameExchanges:
        """Send a request to each address of its host at the same time, and judge the responses."""
        there = await self._addresses.of(request.host)
        every = await asyncio.gather(*(self._client.ask(request, address, follow=follow) for address in there.usable))
        known = [exchange for exchange in every if not exchange.no_route]
        flaws: list[Flaw] = []
        good = 0
        for exchange in known:
            found = None if exchange.reply is None else judge(exchange.reply)
            good += exchange.reply is not None and found is None
            flaws += exchange.flaws if found is None else (*exchange.flaws, found)
        return NameExchanges(tuple(known), tuple(flaws), good)

    def note_all(self, server: str, flaws: Iterable[Flaw], worst: Severity = Severity.ERROR) -> None:
        """Add findings about a server."""
        for flaw in flaws:
            self.note(server, flaw.code, flaw.seen, worst)

    def note(self, server: str, code: str, seen: str, worst: Severity = Severity.ERROR) -> None:
        """Add a finding, unless there is one with this code about this server. `worst` is its greatest severity."""
        kind = _KINDS[code]
        severity = max(kind.severity, worst, key=list(Severity).index)
        shown = seen if len(seen) <= LONGEST_SEEN else f"{seen[:LONGEST_SEEN]}..."
        self._found.setdefault((code, server), Finding(code, kind, self.domain, server, shown, severity))

    def note_closed(self, server: str, *several: NameExchanges) -> None:
        """Add the finding that some addresses of a server accept no connection, and others do."""
        closed = [reason for exchanges in several if not exchanges.is_closed for reason in exchanges.closed]
        if closed:
            self.note(server, NameCode.ADDRESS_BROKEN, "; ".join(dict.fromkeys(closed)))
