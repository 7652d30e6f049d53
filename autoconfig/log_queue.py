"""Write log lines in a thread of their own, so that a slow or stuck reader of the log delays no request."""

from __future__ import annotations

import logging
import os
import queue
import select
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_OCTETS = 1 << 20
"""Octets of lines that wait to be written; further lines are dropped and counted."""
LOOK = 1.0
"""Seconds after which the thread looks for counts to report even if no line came."""
PATIENCE = 1.0
"""Seconds that the process waits at its end for unwritten lines."""

STANDARD_ERROR = 2


class LogQueue(logging.Handler):
    """
    A bounded queue in front of a file descriptor.

    The descriptor is written to directly. Python's `sys.stderr` has a lock, and a process whose thread holds that lock,
    because a full pipe stops the thread, could not end.
    """

    def __init__(
        self,
        on_look: Callable[[bool], None],
        on_drop: Callable[[int], None],
        descriptor: int = STANDARD_ERROR,
    ) -> None:
        """
        Start the thread.

        Args:
            on_look: called in the thread about once a second, and with `True` when the process ends; it may log.
            on_drop: called in the thread with the number of dropped lines, once there is room; it may log.
            descriptor: where lines go.
        """
        super().__init__()
        self._on_look, self._on_drop, self._descriptor = on_look, on_drop, descriptor
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._waiting, self._dropped = 0, 0
        self._count = threading.RLock()  # a signal handler may log while its own thread does
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a line, or drop it if too many wait."""
        try:
            line = f"{self.format(record)}\n".encode(errors="backslashreplace")
        except Exception:  # noqa: BLE001 (as logging's own handlers do: a bad line ends no request)
            self.handleError(record)
            return
        with self._count:
            if self._waiting and self._waiting + len(line) > MOST_OCTETS:
                self._dropped += 1
                return
            self._waiting += len(line)
            self._lines.put(line)

    def flush(self) -> None:
        """Report the counts, and wait at most a second for the queue to empty."""
        self._on_look(True)
        deadline = time.monotonic() + PATIENCE
        while self._waiting and time.monotonic() < deadline:
            time.sleep(0.01)

    def _run(self) -> None:
        looked = time.monotonic()
        while True:
            try:
                line = self._lines.get(timeout=LOOK)
            except queue.Empty:
                line = b""
            self._write(line)
            with self._count:
                self._waiting -= len(line)
                dropped, self._dropped = (0, self._dropped) if self._waiting else (self._dropped, 0)
            if dropped:
                self._on_drop(dropped)
            if time.monotonic() - looked >= LOOK:
                looked = time.monotonic()
                self._on_look(False)

    def _write(self, line: bytes) -> None:
        """Write a whole line, however long that takes. A descriptor without a reader takes nothing."""
        while line:
            try:
                line = line[os.write(self._descriptor, line) :]
            except BlockingIOError:  # another process that shares the descriptor made it non-blocking
                select.select([], [self._descriptor], [], LOOK)
            except OSError:
                return
