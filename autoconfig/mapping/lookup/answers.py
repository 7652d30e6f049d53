"""
Cache a bounded number of a query's answers. Names with rows, names without rows, and names with unreadable rows have
separate limits, so that requests for unknown names do not evict customers' names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from autoconfig.lru import LRU
from autoconfig.mapping.timeline import NOTHING

if TYPE_CHECKING:
    from autoconfig.mapping.timeline import Row, Timeline

KNOWN = 100_000
"""Default number of names with rows; each takes about 450 bytes."""

UNKNOWN = 20_000
"""Default number of names without rows; each takes about 250 bytes."""

UNREADABLE = 1000
"""Number of names with unreadable rows."""


class Answered(NamedTuple):
    """A cached answer."""

    moment: float
    """When the database was asked, in seconds."""
    timeline: Timeline[Row]
    fault: tuple[str, str | None] | None = None
    """The problem with unreadable rows, and the column; `timeline` is then empty."""


class Answers:
    """
    The last answer for each name. Beyond the limit, the oldest answer is evicted. Popular names are renewed often, so
    they stay.
    """

    def __init__(self, known: int = KNOWN, unknown: int = UNKNOWN) -> None:
        """Keep at most `known` names with rows and `unknown` names without; both at least 1."""
        self._kept: tuple[LRU[str, Answered], ...] = (LRU(known), LRU(unknown), LRU(UNREADABLE))

    def get(self, name: str) -> Answered | None:
        """The last answer for a name, of any age; `None` if there is none."""
        known, unknown, unreadable = self._kept
        return known.get(name) or unknown.get(name) or unreadable.get(name)

    def put(self, name: str, answered: Answered) -> None:
        """Store an answer and replace the previous one."""
        for kept in self._kept:
            kept.pop(name, None)
        kind = 2 if answered.fault else 1 if answered.timeline is NOTHING else 0
        self._kept[kind].put(name, answered)

    @property
    def known(self) -> int:
        """The number of cached names with rows."""
        return len(self._kept[0])

    @property
    def unknown(self) -> int:
        """The number of cached names without rows."""
        return len(self._kept[1])
