"""The processes of `serve`: a single one, or a supervisor with workers; and their reports to systemd."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

import uvicorn

from autoconfig.log import logger
from autoconfig.server import systemd
from autoconfig.server.uvicorn_internals import STARTUP_FAILURE, Multiprocess
from autoconfig.server.worker import Progress, serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from autoconfig.server.uvicorn_internals import Process

STARTING = 120.0
"""
Seconds for a worker to import everything. Until then it cannot answer health checks; on a slow or busy machine that
takes far longer than a health check may (`server.HEALTHCHECK`).
"""


class Terminated(SystemExit):
    """
    SIGTERM, which ends a server with exit code 0 at any time. uvicorn raises the signal again after it has stopped,
    which would end the process before the socket is removed.
    """


def terminate(_signal: int, _frame: object) -> None:
    """Handle SIGTERM while uvicorn does not."""
    raise Terminated(0)  # asyncio lets SystemExit out of any callback


class SingleServer(uvicorn.Server):
    """uvicorn's server as the only process. It tells systemd when it serves and when it stops."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self.address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell systemd."""
        await super().startup(sockets)
        systemd.ready(serving(self.address))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell systemd, and stop."""
        systemd.stopping()
        await super().shutdown(sockets)


class Workers(Multiprocess):
    """
    uvicorn's supervisor, except that it passes SIGHUP on: workers reload the plans instead of being replaced.

    It ends like a single server: Ctrl-C is an interruption, a worker that cannot start is a failure.
    """

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], address: str, progress: Connection
    ) -> None:
        """`progress` delivers pairs of a worker's process id and its `Progress`."""
        super().__init__(config, sockets)
        self.address, self.progress = address, progress
        self.starting: dict[int | None, float] = {}
        """Workers that have not begun yet, with their deadline by the monotonic clock."""
        self.ended_by: int | None = None
        self.untold = True
        """Whether systemd waits to hear that all workers answer: at the start, and during a reload."""
        self.reloading: set[int | None] = set()
        """Workers whose reload has not ended."""
        self.watchdog, self.alive_next = systemd.watchdog_seconds(), 0.0

    def run(self) -> None:
        """Serve until a signal or a failure."""
        super().run()
        if self.ended_by == signal.SIGINT:
            raise KeyboardInterrupt
        if self.ended_by is None:
            raise SystemExit(STARTUP_FAILURE)

    def init_processes(self) -> None:
        """Start the workers."""
        with _hangup_blocked():
            super().init_processes()
        self._note_new([])

    def keep_subprocess_alive(self) -> None:
        """Replace workers that died, and report the others to systemd."""
        before = list(self.processes)
        self._hear()
        now = time.monotonic()
        spared = [p for p in before if p.process.is_alive() and self.starting.get(p.pid, now) > now]
        self.processes = [process for process in before if process not in spared]
        with _hangup_blocked():
            super().keep_subprocess_alive()
        self.processes += spared
        self._note_new(before)
        for process in before:
            if process not in self.processes:
                stuck = process.exitcode == -signal.SIGALRM  # `worker.Heartbeat`
                said = "a worker was stuck and has been replaced" if stuck else "a worker died and has been replaced"
                logger().error(said, pid=process.pid, exit_code=process.exitcode)
        if self.should_exit.is_set():
            systemd.stopping()
            return
        self.reloading &= {process.pid for process in self.processes}  # a dead one's successor loads the plans
        if (
            self.untold
            and not self.reloading
            and not self.starting
            and all(process.is_ready() for process in self.processes)
        ):
            self.untold = False
            systemd.ready(serving(self.address))
        if self.watchdog is not None and time.monotonic() >= self.alive_next:
            self.alive_next = time.monotonic() + self.watchdog
            systemd.alive()

    def _note_new(self, before: list[Process]) -> None:
        """Set a deadline for new workers, and forget those that are gone."""
        now, numbers = time.monotonic(), {process.pid for process in self.processes}
        new = numbers - {process.pid for process in before}
        self.starting = {pid: end for pid, end in self.starting.items() if pid in numbers}
        self.starting |= dict.fromkeys(new, now + STARTING)

    def _hear(self) -> None:
        """Read the progress of the workers."""
        while self.progress.poll():
            pid, progress = self.progress.recv()
            self.starting.pop(pid, None)
            if progress == Progress.RELOADED:
                self.reloading.discard(pid)

    def handle_int(self) -> None:
        """Stop."""
        self.ended_by = signal.SIGINT
        super().handle_int()

    def handle_term(self) -> None:
        """Stop."""
        self.ended_by = signal.SIGTERM
        super().handle_term()

    def handle_hup(self) -> None:
        """Pass SIGHUP on to every worker."""
        systemd.reloading()
        self.untold, self.reloading = True, {process.pid for process in self.processes}
        for process in self.processes:
            if process.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGHUP)


@contextlib.contextmanager
def _hangup_blocked() -> Iterator[None]:
    """
    Block SIGHUP here and in the processes started meanwhile: a worker unblocks it once it can reload (`lifespan`), so
    that none dies of a SIGHUP during its start.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
