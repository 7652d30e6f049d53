"""
The follower's status report to the processes that serve the copy: one line of JSON in a file beside the copy.

The follower holds a lock on that file, which elects one follower per copy. Values that change every second go there and
not into the copy, because every change of the copy invalidates the page cache of all readers.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import MappingUnavailable, Refused
from autoconfig.files import created

if TYPE_CHECKING:
    from typing import IO

SIZE = 4096
"""Size of the file in bytes. It is overwritten in place with one write, which works on a full disk too."""

PROBLEM_LENGTH = 600
"""A longer problem is cut off to this many characters."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_KINDS = (int, str | None, str | None, int, int, int, float | None, float, str)
"""The types of the fields of a status."""


class Status(NamedTuple):
    """How up to date a copy is."""

    process: int = 0
    """The process id of the follower."""
    problem: str | None = None
    """Why the copy cannot be brought up to date now."""
    doing: str | None = None
    """The long step in progress, if any."""
    done: int = 0
    """Rows or pages of this step that are done."""
    of: int = 0
    """Rows or pages of this step in all."""
    last_id: int = 0
    """The id of the newest row of the copy."""
    seen: float | None = None
    """Seconds since boot at which the copy last had all rows of the store; `None`: never."""
    seen_at: float = 0.0
    """The same in Unix seconds, for use after a reboot."""
    boot: str = ""
    """The id of the boot that `seen` counts from; empty if the kernel does not tell."""

    def seen_now(self) -> Status:
        """This status with the current time: the copy has all rows of the store now."""
        return self._replace(seen=_uptime(), seen_at=time.time(), boot=_boot())

    @property
    def age(self) -> float | None:
        """Seconds since the copy had all rows, independent of changes to the wall clock; `None`: it never had."""
        if self.seen is None:
            return None
        if self.boot == _boot() and self.seen <= _uptime():
            return _uptime() - self.seen
        return max(0.0, time.time() - self.seen_at)

    def taken_over(self) -> Status:
        """
        The status with which the next follower starts.

        If the boot id is unknown (systemd's `ProcSubset=pid`), `seen` may be of an earlier boot and is computed anew.
        """
        status = self._replace(process=os.getpid(), problem=None, doing=None)
        if self.seen is None or (self.boot and self.boot == _boot()):
            return status
        return status._replace(seen=_uptime() - max(0.0, time.time() - self.seen_at), boot=_boot())

    @property
    def progress(self) -> str | None:
        """The long step in progress and how far it is."""
        return f"{self.doing}: {self.done} of {self.of}" if self.doing else None


def status_file(path: Path) -> Path:
    """The path of the status file of the copy at `path`."""
    return path.with_name(f"{path.name}.follower")


def read_status(path: Path) -> Status:
    """The last status of the copy at `path`; an empty one if the file is missing or has other content."""
    try:
        with status_file(path).open("rb") as file:
            fields = json.loads(file.read(SIZE))
        found = Status(**fields)
    except (OSError, ValueError, TypeError, RecursionError):
        return Status()
    is_ours = all(isinstance(value, kind) for value, kind in zip(found, _KINDS, strict=True))
    return found if is_ours else Status()


class StatusFile:
    """The status file, locked by the follower."""

    def __init__(self, path: Path) -> None:
        """
        Lock the file; create it if it is missing.

        Raises:
            Refused: another follower holds the lock.
            MappingUnavailable: the file cannot be created or opened.
        """
        file = status_file(path)
        try:
            with contextlib.suppress(FileExistsError):
                file.parent.mkdir(parents=True)
            with contextlib.suppress(FileExistsError):
                created(file)
            self._opened: IO[bytes] = file.open("r+b", buffering=0)
        except OSError as error:
            raise MappingUnavailable(f"{file}: {error.strerror}; may this user write there?") from error
        try:
            fcntl.flock(self._opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._opened.close()
            raise Refused(f"{path}: another follower is running; end that one first") from error
        self.status = read_status(path).taken_over()

    def write(self, status: Status) -> None:
        """Write the status. If that fails, readers see the age of the copy grow."""
        self.status = status
        problem = status.problem[:PROBLEM_LENGTH] if status.problem else None
        line = json.dumps(status._replace(problem=problem)._asdict(), ensure_ascii=False).encode()
        with contextlib.suppress(OSError):
            os.pwrite(self._opened.fileno(), line.ljust(SIZE), 0)

    def close(self) -> None:
        """Release the lock, so that another follower can start."""
        self._opened.close()


def _uptime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@cache
def _boot() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
