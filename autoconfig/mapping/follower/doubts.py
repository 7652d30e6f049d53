"""
Decide when to believe a store that contradicts the copy. A standby may be far behind its primary, and a primary may
just have been reset: neither takes back rows at once that are served already.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from autoconfig.mapping.follower.copy_file import CopyFile

PATIENCE = 60.0
"""Seconds after which a primary is believed that has fewer rows than the copy."""

REPLACED = 3.0
"""Seconds after which a standby with another history is believed, if no primary is known."""

BEHIND = "the store does not have its last row"
"""The only reason that may be temporary."""


class Doubts:
    """What is doubted, and since when by the monotonic clock."""

    def __init__(self, store: str) -> None:
        """`store` is the store that is read, as `Origin.source` names it."""
        self._store = store
        self._behind_since: float | None = None
        self._doubted: tuple[str, float] | None = None
        """The other generation that a standby has, and since when."""

    def end(self) -> None:
        """Forget all doubts: copy and store agree, or the store was believed."""
        self._behind_since = self._doubted = None

    def about(self, copy: CopyFile, reason: str, generation: str, *, standby: bool) -> str | None:
        """
        Why the copy is kept for now although it contradicts the store for `reason`; `None`: the store is believed.

        `generation` is the store's current one.
        """
        now = time.monotonic()
        if not standby:
            self._doubted = None
            if self._behind_since is None:
                self._behind_since = now
            if reason == BEHIND and now - self._behind_since < PATIENCE:
                return f"{reason}; the store is believed if this lasts {PATIENCE:.0f} seconds"
            return None
        self._behind_since = None
        if not self._may_be_newer(copy, generation):
            self._doubted = None
            return f"a standby answers, and {reason}; waiting for it or its primary: is the primary up?"
        if self._doubted is None or self._doubted[0] != generation:
            self._doubted = generation, now
        if now - self._doubted[1] < REPLACED:
            return f"a standby answers, and {reason}; it is believed if this lasts {REPLACED:.0f} seconds"
        return None

    def _may_be_newer(self, copy: CopyFile, generation: str) -> bool:
        """Whether a standby may have a newer history, from a restore on a primary that the URL does not name."""
        origin = copy.origin
        if copy.generation == generation:
            return False
        return origin.source != self._store or not (origin.primary_seen or generation in origin.left)
