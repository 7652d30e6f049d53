"""One HTTP exchange with the very address that was judged, over TLS or not, within limits of time and octets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.check.flaw import Flaw
from autoconfig.check.own_names.codes import NameCode
from autoconfig.check.own_names.http_messages import ReplyInvalid, is_complete, parsed_reply
from autoconfig.check.step_clock import StepClock
from autoconfig.check.stream import Stream, StreamEnd, StreamFailed
from autoconfig.check.tls_codes import TLSCode
from autoconfig.check.tls_verdict import flaws_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.check.own_names.http_messages import WebReply, WebRequest
    from autoconfig.check.own_names.web_ports import WebPorts
    from autoconfig.check.tls_handshake import Handshake, Trust


@dataclass(frozen=True, slots=True)
class NameExchange:
    """What came of one request to one address."""

    reply: WebReply | None = None
    """The response; without one, the flaws say why, or `closed` does."""
    flaws: tuple[Flaw, ...] = ()
    """What is wrong with TLS or with the redirects, whether there is a response or not."""
    closed: str = ""
    """Why there was no connection; empty if there was one."""
    no_route: bool = False
    """Whether this machine cannot reach addresses of that family at all, so that nothing is known."""


_CLIENTS_GO_ON = frozenset({TLSCode.EXPIRES_SOON, TLSCode.TOO_OLD, TLSCode.WEAK_KEY, TLSCode.WEAK_SIGNATURE})
"""Flaws that not every program refuses a server for."""


class WebConnections:
    """Makes connections; an address and port without an answer is tried once."""

    def __init__(self, trust: Trust, timeout: float, ports: WebPorts, site: Sequence[str]) -> None:
        """
        `timeout`: seconds for each of connecting, TLS and the response.

        `site`: the names of the domain's web site, whose certificate is often presented for other names too.
        """
        self._trust, self._timeout, self._ports, self._site = trust, timeout, ports, site
        self._dead: dict[tuple[str, int], NameExchange] = {}

    async def exchange(self, request: WebRequest, address: str) -> NameExchange:
        """Send one request to an address of the request's host, and read the response."""
        port = self._port(request)
        if (address, port) in self._dead:
            return self._dead[address, port]
        at = f"{f'[{address}]' if ':' in address else address}:{port}"
        try:
            async with Stream.opened(address, port, StepClock(self._timeout)) as stream:
                return await self._exchange(stream, request, at)
        except StreamFailed as error:
            exchange = NameExchange(closed=f"{at}: {error}", no_route=error.end is StreamEnd.NO_ROUTE)
            self._dead[address, port] = exchange
            return exchange

    async def _exchange(self, stream: Stream, request: WebRequest, at: str) -> NameExchange:
        flaws: tuple[Flaw, ...] = ()
        if request.secure:
            try:
                async with stream.step():
                    handshake = await stream.start_tls(request.host, self._trust)
            except StreamFailed as error:
                code = TLSCode.NO_TLS if error.end is StreamEnd.NO_TLS else TLSCode.FAILED
                return NameExchange(flaws=(Flaw(code, f"{at}: {error}"),))
            flaws = tuple(self._flaws(handshake, request.host, at))
            if any(flaw.code not in _CLIENTS_GO_ON for flaw in flaws):
                return NameExchange(flaws=flaws)
        try:
            reply = parsed_reply(request.url, await _received(stream, request))
        except (StreamFailed, ReplyInvalid) as error:
            return NameExchange(flaws=(*flaws, Flaw(NameCode.NO_ANSWER, f"{request.url} ({at}): {error}")))
        return NameExchange(reply, flaws)

    def _flaws(self, handshake: Handshake, host: str, at: str) -> list[Flaw]:
        """As for any server, but a wrong name has a remedy of its own here: certificates follow our names."""
        of_site = any(handshake.leaf.covers(name) for name in self._site)
        wrong_name = NameCode.SITE_CERTIFICATE if of_site else NameCode.OTHER_CERTIFICATE
        return [
            Flaw(wrong_name if code == TLSCode.WRONG_NAME else code, f"{at}: {seen}")
            for code, seen in flaws_of(handshake, host)
        ]

    def _port(self, request: WebRequest) -> int:
        if request.port != (443 if request.secure else 80):
            return request.port
        return self._ports.https if request.secure else self._ports.http


async def _received(stream: Stream, request: WebRequest) -> bytes:
    received = b""
    async with stream.step():
        await stream.send(request.octets())
        while not is_complete(received) and (more := await stream.some()):
            received += more
    return received
