"""The application as a process of `serve` runs it, alone or for a supervisor: it also says when a reload has ended."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

from autoconfig import log, settings
from autoconfig.errors import MappingUnavailable
from autoconfig.serving import notify
from autoconfig.web.app import Lifecycle, application
from autoconfig.web.context import Context

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path
    from types import FrameType

    from autoconfig.web.entry import Entry


WAITING = 1.0
"""Seconds between two attempts of a process to start while the database is gone."""

STUCK = 30
"""Seconds for which the event loop of one of several processes may do one thing before the process is ended."""
BEAT = 1.0
"""Seconds between two signs of life of an event loop."""


def create(file: Path, lifecycle: Lifecycle) -> Entry:
    """The application of a process, as the settings in `file` describe it."""
    configured = settings.load(file)
    log.configure(configured.log_format)
    return application(Context.of(configured), lifecycle)


class Pulse:
    """
    Ends this process if its event loop is stuck, and when its supervisor is gone: the next server needs the socket.

    uvicorn's supervisor asks a thread whether a worker lives, and that one answers however stuck the loop is. The
    kernel ends a process whose alarm is not put off in time, and nothing in the process can keep it from that.
    """

    def __init__(self) -> None:
        """Begin, within the loop."""
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


class Alone(Lifecycle):
    """The only process, which tells systemd of its reloads."""

    def __init__(self, address: str) -> None:
        """`address` is where it listens."""
        self._address = address

    async def reload(self, context: Context) -> None:
        """Load the plans again."""
        notify.reloading()
        await super().reload(context)
        notify.ready(serving(self._address))


class Supervised(Lifecycle):
    """One of several processes, which tells its supervisor of its reloads, and ends if it is stuck or left alone."""

    def __init__(self, supervisor: Connection) -> None:
        """`supervisor` takes the number of a process that has ended a reload."""
        self._supervisor = supervisor
        self._pulse: Pulse | None = None

    async def start(self, context: Context) -> None:
        """
        Load everything, and wait for the database: a process that took requests with an empty memory would turn away
        names that the others know, and one that gave up would end them all.
        """
        told = False
        with _noted_signals() as signals:
            while True:
                try:
                    await super().start(context)
                except MappingUnavailable as error:
                    if signals:
                        raise
                    if not told:
                        log.logger().error("this process waits for the mapping database", problem=str(error))
                    told = True
                    await asyncio.sleep(WAITING)
                else:
                    self._pulse = Pulse()
                    return

    async def reload(self, context: Context) -> None:
        """Load the plans again."""
        await super().reload(context)
        self._supervisor.send(os.getpid())

    async def close(self, context: Context) -> None:
        """Give back what is held; whoever ends takes its time."""
        if self._pulse is not None:
            self._pulse.end()
        await super().close(context)


def serving(address: str) -> str:
    """What `systemctl status` shows."""
    return f"serving at {address}"


@contextlib.contextmanager
def _noted_signals() -> Iterator[list[int]]:
    """The signals to stop that came; uvicorn, which has them too, looks at them only after the start."""
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
