"""Whether files are still what they were when they were read last."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Stamp = tuple[int, int, int]
"""What changes with every other content, and with every other file of the same name."""


def stamp(path: Path) -> Stamp | None:
    """The file's stamp as it is now; `None` where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Watched:
    """Files that belong together, read anew once all have been left alone: editors and renewals save in steps."""

    def __init__(self, paths: Sequence[Path], quiet: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`quiet` is for how many seconds they have to stay the same; at least from one look to the next."""
        self._paths, self._quiet, self._clock = paths, quiet, clock
        self._seen: list[Stamp | None] = []
        self._read: list[Stamp | None] = []
        self._since = 0.0

    def due(self) -> bool:
        """Look: whether they differ from what was read last, and have been left alone."""
        stamps, now = self._stamps(), self._clock()
        if stamps != self._seen:
            self._seen, self._since = stamps, now
            return False
        return stamps != self._read and now - self._since >= self._quiet

    def note(self) -> None:
        """Call it before they are read: what changes meanwhile is due again."""
        self._read = self._stamps()

    def again(self) -> None:
        """What was read is to be read once more, after `quiet`."""
        self._read, self._since = [], self._clock()

    def _stamps(self) -> list[Stamp | None]:
        return [stamp(path) for path in self._paths]
