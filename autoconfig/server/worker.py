"""A process of `serve`, alone or under a supervisor: its application, health and reports of reloads."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from enum import StrEnum
from typing import TYPE_CHECKING

from autoconfig import log
from autoconfig.errors import AutoconfigError
from autoconfig.server import systemd
from autoconfig.server.lifespan import with_lifespan
from autoconfig.server.upkeep import Upkeep
from autoconfig.web.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from types import FrameType

    from autoconfig.settings import Settings
    from autoconfig.web.fast_path.dispatch import Entry


WAITING = 1.0
"""Seconds between two attempts of a process to start while it cannot."""

STUCK = 30
"""Seconds for which a worker's event loop may be blocked before the process is ended."""
BEAT = 1.0
"""Seconds between two signs of life of an event loop."""


def create(settings: Settings, upkeep: Callable[[Services], Upkeep], *, labelled: bool) -> Entry:
    """The application of a process for these settings; `labelled`: its log lines have its process id."""
    log.configure(settings.log_format, queued=True, labelled=labelled)
    return with_lifespan(upkeep(Services.of(settings)))


class Heartbeat:
    """
    Ends this process if its event loop is stuck, or its supervisor is gone: the next server needs the socket.

    uvicorn's health check is answered by a thread, even if the loop is stuck. The kernel ends a process whose alarm is
    not put off in time, and nothing in the process can prevent that.
    """

    def __init__(self) -> None:
        """Start, on the event loop."""
        self._loop = asyncio.get_running_loop()
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        self._next = self._beat()

    def _beat(self) -> asyncio.TimerHandle:
        signal.alarm(STUCK)
        supervisor = multiprocessing.parent_process()
        if supervisor is not None and not supervisor.is_alive():
            os.kill(os.getpid(), signal.SIGTERM)
        self._next = self._loop.call_later(BEAT, self._beat)
        return self._next

    def end(self) -> None:
        """Put the alarm off for good."""
        self._next.cancel()
        signal.alarm(0)


class SingleUpkeep(Upkeep):
    """The only process; it reports reloads to systemd."""

    def __init__(self, services: Services, *, address: str) -> None:
        """`address` is where it listens."""
        super().__init__(services)
        self._address = address

    async def reload(self) -> None:
        """Load the plans again."""
        systemd.reloading()
        await super().reload()
        systemd.ready(serving(self._address))


class Progress(StrEnum):
    """What a process reports to its supervisor."""

    BEGUN = "begun"
    """Everything is imported: from now on it answers health checks."""
    RELOADED = "reloaded"


class WorkerUpkeep(Upkeep):
    """One of several processes; it reports reloads to its supervisor, and ends if it is stuck or orphaned."""

    def __init__(self, services: Services, *, supervisor: Connection) -> None:
        """`supervisor` takes pairs of a process id and its `Progress`."""
        super().__init__(services)
        self._supervisor = supervisor
        self._heartbeat: Heartbeat | None = None

    async def start(self) -> None:
        """
        Load everything; while the database or a file prevents that, try again.

        `serve` checked everything before it started processes, so this one most likely replaces another. If it served
        without its data, it would refuse names that the others know; if it gave up, it would end them all.
        """
        self._heartbeat = Heartbeat()
        self._supervisor.send((os.getpid(), Progress.BEGUN))
        told = ""
        with _collected_signals() as signals:
            while True:
                try:
                    await super().start()
                except AutoconfigError as error:
                    if signals:
                        raise
                    if told != (told := str(error)):
                        log.logger().error("this process cannot start yet; it tries again", problem=told)
                    await asyncio.sleep(WAITING)
                else:
                    return

    async def reload(self) -> None:
        """Load the plans again."""
        await super().reload()
        self._supervisor.send((os.getpid(), Progress.RELOADED))

    async def close(self) -> None:
        """Release everything; the alarm does not apply any more."""
        if self._heartbeat is not None:
            self._heartbeat.end()
        await super().close()


def serving(address: str) -> str:
    """What `systemctl status` shows."""
    return f"serving at {address}"


@contextlib.contextmanager
def _collected_signals() -> Iterator[list[int]]:
    """Collect the signals to stop; uvicorn gets them too, but looks at them only after the start."""
    came: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if callable(handler := before[signal.Signals(number)]):
            handler(number, frame)

    for number in before:
        signal.signal(number, note)
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
