"""
The counters of all workers of a server, each in a file of its own in the state folder.

A worker takes the first slot that no living process holds, and continues from the counts there: those of a dead worker
are never lost, and there are never more files than there were workers at once. A worker writes once a second and at its
end; the last second of a killed one is missing. A lock shows that a worker lives; the kernel releases it with the
process.
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
"""How often, a millisecond apart, a free slot is tried that another process only inspects."""


class WorkerState(NamedTuple):
    """A living process and its gauges."""

    slot: int
    gauges: Mapping[str, float]


class Totals(NamedTuple):
    """All workers together."""

    counts: Mapping[str, int]
    """The sums, of dead workers too."""
    workers: list[WorkerState]
    """The living ones, by slot."""


class CounterFile:
    """This process's file, which also reads those of the others. Every method may block on the disk."""

    def __init__(self, folder: Path) -> None:
        """Create nothing before the first write."""
        self._folder = folder
        self._turn = threading.Lock()
        self._slot, self._lock = -1, -1
        self._before: Mapping[str, int] = {}
        self._written = ""
        self._told = False

    def write(self, counts: Mapping[str, int], gauges: Mapping[str, float]) -> None:
        """Write down the counts of this process. If that begins to fail, log it."""
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

    def total(self, counts: Mapping[str, int], gauges: Mapping[str, float]) -> Totals:
        """All workers together, with these values for this process."""
        self.write(counts, gauges)
        if self._lock < 0:
            return Totals(counts, [WorkerState(0, gauges)])
        summed: Counter[str] = Counter()
        workers = []
        for slot in self._slots():
            if slot == self._slot:  # not from the file, which may not be writable
                summed.update(self._whole(counts))
                workers.append(WorkerState(slot, gauges))
                continue
            written = _read(self._file(slot))
            summed.update(written.counts)
            if self._held(slot):
                workers.append(WorkerState(slot, written.gauges))
        return Totals({name: summed[name] for name in counts}, workers)

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
            # Not by `files.replacing`: a worker that is killed here would leave another file each time, while this one
            # is overwritten by the next worker in the slot. It has one writer, and need not survive a power cut.
            new = self._folder / f"{self._slot}.new"
            new.write_text(text, encoding="ascii")
            new.replace(self._file(self._slot))  # a reader sees all of the new file or all of the old one
            self._written = text

    def _whole(self, counts: Mapping[str, int]) -> dict[str, int]:
        """The counts of this process and of its predecessors in this slot."""
        return {name: count + self._before.get(name, 0) for name, count in counts.items()}

    def _slots(self) -> Iterator[int]:
        return (slot for slot in range(SLOTS) if slot == self._slot or self._file(slot).exists())

    def _held(self, slot: int) -> bool:
        """Whether the process of this slot lives."""
        with contextlib.suppress(FileNotFoundError):
            lock = os.open(self._folder / f"{slot}.lock", os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: inspections do not exclude each other
            except BlockingIOError:
                return True
            finally:
                os.close(lock)
        return False

    def _file(self, slot: int) -> Path:
        return self._folder / f"{slot}.json"


_NO_SLOT = "metrics cover one worker only: the state folder cannot be used"
_NOT_WRITTEN = "other workers cannot see the metrics of this one: the state folder cannot be written to"


def _taken(lock: int) -> bool:
    """Take a slot, unless a living process holds it; wait while another process only inspects it."""
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
    """The content of a file; nothing if it is incomplete, as after a crash of the machine."""
    try:
        found = json.loads(file.read_text(encoding="ascii"))
        return _Written(
            {str(name): int(count) for name, count in found["counts"].items()},
            {str(name): float(value) for name, value in found["gauges"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return _Written({}, {})
