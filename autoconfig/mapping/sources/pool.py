"""A few connections to one host; nobody waits for it longer than was said."""

from __future__ import annotations

import asyncio
import copy
import time
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from autoconfig.errors import AutoconfigError, MappingUnavailable
from autoconfig.mapping.sources.gate import Gate

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


class _Room(Generic[AnySession]):
    """The connections of one time: all of them are let go together."""

    def __init__(self, size: int) -> None:
        self.free = asyncio.Semaphore(size)
        self.idle: list[AnySession] = []
        self.lent = 0
        """Connections that are made, or asked something."""
        self.wanted: list[asyncio.Future[AnySession]] = []
        """Who could make no connection, and will get one that is given back."""


class Pool(Generic[AnySession]):
    """
    Connections that are made when they are needed, and kept. One that had an error is not used again. Where a server
    takes no more of them, those that it took go on, and questions wait for one of these.
    """

    def __init__(self, connect: Callable[[], Awaitable[AnySession]], where: str, size: int = SIZE) -> None:
        """At most `size` connections at a time; `where` names the host in errors."""
        self._connect, self._where, self._size, self._gate = connect, where, size, Gate()
        self._room: _Room[AnySession] = _Room(size)
        self._asking: set[asyncio.Task[object]] = set()
        self._waiting: set[asyncio.Timeout] = set()
        self._given_up = f"{where}: its connections were given up"

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

    async def _entered(self, wait: float) -> _Room[AnySession]:
        room = self._room
        try:
            async with asyncio.timeout(wait) as waiting:
                self._waiting.add(waiting)
                try:
                    await room.free.acquire()
                finally:
                    self._waiting.discard(waiting)
        except TimeoutError as error:
            problem = f"{self._where}: all connections to it are in use" if room is self._room else self._given_up
            raise MappingUnavailable(problem) from error
        return room

    async def _ask(self, question: Callable[[AnySession], Awaitable[Answer]], room: _Room[AnySession]) -> Answer:
        try:
            session = await self._lent(room)
            try:
                with self._gate.to(self._where):
                    answer = await question(session)
            except BaseException as error:
                session.close()
                self._less(room, error)
                raise
            self._back(session, room)
            return answer
        finally:
            room.free.release()

    async def _lent(self, room: _Room[AnySession]) -> AnySession:
        """A connection: one that is idle, a new one, or the next that is given back if no new one can be made."""
        room.lent += 1
        if room.idle:
            return room.idle.pop()
        try:
            with self._gate.to(self._where):
                return await self._connect()
        except BaseException as error:
            if room.idle and isinstance(error, AutoconfigError):
                return room.idle.pop()
            self._less(room, error)
            if not room.lent or room is not self._room or not isinstance(error, AutoconfigError):
                raise
        return await self._next(room)

    async def _next(self, room: _Room[AnySession]) -> AnySession:
        wanted: asyncio.Future[AnySession] = asyncio.get_running_loop().create_future()
        room.wanted.append(wanted)
        try:
            return await wanted
        except asyncio.CancelledError:
            if wanted.done() and not wanted.cancelled() and wanted.exception() is None:
                self._back(wanted.result(), room)  # it came in the moment when nobody waited any more
            raise
        finally:
            room.wanted.remove(wanted)

    def _back(self, session: AnySession, room: _Room[AnySession]) -> None:
        wanted = next((one for one in room.wanted if not one.done()), None)
        if wanted is not None:
            wanted.set_result(session)
            return
        room.lent -= 1
        if room is self._room:
            room.idle.append(session)
        else:
            session.close()

    def _less(self, room: _Room[AnySession], error: BaseException) -> None:
        """One connection less; with the last one nobody can be waited for any more."""
        room.lent -= 1
        if not room.lent:
            self._give_up(room, error)

    def _give_up(self, room: _Room[AnySession], error: BaseException | None = None) -> None:
        reason = error if isinstance(error, AutoconfigError) else MappingUnavailable(self._given_up)
        for wanted in room.wanted:
            if not wanted.done():
                wanted.set_exception(copy.copy(reason))  # whoever is told it has a traceback of its own

    def clear(self) -> None:
        """
        Let all connections go, those in use when their question has ended; new ones may be made at once. Who waits for
        one is told so: what holds the old ones may do so for long.
        """
        room, self._room = self._room, _Room(self._size)
        for waiting in self._waiting:
            if not waiting.expired():
                waiting.reschedule(0.0)
        self._give_up(room)
        while room.idle:
            room.idle.pop().close()

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
