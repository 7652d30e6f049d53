"""Log lines that strangers can cause: one at once, and after that a count each minute."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

PERIOD = 60.0
"""Seconds between two lines with the same key."""
MOST_KEYS = 64
"""Keys with a count of their own; all others share one."""


class Count(NamedTuple):
    """Lines with one key that were counted instead of written."""

    key: Hashable
    times: int
    example: object
    """The example given with the latest of them."""


class LineCounts:
    """Decide which of many lines are written, and count the others. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds and never goes back."""
        self._clock, self._lock = clock, threading.RLock()
        self._written: dict[Hashable, float] = {}
        self._held: dict[Hashable, Count] = {}

    def admit(self, key: Hashable, example: object = None) -> bool:
        """Return whether to write a line with this key now; if not, count it."""
        with self._lock:
            if key not in self._written and len(self._written) >= MOST_KEYS:
                key = None
            now, written = self._clock(), self._written.get(key)
            if key not in self._held and (written is None or now - written >= PERIOD):
                self._written[key] = now
                return True
            before = self._held.get(key)
            self._held[key] = Count(key, before.times + 1 if before else 1, example)
            return False

    def due(self, *, at_once: bool = False) -> list[Count]:
        """Take the counts whose period is over; with `at_once` all of them."""
        with self._lock:
            now = self._clock()
            over = [key for key in self._held if at_once or now - self._written[key] >= PERIOD]
            self._written.update(dict.fromkeys(over, now))
            return [self._held.pop(key) for key in over]
