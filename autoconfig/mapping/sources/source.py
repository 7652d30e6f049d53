"""What a mapping that is asked over a network gives, and what each engine's connection has to be able to do for it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.mapping.timeline import Row


class Position(NamedTuple):
    """How far an answer goes: it knows every row of its history up to an id, and none beyond."""

    generation: str
    """Which history it is (`mapping_state`); drawn anew when the history is replaced."""
    last_id: int
    """The highest id, 0 where there is no row. Ids grow in commit order, so a lower one means: less is known."""
    row: str | None = None
    """A digest of the row with that id (`digest_of`), where it was read."""

    def follows(self, other: Position | None) -> bool:
        """Whether this is no step back from `other`, as far as that can be seen."""
        if other is None:
            return True
        if self.generation != other.generation or self.last_id < other.last_id:
            return False
        return self.last_id > other.last_id or self.row is None or other.row is None or self.row == other.row


def digest_of(name: str, row: Row) -> str:
    """Tells a row from another one that was given the same id."""
    return hashlib.sha256(json.dumps([name, *row]).encode()).hexdigest()


class State(NamedTuple):
    """What a host says of itself."""

    position: Position
    standby: bool
    """It follows another host, and may be behind."""


class Found(NamedTuple):
    """The rows of one name in order of (valid_from, id): the one that held at the moment asked for, and all later."""

    state: State
    rows: Sequence[Row]


class Changes(NamedTuple):
    """Rows beyond an id with their names, in order of ids."""

    state: State
    rows: Sequence[tuple[str, Row]]


class Session(Protocol):
    """One connection to one host. One question at a time; what is answered comes from one snapshot."""

    async def state(self) -> State:
        """
        See what the host has, and that this release can use it.

        Raises:
            MappingUnavailable: it does not answer.
            ConfigurationInvalid: it is no mapping database, or its schema is of another release.
        """
        ...

    async def rows_of(self, name: str, moment: int) -> Found:
        """The rows of a name from the one that held at `moment` (Unix seconds) on. Raises: MappingUnavailable."""
        ...

    async def rows_after(self, identity: int, limit: int) -> Changes:
        """At most `limit` rows with a higher id. Raises: MappingUnavailable."""
        ...

    async def in_use(self, plans: frozenset[str], now: int) -> frozenset[str]:
        """Those of `plans` that a row uses that holds `now` or later. Raises: MappingUnavailable."""
        ...

    def close(self) -> None:
        """Let the connection go, without waiting for anybody."""
        ...


class Source(Protocol):
    """A mapping that tells of its changes (`sources.hosts`). It asks; it remembers no names."""

    async def start(self, seen: Position | None) -> Position:
        """
        Find a host that can be read, none that is behind `seen`; where it stands.

        Raises:
            MappingUnavailable: there is none.
            ConfigurationInvalid: a host answers, and has no mapping that this release can use.
        """
        ...

    async def look(self, seen: Position) -> Position:
        """
        See how the hosts are, and choose which is read from now on; where it stands. A position that does not follow
        `seen` means that the history was replaced.

        Raises:
            MappingUnavailable, ConfigurationInvalid: as `start`.
        """
        ...

    async def rows_of(self, name: str, moment: int, seen: Position) -> Found:
        """
        The rows of a name, never from a host that is behind `seen`; it may have another history.

        Raises:
            MappingUnavailable: no such host answered in time; at once where none is known to.
        """
        ...

    async def rows_after(self, identity: int, limit: int, seen: Position) -> Changes:
        """At most `limit` rows with a higher id, from a host as for `rows_of`. Raises: MappingUnavailable."""
        ...

    async def in_use(self, plans: frozenset[str], now: int) -> frozenset[str]:
        """See `Session.in_use`."""
        ...

    async def close(self) -> None:
        """Give all connections back."""
        ...
