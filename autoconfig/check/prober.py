"""Asks servers, each once for each name that is announced on it, and keeps what it saw."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from autoconfig.check.observation import Observation
from autoconfig.check.observation_store import BareObservation, ObservationsInMemory
from autoconfig.check.probe import Probe, bare_handshake
from autoconfig.check.step_clock import StepClock
from autoconfig.check.tls_verdict import sni_flaw
from autoconfig.mail.server import TLSMode
from autoconfig.single_flight import SingleFlight

if TYPE_CHECKING:
    from autoconfig.check.observation import Target
    from autoconfig.check.observation_store import ObservationStore
    from autoconfig.check.probe import Attempt
    from autoconfig.check.tls_handshake import Trust
    from autoconfig.check.turns import Turns


class Prober:
    """Servers and what they show. Every question to the same server under the same name is one connection."""

    def __init__(self, trust: Trust, turns: Turns, limit: float, store: ObservationStore | None = None) -> None:
        """
        Ask nothing yet.

        Args:
            trust: the roots of certificates.
            turns: when to connect to which address.
            limit: seconds for each step; asking a server takes at most three of them.
            store: what was seen before, and where what is seen is kept; without it, in memory.
        """
        self._trust, self._turns, self._limit = trust, turns, limit
        self._store: ObservationStore = store or ObservationsInMemory()
        self._asking = SingleFlight[Observation]()

    async def ask(self, target: Target, name: str) -> Observation:
        """Return what a server shows to a client that knows it by a name."""
        key = target, name
        asking = self._asking.get(key)
        if asking is None:
            if (seen := self._store.find(target, name)) is not None:
                return seen
            asking = self._asking.start(key, self._observe_and_keep(target, name))
        return await asking

    async def log_in(self, target: Target, name: str, attempt: Attempt) -> Observation:
        """Connect anew, and try something where clients log in, unless there is a flaw."""
        async with self._turns.at(target.address):
            return await Probe(target, name, self._trust, StepClock(self._limit)).observe(attempt)

    async def _observe_and_keep(self, target: Target, name: str) -> Observation:
        seen = await self._observe(target, name)
        self._store.keep(target, name, seen)
        return seen

    async def _observe(self, target: Target, name: str) -> Observation:
        clock = StepClock(self._limit)
        probe = Probe(target, name, self._trust, clock)
        async with self._turns.at(target.address):
            seen = await probe.observe()
            if seen.flaws or probe.shake is None or probe.shake.name is None or target.tls is TLSMode.PLAIN:
                return seen
            bare = (await self._without_name(target, clock)).shown
        flaw = sni_flaw(probe.shake, bare, name) if bare is not None else None
        return replace(seen, flaws=(flaw,)) if flaw else seen

    async def _without_name(self, target: Target, clock: StepClock) -> BareObservation:
        """
        What a client without SNI sees: asked once for each server, and only in time that is left.

        It is asked in the turn of the first name: what was seen under that name need not wait for all other names.
        """
        if (observation := self._store.find_bare(target)) is None:
            await self._turns.again_at(target.address)
            observation = BareObservation(await bare_handshake(target, self._trust, clock))
            self._store.keep_bare(target, observation)
        return observation
