"""Programs that a test starts, and that always end with it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")

GRACE = 10
"""Seconds that a program has to end when it is told to."""
PATIENCE = 60
"""Seconds after which what is waited for will not come any more; a busy machine is slow."""


@contextlib.contextmanager
def running(
    command: list[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a process group of its own, which ends as a whole; what it says is in the log."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, start_new_session=True
        )
    try:
        yield process
    finally:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
        _signal_group(process, signal.SIGKILL)
        process.wait()


def until(what: str, look: Callable[[], T | None]) -> T:
    """
    What `look` sees, as soon as it is something.

    Raises:
        TimeoutError: it never was.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE} s for {what}")
        time.sleep(0.05)


def until_up(what: str, process: subprocess.Popen[bytes], log: Path, look: Callable[[], bool]) -> None:
    """
    Wait for a program to be ready.

    Raises:
        ChildProcessError: it ended instead.
        TimeoutError: it did neither.
    """

    def ready() -> bool:
        if process.poll() is not None:
            raise ChildProcessError(f"{what} ended with {process.returncode}: {log.read_text(errors='replace')}")
        return look()

    until(what, ready)


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
