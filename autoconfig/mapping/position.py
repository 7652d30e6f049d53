"""
How far this node has seen the mapping, kept over restarts: a node that starts while the primary is down must not go
back behind it on a standby.
"""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING

from autoconfig.files import replacing
from autoconfig.mapping.sources.source import Position

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = "mapping-position.json"

_EVERY = 3.0  # seconds between two writes
_MAX = 4096  # characters of a file that is read


class PositionFile:
    """The file in the state folder. Serving goes on without it; the folder may be read-only."""

    def __init__(self, state_dir: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds."""
        self._path, self._clock = state_dir / NAME, clock
        self._written: Position | None = None
        self._next = 0.0

    def read(self) -> Position | None:
        """What was kept, `None` where there is nothing of use."""
        try:
            with self._path.open(encoding="utf-8") as file:
                kept = json.loads(file.read(_MAX))
        except (OSError, ValueError, RecursionError):
            return None
        if not isinstance(kept, dict):
            return None
        generation, last_id = kept.get("generation"), kept.get("last_id")
        if not isinstance(generation, str) or type(last_id) is not int:
            return None
        row = kept.get("row")  # earlier releases wrote none
        return Position(generation, last_id, row if isinstance(row, str) else None)

    def keep(self, position: Position, *, at_once: bool = False) -> None:
        """
        Write it, whole or not at all; unless `at_once` is said, not where that was done seconds ago. Where another
        process of this node has seen more of the same history, that stays.
        """
        now = self._clock()
        if position == self._written or (now < self._next and not at_once):
            return
        self._next = now + _EVERY
        kept = self.read()
        if kept is None or position.follows(kept) or kept.generation != position.generation:
            self.replace(position)

    def replace(self, position: Position) -> None:
        """Write it, whatever was kept: the history was replaced."""
        self._written = position
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # Requests do not wait for the disk: what a power cut takes is written again in seconds.
            with replacing(self._path, lasting=False) as fresh:
                fresh.write_text(json.dumps(position._asdict()), encoding="utf-8")
