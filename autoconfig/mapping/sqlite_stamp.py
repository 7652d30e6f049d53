"""
Detect that a SQLite mapping file was replaced, or overwritten by something other than SQLite.

SQLite does not detect this: a process that has the file open uses the pages in its memory, and applies the log of the
old database to the pages of the new one. In WAL mode, only a checkpoint writes to the file itself, and it records that
in the index beside the log (https://www.sqlite.org/walformat.html, section 2.2).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.mapping.sqlite_file import beside

if TYPE_CHECKING:
    from pathlib import Path

_HEADER = 136
"""Size in bytes of the index header, which all readers share."""
_SALTS, _COPIED, _BEING_COPIED = slice(32, 40), slice(96, 100), slice(128, 132)
"""Which log it is, how many of its frames are in the file, and the frame up to which a checkpoint tried to copy."""


class Stamp(NamedTuple):
    """The state of a mapping file at one moment."""

    inode: tuple[int, int]
    content: tuple[int, int]
    """Time of the last change in nanoseconds, and size in bytes."""
    checkpoints: bytes
    """Different after each checkpoint; empty if there is no log."""

    def overwritten_since(self, before: Stamp | None) -> bool:
        """Whether the same file has changed without a known checkpoint."""
        return (
            before is not None
            and before.inode == self.inode
            and before.content != self.content
            and (before.checkpoints == self.checkpoints or not before.checkpoints or not self.checkpoints)
        )


class StampReader:
    """
    Reads the stamps of one file.

    It keeps the index open. A process that closes any descriptor of a file loses all its locks on that file (POSIX;
    https://www.sqlite.org/howtocorrupt.html, section 2.2), and SQLite's readers have theirs on the index: without them
    a checkpoint writes over what is being read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode: tuple[int, int] | None = None
        self._descriptor: int | None = None
        self._previous: int | None = None
        """Of an index that was removed, which a connection may still use; closed after the next change."""

    def read(self) -> Stamp | None:
        """The stamp of the file as it is now; `None` if there is no file."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        header = self._index_header()
        checkpoints = header[_SALTS] + header[_COPIED] + header[_BEING_COPIED]
        return Stamp((status.st_dev, status.st_ino), (status.st_mtime_ns, status.st_size), checkpoints)

    def close(self) -> None:
        """Close the index. Close all connections to the file before."""
        for descriptor in (self._descriptor, self._previous):
            if descriptor is not None:
                os.close(descriptor)
        self._inode = self._descriptor = self._previous = None

    def _index_header(self) -> bytes:
        index = beside(self._path, "-shm")
        try:
            status = index.stat()
            if (status.st_dev, status.st_ino) != self._inode:
                self._keep(os.open(index, os.O_RDONLY | os.O_CLOEXEC))
        except OSError:
            return b""
        return b"" if self._descriptor is None else os.pread(self._descriptor, _HEADER, 0)

    def _keep(self, descriptor: int) -> None:
        if self._previous is not None:
            os.close(self._previous)
        self._previous, self._descriptor = self._descriptor, descriptor
        status = os.fstat(descriptor)
        self._inode = status.st_dev, status.st_ino
