"""Notice that files changed since they were last read."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Stamp = tuple[int, int, int]
"""Modification time, size and inode: they change when the content or the file behind a name changes."""


def stamp(path: Path) -> Stamp | None:
    """The file's current stamp; `None` if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


class Watched:
    """Files that belong together, read again once none has changed for a while: editors and renewals save in steps."""

    def __init__(self, paths: Sequence[Path], quiet: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`quiet` is for how many seconds they must stay the same, at least from one look to the next."""
        self._paths, self._quiet, self._clock = paths, quiet, clock
        self._seen: list[Stamp | None] = []
        self._read: list[Stamp | None] = []
        self._since = 0.0

    def due(self) -> bool:
        """Look at the files: return whether they differ from what was last read and have settled since."""
        stamps, now = self._stamps(), self._clock()
        if stamps != self._seen:
            self._seen, self._since = stamps, now
            return False
        return stamps != self._read and now - self._since >= self._quiet

    def note(self) -> None:
        """Remember the current stamps. Call it before reading, so that a change during the reading is due again."""
        self._read = self._stamps()

    def again(self) -> None:
        """Make the files due again after `quiet`."""
        self._read, self._since = [], self._clock()

    def _stamps(self) -> list[Stamp | None]:
        return [stamp(path) for path in self._paths]
