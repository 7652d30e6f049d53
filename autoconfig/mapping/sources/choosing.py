"""
Which of several hosts is read, by what each of them said of itself last: one that is not behind what was seen, a
primary before a standby. The same rules say whether an answer counts that a host gave since then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from autoconfig.errors import ConfigurationInvalid, MappingUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from autoconfig.errors import AutoconfigError
    from autoconfig.mapping.sources.source import Position, State

REPLACED = 3.0
"""
Seconds for which a primary has to be behind before its history is taken for another one; likewise for standbys without
a primary, which all have another one than was seen.
"""


class Candidate(Protocol):
    """A host, and what is known of it."""

    @property
    def name(self) -> str:
        """As errors show it."""
        ...

    @property
    def state(self) -> State | None:
        """What it said last; `None`: it does not answer."""
        ...

    @property
    def fault(self) -> AutoconfigError | None:
        """Why it does not answer."""
        ...

    @property
    def primary(self) -> bool:
        """Whether it was one when it answered last."""
        ...


AnyHost = TypeVar("AnyHost", bound=Candidate)


class Choosing:
    """Chooses, again and again: what looks like another history is believed only if it does for some seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` counts seconds."""
        self._clock = clock
        self._doubted_since: float | None = None
        self._believed: str | None = None

    @property
    def doubting(self) -> bool:
        """Whether time alone may make the next choice another one."""
        return self._doubted_since is not None

    def choose(self, hosts: Sequence[AnyHost], seen: Position | None, *, patient: bool = True) -> AnyHost | None:
        """
        The host that knows most and is not behind: a primary before a standby, of equals the first. A primary's word
        counts at once where it is not `patient`.
        """
        states = {host: host.state for host in hosts if host.state is not None}
        good = [host for host, state in states.items() if state.position.follows(seen)]
        primaries = {host: state for host, state in states.items() if not state.standby}
        if not primaries.keys().isdisjoint(good):
            self._doubted_since = None
        elif primaries:
            good = self._replaced(primaries, seen, patient=patient) or good
        else:
            gone = any(host.primary for host in hosts)  # of those that answer none is one
            good = self._orphans(states, seen, gone=gone) or good
        return max(good, key=lambda host: _rank(states[host]), default=None)

    def usable(self, state: State, seen: Position) -> bool:
        """Whether an answer counts: not behind what was seen; a primary's also after its history was replaced."""
        generation = state.position.generation
        believed = not state.standby or generation == self._believed
        return state.position.follows(seen) or (believed and generation != seen.generation)

    def _replaced(self, primaries: Mapping[AnyHost, State], seen: Position | None, *, patient: bool) -> list[AnyHost]:
        """
        The primaries with another history: of another generation, or without rows that were seen. The second is
        believed after some seconds only: where several servers are primaries, one may be behind for a moment.
        """
        others = [host for host, state in primaries.items() if seen and state.position.generation != seen.generation]
        if others or not patient:
            self._doubted_since = None
            return others or [*primaries]
        return [*primaries] if self._doubted() else []

    def _orphans(self, standbys: Mapping[AnyHost, State], seen: Position | None, *, gone: bool) -> list[AnyHost]:
        """
        The standbys where no primary answers, if all have the same other generation for some seconds: their primary,
        which perhaps no URL names, was given it. Not while a host is `gone` that was a primary: they may lag behind it.
        """
        generations = {state.position.generation for state in standbys.values()}
        if seen is None or len(generations) != 1 or seen.generation in generations or gone:
            self._doubted_since = None
            return []
        if not self._doubted():
            return []
        (self._believed,) = generations
        return [*standbys]

    def _doubted(self) -> bool:
        """Whether that is so for long enough."""
        if self._doubted_since is None:
            self._doubted_since = self._clock()
        return self._clock() - self._doubted_since >= REPLACED


def why_none(hosts: Sequence[Candidate], seen: Position | None, waited: float) -> AutoconfigError:
    """Why none of the hosts is read, which had `waited` seconds to answer: the fault of each."""
    faults = [host.fault for host in hosts if host.fault is not None]
    faults.extend(behind(host.name, host.state, seen) for host in hosts if host.state is not None)
    if len(faults) == 1:
        return faults[0]
    text = "; ".join(map(str, faults)) or f"no answer within {waited:.1f} seconds"
    invalid = bool(faults) and all(isinstance(fault, ConfigurationInvalid) for fault in faults)
    return ConfigurationInvalid(text) if invalid else MappingUnavailable(text)


def behind(name: str, state: State, seen: Position | None) -> MappingUnavailable:
    """Why a host that answers is not read."""
    if seen is not None and state.position.generation != seen.generation:
        return MappingUnavailable(
            f"{name}: is a standby, and has another history of the mapping than was seen already; it is read when all"
            f" standbys have had that for {REPLACED:.0f} seconds, or have caught up with their primary: is that up?"
        )
    return MappingUnavailable(f"{name}: is behind what was seen already; it is read again when it has caught up")


def _rank(state: State) -> tuple[bool, int]:
    return not state.standby, state.position.last_id
