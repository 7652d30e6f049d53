"""Sends requests as mail programs do, and follows redirects among this server's names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.check.flaw import Flaw
from autoconfig.check.own_names.codes import NameCode
from autoconfig.check.own_names.http_messages import redirect_target
from autoconfig.check.own_names.web_connections import NameExchange

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.check.own_names.addresses import Addresses
    from autoconfig.check.own_names.http_messages import WebRequest
    from autoconfig.check.own_names.web_connections import WebConnections

MOST_REDIRECTS = 5


class WebClient:
    """Asks the names of one domain."""

    def __init__(self, connections: WebConnections, addresses: Addresses, is_own: Callable[[str], bool]) -> None:
        """`is_own` says of a host whether a redirect to it is followed; no other host is connected to."""
        self._connections, self._addresses, self._is_own = connections, addresses, is_own

    async def ask(self, request: WebRequest, address: str, *, follow: bool = True) -> NameExchange:
        """Send a request to an address of its host, and follow redirects to other URLs of this server."""
        trail: list[str] = []
        while True:
            exchange = await self._connections.exchange(request, address)
            if exchange.reply is not None:
                exchange = replace(exchange, reply=replace(exchange.reply, trail=tuple(trail)))
            target = redirect_target(exchange.reply) if follow and exchange.reply is not None else ""
            host = _host(target)
            if not host or not self._is_own(host):
                return exchange
            trail.append(request.url)
            if target in trail or len(trail) > MOST_REDIRECTS:
                return NameExchange(flaws=(*exchange.flaws, Flaw(NameCode.LOOP, " → ".join([*trail, target]))))
            usable = (await self._addresses.of(host)).usable
            if not usable:
                return exchange
            address = address if host == request.host else usable[0]
            request = replace(request, url=target)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
