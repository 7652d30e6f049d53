"""A few connections to one host; nobody waits for it longer than was said."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from autoconfig.errors import MappingUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

SIZE = 4
"""Connections for what requests ask."""

_ENDING = 1.0  # seconds that questions under way have to notice that they were given up


class Closable(Protocol):
    """A connection, as far as a pool knows it."""

    def close(self) -> None:
        """Let it go, without waiting for anybody."""
        ...


Answer = TypeVar("Answer")
AnySession = TypeVar("AnySession", bound=Closable)


class Pool(Generic[AnySession]):
    """Connections that are made when they are needed, and kept. One that had an error is not used again."""

    def __init__(self, connect: Callable[[], Awaitable[AnySession]], where: str, size: int = SIZE) -> None:
        """At most `size` connections at a time; `where` names the host in errors."""
        self._connect, self._where, self._size = connect, where, size
        self._room = asyncio.Semaphore(size)
        self._idle: list[AnySession] = []
        self._asking: set[asyncio.Task[object]] = set()
        self._waiting: set[asyncio.Timeout] = set()

    async def ask(
        self, question: Callable[[AnySession], Awaitable[Answer]], limit: float, wait: float | None = None
    ) -> Answer:
        """
        Put a question to a connection, within `limit` seconds, in which it may have to be made. Until one is free it
        waits for `wait` seconds before that, `limit` unless said; both together take no longer than the longer of them.

        A question that takes longer is given up in the background: a driver may need its time to notice.

        Raises:
            MappingUnavailable, ConfigurationInvalid: what the connection says, or nobody answered in time; at once
                when all connections are let go while it waits for one.
        """
        wait = limit if wait is None else wait
        until = time.monotonic() + max(limit, wait)
        room = await self._entered(wait)
        asking = asyncio.ensure_future(self._ask(question, room))
        self._asking.add(asking)
        asking.add_done_callback(self._ended)
        left = max(min(limit, until - time.monotonic()), 0.0)
        try:
            await asyncio.wait({asking}, timeout=left)
            if not asking.done():
                raise MappingUnavailable(f"{self._where}: no answer within {left:.1f} seconds")
            return asking.result()
        finally:
            asking.cancel()

    async def _entered(self, wait: float) -> asyncio.Semaphore:
        room = self._room
        try:
            async with asyncio.timeout(wait) as waiting:
                self._waiting.add(waiting)
                try:
                    await room.acquire()
                finally:
                    self._waiting.discard(waiting)
        except TimeoutError as error:
            problem = "all connections to it are in use" if room is self._room else "its connections were given up"
            raise MappingUnavailable(f"{self._where}: {problem}") from error
        return room

    async def _ask(self, question: Callable[[AnySession], Awaitable[Answer]], room: asyncio.Semaphore) -> Answer:
        try:
            session = self._idle.pop() if self._idle else await self._connect()
            try:
                answer = await question(session)
            except BaseException:
                session.close()
                raise
            if room is self._room:
                self._idle.append(session)
            else:
                session.close()
            return answer
        finally:
            room.release()

    def clear(self) -> None:
        """
        Let all connections go, those in use when their question has ended; new ones may be made at once. Who waits for
        one is told so: what holds the old ones may do so for long.
        """
        self._room = asyncio.Semaphore(self._size)
        for waiting in self._waiting:
            if not waiting.expired():
                waiting.reschedule(0.0)
        while self._idle:
            self._idle.pop().close()

    async def close(self) -> None:
        """Let all connections go, and give up the questions under way."""
        self.clear()
        asking = list(self._asking)
        for task in asking:
            task.cancel()
        if asking:
            await asyncio.wait(asking, timeout=_ENDING)

    def _ended(self, asking: asyncio.Task[Answer]) -> None:
        self._asking.discard(asking)
        if not asking.cancelled():
            asking.exception()  # was told to whoever still waited
