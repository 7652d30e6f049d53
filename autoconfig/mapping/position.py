"""
How far this node has seen the mapping, kept over restarts: a node that starts while the primary is down must not go
back behind it on a standby.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from autoconfig.mapping.sources.source import Position

if TYPE_CHECKING:
    from collections.abc import Callable

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
        return Position(generation, last_id)

    def keep(self, position: Position) -> None:
        """
        Write it, whole or not at all, unless that was done seconds ago. Where another process of this node has seen
        more of the same history, that stays.
        """
        now = self._clock()
        if position == self._written or now < self._next:
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
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=NAME)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                    json.dump(position._asdict(), file)
                Path(name).replace(self._path)
            except OSError:
                Path(name).unlink()
                raise
