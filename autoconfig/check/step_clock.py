"""The time that asking one server may take: a limit for each step, and one for all of them."""

from __future__ import annotations

import time

STEPS = 3
"""A server may take this many times the limit of a step, however many steps it makes of it."""


class StepClock:
    """Counts the seconds left for one server. Time in which nothing is asked, such as a turn's wait, is not counted."""

    def __init__(self, limit: float) -> None:
        """`limit`: seconds that a step may take."""
        self._limit, self._left = limit, STEPS * limit

    @property
    def next_limit(self) -> float:
        """Seconds that the next step may take; 0 if all time is used up."""
        return max(0.0, min(self._limit, self._left))

    def start(self) -> float:
        """Begin a step; give what this returns to `stop`."""
        return time.monotonic()

    def stop(self, started: float) -> None:
        """End a step."""
        self._left -= time.monotonic() - started
