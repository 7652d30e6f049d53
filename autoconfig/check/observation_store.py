"""Where a prober keeps what servers showed, so that each is asked once for each name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from autoconfig.check.observation import Observation, Target
    from autoconfig.check.tls_handshake import Handshake


class BareObservation(NamedTuple):
    """The result of one handshake without a name."""

    shown: Handshake | str | None
    """The handshake, or why it failed; `None`: the server could not be asked."""


class ObservationStore(Protocol):
    """Keeps what servers showed."""

    def find(self, target: Target, name: str) -> Observation | None:
        """Return what a server showed under a name, if it was asked."""
        ...

    def keep(self, target: Target, name: str, seen: Observation) -> None:
        """Keep what a server showed under a name."""
        ...

    def find_bare(self, target: Target) -> BareObservation | None:
        """Return what a server showed to a client without SNI, if it was asked."""
        ...

    def keep_bare(self, target: Target, observation: BareObservation) -> None:
        """Keep what a server showed to a client without SNI."""
        ...


class ObservationsInMemory:
    """Keeps them until the process ends."""

    def __init__(self) -> None:
        self._seen: dict[tuple[Target, str], Observation] = {}
        self._bare: dict[Target, BareObservation] = {}

    def find(self, target: Target, name: str) -> Observation | None:
        """Return what a server showed under a name, or `None`."""
        return self._seen.get((target, name))

    def keep(self, target: Target, name: str, seen: Observation) -> None:
        """Keep what a server showed under a name."""
        self._seen[target, name] = seen

    def find_bare(self, target: Target) -> BareObservation | None:
        """Return what a server showed without SNI, or `None`."""
        return self._bare.get(target)

    def keep_bare(self, target: Target, observation: BareObservation) -> None:
        """Keep what a server showed without SNI."""
        self._bare[target] = observation
