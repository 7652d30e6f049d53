"""Programs that a test starts, which always end with it, and what they say."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PATIENCE = 60
"""Seconds after which what is waited for will not come any more."""
GRACE = 15
"""Seconds that a program has to end when it is told to."""


class Program:
    """One program with its log; started and stopped as often as a test wants."""

    def __init__(self, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        self.command, self.log = command, log
        self.environment = {**os.environ, **(environment or {})}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *descriptors: int) -> None:
        """Start it, in a process group of its own; it inherits these descriptors."""
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
                pass_fds=descriptors,
                start_new_session=True,
            )

    def stop(self, number: int = signal.SIGTERM) -> int | None:
        """End it, and give its exit code; nothing happens where it does not run."""
        process, self.process = self.process, None
        if process is None:
            return None
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return process.wait()

    def said(self) -> str:
        """Everything so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_for(self, what: str, look: Callable[[], bool]) -> None:
        """Wait until it holds; a program that ended instead fails the test."""

        def seen() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, f"{self.command[0]} ended before {what}:\n{self.said()}"
            return look()

        until(f"{what}\n{self.said()}", seen)


def until(what: str, look: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s for {what}"
        time.sleep(0.05)
