"""Run blocking calls in threads that block neither the event loop nor the exit of the process."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from autoconfig.errors import MappingUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

Result = TypeVar("Result")


class Threads:
    """
    A bounded number of daemon threads, started on demand. With `ThreadPoolExecutor`, a process cannot exit while a
    thread hangs in a resolver or on a disk, which cannot be interrupted.
    """

    def __init__(self, most: int, where: str) -> None:
        """`most` is the maximum number of threads; `where` names the database in errors."""
        self._most, self._where = most, where
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._started = self._idle = 0

    async def run(self, call: Callable[[], Result], limit: float) -> Result:
        """
        Run `call` and return its result. After the time limit, `call` occupies its thread until it returns.

        Raises:
            TimeoutError: `call` takes longer than `limit` seconds.
            MappingUnavailable: all threads are in use; raised at once.
        """
        result: Future[Result] = Future()
        result.set_running_or_notify_cancel()  # from now on it cannot be cancelled

        def work() -> None:
            try:
                value = call()
            except BaseException as error:  # noqa: BLE001 (it is raised where the result is awaited)
                self._free()  # before the caller wakes up, since it may call again at once
                result.set_exception(error)
            else:
                self._free()
                result.set_result(value)

        self._put(work)
        async with asyncio.timeout(limit):
            return await asyncio.wrap_future(result)

    def close(self) -> None:
        """End idle threads now, and the others after their calls."""
        with self._lock:
            for _ in range(self._started):
                self._calls.put(None)

    def _put(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._idle:
                self._idle -= 1
            elif self._started < self._most:
                threading.Thread(target=self._work, name="lookup", daemon=True).start()
                self._started += 1
            else:
                raise MappingUnavailable(f"{self._where}: {self._most} threads are already waiting for it")
            self._calls.put(work)

    def _free(self) -> None:
        with self._lock:
            self._idle += 1

    def _work(self) -> None:
        while (work := self._calls.get()) is not None:
            work()
            del work  # releases the result too
