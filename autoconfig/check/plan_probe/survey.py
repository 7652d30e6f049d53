"""Look at all places where a domain's mail servers may be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autoconfig.check.observation import Target
from autoconfig.check.plan_probe.candidates import STANDARD, find_candidates
from autoconfig.check.plan_probe.probed_port import UnusablePort, UsablePort, judged
from autoconfig.check.server_codes import ServerCode
from autoconfig.check.tls_codes import TLSCode
from autoconfig.mail.domain import is_host_name
from autoconfig.mail.server import TLSMode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from autoconfig.check.domain_view import DomainView
    from autoconfig.check.observation import Observation
    from autoconfig.check.plan_probe.candidates import Candidates, Port
    from autoconfig.check.prober import Prober

MOST_ADDRESSES = 2
"""Addresses of one name and family that are asked."""
MOST_NAMES = 10
"""Names out of certificates that are looked at; strangers decide how many there are."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What was seen of a domain's servers."""

    domain: str
    candidates: Candidates
    usable: tuple[UsablePort, ...]
    unusable: tuple[UnusablePort, ...]
    unresolved: dict[str, str] = field(default_factory=dict)
    """Why hosts were not connected to."""


async def survey(domain: str, look_up: Callable[[], DomainView], prober: Prober, *, allow_private: bool) -> Survey:
    """
    Connect to the standard ports of each candidate, and to those that SRV records name.

    A certificate for another name makes that name a candidate too, if it leads to the same address.

    Args:
        domain: in A-labels.
        look_up: makes a view of the DNS; each is used for a short time only.
        prober: asks servers.
        allow_private: whether to connect to addresses that are not public.
    """
    view = look_up()
    candidates = await find_candidates(domain, view)
    if not candidates.heard:
        return Survey(domain, candidates, (), ())
    surveyor = _Surveyor(view, prober, candidates, allow_private=allow_private)
    await surveyor.look_at(candidates.hosts)
    named = dict.fromkeys(name for port in surveyor.unusable for name in port.names if is_host_name(name))
    surveyor.view = look_up()
    others = [name for name in named if name not in candidates.hosts][:MOST_NAMES]
    await surveyor.look_at([name for name in others if await surveyor.is_same_machine(name)], by_certificate=True)
    return Survey(domain, candidates, tuple(surveyor.usable), tuple(surveyor.unusable), surveyor.unresolved)


class _Surveyor:
    def __init__(self, view: DomainView, prober: Prober, candidates: Candidates, *, allow_private: bool) -> None:
        self.view, self._prober, self._candidates = view, prober, candidates
        self._allow_private = allow_private
        self._addresses: dict[str, tuple[str, ...]] = {}
        self._nameless: dict[Target, Observation] = {}
        """Faults that a server shows before it can know the name that it is asked for."""
        self.usable: list[UsablePort] = []
        self.unusable: list[UnusablePort] = []
        self.unresolved: dict[str, str] = {}

    async def look_at(self, hosts: Iterable[str], *, by_certificate: bool = False) -> None:
        """Look at hosts, those with the same addresses one after the other."""
        every = list(hosts)
        if by_certificate:
            self._candidates.hosts.update(dict.fromkeys(every, "a name of the certificate"))
        by_machine: dict[tuple[str, ...], list[str]] = {}
        for host, addresses in zip(every, await asyncio.gather(*map(self._resolved, every)), strict=True):
            if addresses:
                by_machine.setdefault(addresses, []).append(host)
        found = await asyncio.gather(*(self._each(addresses, same) for addresses, same in by_machine.items()))
        for one in (one for several in found for one in several):
            if isinstance(one, UsablePort):
                self.usable.append(one)
            else:
                self.unusable.append(one)

    async def is_same_machine(self, name: str) -> bool:
        """Whether a name has only addresses that were connected to already."""
        known = {address for addresses in self._addresses.values() for address in addresses}
        there = await self.view.destination(name)
        return bool(there.all) and there.all <= known

    async def _resolved(self, host: str) -> tuple[str, ...]:
        """The addresses to connect to."""
        there = await self.view.destination(host)
        addresses = there.addresses(allow_private=self._allow_private, most=MOST_ADDRESSES)
        if not addresses.usable:
            private = ", ".join(addresses.private)
            why = f"{private}: not a public address; say --allow-private to connect to it"
            self.unresolved[host] = why if private else str(there.answers[0].status)
        self._addresses[host] = addresses.usable
        return addresses.usable

    async def _each(self, addresses: tuple[str, ...], hosts: Iterable[str]) -> list[UsablePort | UnusablePort]:
        return [await self._look(host, place, addresses) for host in hosts for place in (*STANDARD, *self._named(host))]

    def _named(self, host: str) -> list[Port]:
        """The places of SRV records that are not standard ones."""
        return [place for name, place in self._candidates.services if name == host and place not in STANDARD]

    async def _look(self, host: str, place: Port, addresses: tuple[str, ...]) -> UsablePort | UnusablePort:
        every = [(address, await self._asked(host, place, address)) for address in addresses]
        codes = {flaw.code for _, seen in every for flaw in seen.flaws}
        if place.tls is TLSMode.STARTTLS and ServerCode.STARTTLS_MISSING in codes:
            return await self._look(host, place._replace(tls=TLSMode.PLAIN), addresses)
        return judged(host, place, every)

    async def _asked(self, host: str, place: Port, address: str) -> Observation:
        """Ask, unless this port is known to fail whatever the name: a silent server has as long a wait for each one."""
        target = Target(address, place.port, place.protocol, place.tls)
        if target in self._nameless:
            return self._nameless[target]
        seen = await self._prober.ask(target, host)
        codes = {flaw.code for flaw in seen.flaws}
        if seen.no_connection or (codes and seen.certificate is None and TLSCode.FAILED not in codes):
            self._nameless[target] = seen
        return seen
