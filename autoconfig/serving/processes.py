"""The processes of `serve`: one that answers, or a supervisor with several, and what systemd is told of them."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from autoconfig.log import logger
from autoconfig.serving import notify
from autoconfig.serving.worker import serving

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from multiprocessing.connection import Connection


class Terminated(SystemExit):
    """
    SIGTERM, which is how a server ends, at any time with exit code 0. uvicorn sends itself the signal again after it
    has stopped, and would die of it before the socket is removed.
    """


def terminate(_signal: int, _frame: object) -> None:
    """Handle SIGTERM outside uvicorn's own time."""
    raise Terminated(0)  # the kind of exception that asyncio lets out of any callback


class Server(uvicorn.Server):
    """The only process. systemd learns that it serves, that it stops, and now and then that its loop is not stuck."""

    def __init__(self, config: uvicorn.Config, address: str) -> None:
        super().__init__(config)
        self.address = address

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve."""
        await super().startup(sockets)
        notify.ready(serving(self.address))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what is under way."""
        notify.stopping()
        await super().shutdown(sockets)


class Workers(Multiprocess):
    """
    uvicorn's supervisor, except that SIGHUP is passed on: workers reload the plans instead of being replaced.

    It ends as a single server does: Ctrl-C is an interruption, and a worker that cannot start is a failure.
    """

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], address: str, reloaded: Connection
    ) -> None:
        """`reloaded` gives the number of each worker that has ended a reload."""
        super().__init__(config, sockets)
        self.address, self.reloaded = address, reloaded
        self.ended_by: int | None = None
        self.untold = True
        """systemd has to hear that all workers answer: at the start, and when they have reloaded."""
        self.reloading: set[int | None] = set()
        """Workers that were told to reload and have not said yet that they have."""
        self.watchdog, self.alive_next = notify.watchdog_seconds(), 0.0

    def run(self) -> None:
        """Serve until a signal or a failure ends it."""
        super().run()
        if self.ended_by == signal.SIGINT:
            raise KeyboardInterrupt
        if self.ended_by is None:
            raise SystemExit(STARTUP_FAILURE)

    def init_processes(self) -> None:
        """Start the workers."""
        with _hangup_waits():
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that died, and tell systemd how the others are."""
        before = list(self.processes)
        with _hangup_waits():
            super().keep_subprocess_alive()
        for process in before:
            if process not in self.processes:
                stuck = process.exitcode == -signal.SIGALRM  # `worker.Pulse`
                said = "a worker was stuck and has been replaced" if stuck else "a worker died and has been replaced"
                logger().error(said, pid=process.pid, exit_code=process.exitcode)
        if self.should_exit.is_set():
            notify.stopping()
            return
        while self.reloaded.poll():
            self.reloading.discard(self.reloaded.recv())
        self.reloading &= {process.pid for process in self.processes}  # one that died loads the plans as it starts
        if self.untold and not self.reloading and all(process.is_ready() for process in self.processes):
            self.untold = False
            notify.ready(serving(self.address))
        if self.watchdog is not None and time.monotonic() >= self.alive_next:
            self.alive_next = time.monotonic() + self.watchdog
            notify.alive()

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
        notify.reloading()
        self.untold, self.reloading = True, {process.pid for process in self.processes}
        for process in self.processes:
            if process.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGHUP)


@contextlib.contextmanager
def _hangup_waits() -> Iterator[None]:
    """
    Hold SIGHUP back, for us and for the processes that are started meanwhile: a worker receives it only once it can
    reload (`web.app`), and does not die of one that comes while it starts.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})
