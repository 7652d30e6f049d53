"""
Several hosts as one source: which of them is read, and what happens when it goes away.

Which one is read is chosen in `choosing`, by what each says of itself. A connection tells at once when its host has
gone; a host that says nothing is given up after a second or two. Those who ask at that moment wait while all are looked
at; once it is clear that there is none, everybody is told at once, and only `look` tries again.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import time
from typing import TYPE_CHECKING

from autoconfig.errors import AutoconfigError, MappingUnavailable
from autoconfig.mapping.sources.choosing import Choosing, behind, why_none
from autoconfig.mapping.sources.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from autoconfig.mapping.sources.source import Changes, Found, Position, Session, State

    Opener = Callable[[], Awaitable[Session]]
    """Opens a session with one host. Raises: MappingUnavailable, ConfigurationInvalid."""

PATIENCE = 2.0
"""Seconds that a request waits at the most, for all attempts at all hosts."""

_LOOK = 2.0  # seconds in which a host has to say how it is
_CHANGES = 5.0  # seconds in which it has to bring a batch of changes
_IN_USE = 14.0  # seconds for a question about the whole table; the sessions' own limit is a little higher
_SEEKING = 1.5  # seconds after the loss of a host in which requests wait for another one
_ROUND, _PAUSE = 0.25, 0.05  # seconds for a look at all of them in that time, and between two
_BACKOFF = (1.0, 2.0)  # seconds until a host that failed is asked again: the first time, and from then on

_log = logging.getLogger("autoconfig")


class _Host:
    """One of them, and how it was when it was looked at last."""

    def __init__(self, name: str, opener: Opener) -> None:
        self.name = name
        self.asked: Pool[Session] = Pool(opener, name)
        self.watched: Pool[Session] = Pool(opener, name, 1)
        self.state: State | None = None
        self.fault: AutoconfigError | None = None
        self.failures, self.due, self.losses = 0, 0.0, 0
        self.primary = False  # when it answered last
        self.looking: asyncio.Task[None] | None = None

    async def look(self, clock: Callable[[], float]) -> None:
        try:
            self.state = await self.watched.ask(lambda session: session.state(), _LOOK, _LOOK)
        except AutoconfigError as error:
            self.failed(error)
            self.failures += 1
            self.due = clock() + _BACKOFF[min(self.failures, len(_BACKOFF)) - 1]
        else:
            self.fault, self.failures, self.primary = None, 0, not self.state.standby

    def failed(self, error: AutoconfigError) -> None:
        self.state, self.fault = None, error
        self.losses += 1
        self.asked.clear()
        self.watched.clear()


class Hosts:
    """A `Source` over one or more hosts."""

    def __init__(self, openers: Mapping[str, Opener], clock: Callable[[], float] = time.monotonic) -> None:
        """`openers` in the order of preference, by the host's name as errors show it; `clock` counts seconds."""
        self._hosts = [_Host(name, opener) for name, opener in openers.items()]
        self._attempt = PATIENCE / min(len(self._hosts), 2)
        self._clock = clock
        self._current: _Host | None = None
        self._fault: AutoconfigError = MappingUnavailable("nobody has looked at the database yet")
        self._seeking: asyncio.Task[None] | None = None
        self._seek_until = 0.0
        self._choosing = Choosing(clock)
        self._told: str | None = None

    @property
    def reading(self) -> str | None:
        """The host that is read, `None` while there is none."""
        return self._current.name if self._current else None

    async def start(self, seen: Position | None) -> Position:
        """
        See `Source`. A primary is believed at once, also where it knows less than was seen before; standbys that have
        another history, where no primary answers, after some seconds.
        """
        while True:
            await self._look(_LOOK)
            self._choose(seen, patient=False)
            if self._current is not None or not self._choosing.doubting:
                return self._stands()
            await asyncio.sleep(_PAUSE)

    async def look(self, seen: Position) -> Position:
        """See `Source`."""
        await self._look(_LOOK)
        self._choose(seen)
        return self._stands()

    async def rows_of(self, name: str, moment: int, seen: Position) -> Found:
        """See `Source`."""
        until = self._clock() + PATIENCE
        while True:
            host = self._current or await self._another(until)
            left, losses = until - self._clock(), host.losses
            try:
                found = await host.asked.ask(
                    lambda session: session.rows_of(name, moment), min(left, self._attempt), left
                )
            except AutoconfigError as error:
                if self._clock() >= until:
                    raise  # perhaps it was only busy; `look` will see
                if losses == host.losses:  # else somebody has noticed, and it may be well again
                    self._lose(host, error, seen)
            else:
                if self._choosing.usable(found.state, seen):
                    return found
                self._lose(host, behind(host.name, found.state, seen), seen)

    async def rows_after(self, identity: int, limit: int, seen: Position) -> Changes:
        """See `Source`. Only from the host that is read: who asks for changes asks again."""
        host = self._current
        if host is None:
            raise self._nowhere()
        try:
            changes = await host.watched.ask(lambda session: session.rows_after(identity, limit), _CHANGES, _CHANGES)
        except AutoconfigError as error:
            self._lose(host, error, seen)
            raise
        if not self._choosing.usable(changes.state, seen):
            fault = behind(host.name, changes.state, seen)
            self._lose(host, fault, seen)
            raise fault
        return changes

    async def in_use(self, plans: frozenset[str], now: int) -> frozenset[str]:
        """See `Source`. From the host that is read, which was not behind a second ago."""
        host = self._current
        if host is None:
            raise self._nowhere()
        return await host.asked.ask(lambda session: session.in_use(plans, now), _IN_USE, PATIENCE)

    async def close(self) -> None:
        """See `Source`."""
        tasks = [task for task in (self._seeking, *(host.looking for host in self._hosts)) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for host in self._hosts:
            await host.asked.close()
            await host.watched.close()

    def _nowhere(self) -> AutoconfigError:
        """Why no host is read; whoever is told it has a traceback of its own."""
        return copy.copy(self._fault)

    def _stands(self) -> Position:
        if self._current is None or self._current.state is None:
            raise self._nowhere()
        return self._current.state.position

    async def _another(self, until: float) -> _Host:
        """The host that the search under way finds; without one there is no waiting."""
        left = until - self._clock()
        if self._seeking is not None and left > 0:
            await asyncio.wait({self._seeking}, timeout=left)
        if self._current is None or self._clock() >= until:
            raise self._nowhere()
        return self._current

    def _lose(self, host: _Host, error: AutoconfigError, seen: Position) -> None:
        """This host is not read any more; look at once for another one, or whether it is well again."""
        if host is not self._current:
            return  # somebody else has noticed
        host.failed(error)
        self._current, self._fault = None, error
        self._seek_until = self._clock() + _SEEKING
        if self._seeking is None:
            self._seeking = asyncio.get_running_loop().create_task(self._seek(seen))

    async def _seek(self, seen: Position) -> None:
        try:
            while True:
                for host in self._hosts:
                    host.due = 0.0
                await self._look(_ROUND)
                self._choose(seen)
                if self._current is not None or self._clock() >= self._seek_until:
                    return
                await asyncio.sleep(_PAUSE)
        finally:
            self._seeking = None

    async def _look(self, limit: float) -> None:
        """Have each host say how it is, but one that failed a moment ago; wait until it is known which to read."""
        loop, now = asyncio.get_running_loop(), self._clock()
        for host in self._hosts:
            if (host.looking is None or host.looking.done()) and now >= host.due:
                host.looking = loop.create_task(host.look(self._clock))
        pending = {host.looking for host in self._hosts if host.looking and not host.looking.done()}
        until = now + limit
        # One that is silent makes nobody wait who can do with another one.
        while pending and not self._enough() and (left := until - self._clock()) > 0:
            _, pending = await asyncio.wait(pending, timeout=left, return_when=asyncio.FIRST_COMPLETED)

    def _enough(self) -> bool:
        """Whether the host that is read has answered this time; where there is none, a primary."""
        return any(
            host.state is not None
            and host.looking is not None
            and host.looking.done()
            and (not host.state.standby if self._current is None else host is self._current)
            for host in self._hosts
        )

    def _choose(self, seen: Position | None, *, patient: bool = True) -> None:
        """Read the host that is best now, or know why there is none."""
        self._current = self._choosing.choose(self._hosts, seen, patient=patient)
        if self._current is None:
            self._fault = why_none(self._hosts, seen, _LOOK)
        elif self._current.name != self._told:
            if self._told is not None:
                _log.info("the mapping is read from %s now", self.reading)
            self._told = self.reading
