"""
What all workers of a server have counted, each in a file of its own in the state folder.

A worker takes the first slot that no living process holds, and goes on from what stands there: what a dead worker
wrote down is never lost, and there are never more files than there were workers at once. It writes once a second and at
its end; of one that is killed outright the last second is missing. A lock says who lives; the kernel lets go of it with
the process.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
from collections import Counter
from time import sleep
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.log import logger

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SLOTS = 1024
"""How many workers may share a state folder."""

LOOKS = 100
"""How often a slot is tried, a millisecond apart, that nobody holds and somebody only looks at."""


class Worker(NamedTuple):
    """A living process, and how it is."""

    slot: int
    gauges: Mapping[str, float]


class Total(NamedTuple):
    """All workers together."""

    counts: Mapping[str, int]
    """The sums, of dead workers too."""
    workers: list[Worker]
    """Those that live, by slot."""


class Ledger:
    """This process's file, and a look at those of the others. Every method may block on the disk."""

    def __init__(self, folder: Path) -> None:
        """Nothing is made before something is written."""
        self._folder = folder
        self._turn = threading.Lock()
        self._slot, self._lock = -1, -1
        self._before: Mapping[str, int] = {}
        self._written = ""
        self._told = False

    def write(self, counts: Mapping[str, int], gauges: Mapping[str, float]) -> None:
        """Write down what this process has counted. When the folder begins to be of no use, a log line says so."""
        with self._turn:
            try:
                if self._lock < 0:
                    self._take_slot()
                self._write(counts, gauges)
                self._told = False
            except OSError as error:
                if not self._told:
                    self._told = True
                    logger().warning(_NO_SLOT if self._lock < 0 else _NOT_WRITTEN, problem=str(error))

    def total(self, counts: Mapping[str, int], gauges: Mapping[str, float]) -> Total:
        """All workers together, with these numbers as this process's own."""
        self.write(counts, gauges)
        if self._lock < 0:
            return Total(counts, [Worker(0, gauges)])
        summed: Counter[str] = Counter()
        workers = []
        for slot in self._slots():
            if slot == self._slot:  # from here, for it may be that nothing can be written
                summed.update(self._whole(counts))
                workers.append(Worker(slot, gauges))
                continue
            written = _read(self._file(slot))
            summed.update(written.counts)
            if self._held(slot):
                workers.append(Worker(slot, written.gauges))
        return Total({name: summed[name] for name in counts}, workers)

    def close(self, counts: Mapping[str, int]) -> None:
        """Write down the last counts, if any were written before, and leave the slot to another process."""
        if self._lock >= 0:
            self.write(counts, {})
            os.close(self._lock)
            self._lock = -1

    def _take_slot(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        for slot in range(SLOTS):
            lock = os.open(self._folder / f"{slot}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if not _taken(lock):
                os.close(lock)
                continue
            self._slot, self._lock = slot, lock
            self._before = _read(self._file(slot)).counts
            return
        raise OSError(f"{self._folder}: all {SLOTS} places are taken")

    def _write(self, counts: Mapping[str, int], gauges: Mapping[str, float]) -> None:
        text = json.dumps({"counts": self._whole(counts), "gauges": dict(gauges)})
        if text != self._written:
            # Not by `files.replacing`: a worker that is killed here would leave a file each time, and this name is
            # written over by the next one in the slot. Nobody else writes it, and it need not outlive a power cut.
            new = self._folder / f"{self._slot}.new"
            new.write_text(text, encoding="ascii")
            new.replace(self._file(self._slot))  # a reader sees all of it, or all of what was before
            self._written = text

    def _whole(self, counts: Mapping[str, int]) -> dict[str, int]:
        """With what was counted at this slot before."""
        return {name: count + self._before.get(name, 0) for name, count in counts.items()}

    def _slots(self) -> Iterator[int]:
        return (slot for slot in range(SLOTS) if slot == self._slot or self._file(slot).exists())

    def _held(self, slot: int) -> bool:
        """Whether the process of this slot lives."""
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(self._folder / f"{slot}.lock", os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # two that look do not see each other
            except BlockingIOError:
                return True
            finally:
                os.close(lock)
        return False

    def _file(self, slot: int) -> Path:
        return self._folder / f"{slot}.json"


_NO_SLOT = "metrics are of one worker only: the state folder cannot be used"
_NOT_WRITTEN = "metrics of this worker are not told to the others: the state folder cannot be written to"


def _taken(lock: int) -> bool:
    """Take a slot, unless a living process holds it; whoever only looks is waited for."""
    for _ in range(LOOKS):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        fcntl.flock(lock, fcntl.LOCK_UN)
        sleep(0.001)
    return False


class _Written(NamedTuple):
    counts: Mapping[str, int]
    gauges: Mapping[str, float]


def _read(file: Path) -> _Written:
    """What stands in a file; nothing where it is not whole, as after a crash of the machine."""
    try:
        found = json.loads(file.read_text(encoding="ascii"))
        return _Written(
            {str(name): int(count) for name, count in found["counts"].items()},
            {str(name): float(value) for name, value in found["gauges"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _Written({}, {})
