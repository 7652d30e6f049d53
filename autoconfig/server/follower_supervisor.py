"""Keep one process running that follows the store, however many processes answer requests."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import threading
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

from autoconfig.log import logger
from autoconfig.mapping.database_location import DatabaseLocation, Kind
from autoconfig.server import follower_process, systemd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from autoconfig.settings import Settings

STUCK = 45.0
"""Seconds for which the follower may be silent: more than a database driver waits for a silent server."""

BACKOFF = 1.0
"""Seconds until a follower that ended is started again."""


@contextlib.contextmanager
def followed(settings: Settings) -> Iterator[None]:
    """Follow the store within the block, if the mapping is on a database server."""
    if settings.query is not None or DatabaseLocation.parse(settings.database).kind is Kind.SQLITE:
        yield
        return
    supervisor = FollowerSupervisor(settings)
    supervisor.start()
    try:
        yield
    finally:
        supervisor.end()


class FollowerSupervisor:
    """
    Restarts the follower whenever it ends or falls silent, and reports its progress to systemd.

    It is a thread, because uvicorn occupies the main one. The follower ends itself when this process is gone.
    """

    def __init__(self, settings: Settings) -> None:
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self._settings = settings
        self._context = multiprocessing.get_context("spawn")
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._process: BaseProcess | None = None

    def start(self) -> None:
        """Start the follower, and watch it."""
        self._thread.start()

    def end(self) -> None:
        """Kill the follower, which may be done at any time."""
        with self._lock:
            self._ended.set()
            if self._process is not None:
                self._process.kill()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                if self._ended.is_set():
                    return
                process, heard = self._spawn()
            with contextlib.closing(heard):
                stuck = self._listen(process, heard)
            process.join()
            if self._ended.wait(BACKOFF):  # SIGTERM may have been sent to both processes
                return
            said = "the follower was stuck and is started again" if stuck else "the follower ended and is started again"
            logger().error(said, pid=process.pid, exit_code=process.exitcode)

    def _spawn(self) -> tuple[BaseProcess, Connection]:
        heard, said = self._context.Pipe(duplex=False)
        self._process = process = self._context.Process(
            target=follower_process.run, args=(self._settings, said), name="follower", daemon=True
        )
        # Signals that a terminal sends to all processes are held back until the follower can ignore them. The resource
        # tracker, which the first process starts, would unblock them.
        resource_tracker.ensure_running()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGHUP})
        process.start()
        said.close()  # now only the follower has it open
        return process, heard

    def _listen(self, process: BaseProcess, heard: Connection) -> bool:
        """Pass on the follower's reports until it ends; return whether it was killed for being silent."""
        with contextlib.suppress(EOFError, OSError):
            while heard.poll(STUCK):
                systemd.note(heard.recv())
            process.kill()
            return True
        return False
