"""
Do work that takes milliseconds off the event loop: in one thread, behind a bounded queue.

Strangers decide how much of it is requested. So only as much waits as takes about a second, and what a client that has
left asked for is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from autoconfig.errors import Overloaded

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from autoconfig.web.asgi import Receive

Given = ParamSpec("Given")
Made = TypeVar("Made")

MOST = 128
"""Jobs of one kind, waiting or under way; each takes 1 to 10 ms, and holds some 20 KiB of its request."""


class BoundedExecutor:
    """
    One thread that does one kind of work, first come, first served.

    Only one, because all threads share an interpreter: more would not finish sooner, and the event loop would wait
    longer for its turn.
    """

    def __init__(self, name: str, most: int = MOST) -> None:
        """Start no thread yet. `name` is the thread's; at most `most` jobs are waiting or under way."""
        self._thread = ThreadPoolExecutor(1, name)
        self._name, self._most, self._jobs = name, most, 0
        # Jobs wait here, not in the pool, which would keep the jobs of clients that have left.
        self._turn = asyncio.Lock()

    async def run(self, make: Callable[Given, Made], *given: Given.args, **named: Given.kwargs) -> Made:
        """
        Return the result of `make`. Cancelling this drops the job, unless it is under way.

        Raises:
            Overloaded: too many jobs are waiting.
            Exception: `make` raised it.
        """
        if self._jobs >= self._most:
            raise Overloaded(f"{self._jobs} jobs are waiting for the thread for {self._name}")
        self._jobs += 1
        try:
            await self._turn.acquire()
            job = self._thread.submit(partial(make, *given, **named))
            loop = asyncio.get_running_loop()
            # Not before the job has ended: a client that leaves meanwhile does not free the thread.
            job.add_done_callback(lambda _: self._end_turn(loop))
            return await asyncio.wrap_future(job)
        finally:
            self._jobs -= 1

    def _end_turn(self, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed, so no job waits
            loop.call_soon_threadsafe(self._turn.release)


async def unless_gone(answering: Coroutine[Any, Any, Made], receive: Receive) -> Made | None:
    """Return or raise what `answering` does; cancel it and return `None` if the client leaves first."""
    answer, leaving = asyncio.ensure_future(answering), asyncio.ensure_future(_left(receive))
    try:
        await asyncio.wait((answer, leaving), return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else None
    finally:
        for task in (answer, leaving):
            task.cancel()
        await asyncio.gather(answer, leaving, return_exceptions=True)


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
