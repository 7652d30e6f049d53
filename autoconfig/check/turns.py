"""Be gentle to mail servers: one connection at a time to an address, and only so many a second (fail2ban)."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


class Turns:
    """Who may connect to an address, and when."""

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """
        Store the arguments.

        Args:
            rate: connections a second to one address.
            clock: returns seconds and never goes back.
            sleep: waits for so many seconds.
        """
        self._pause, self._clock, self._sleep = 1 / rate, clock, sleep
        self._locks: dict[str, asyncio.Lock] = {}
        self._next: dict[str, float] = {}

    @contextlib.asynccontextmanager
    async def at(self, address: str) -> AsyncIterator[None]:
        """Wait for the turn at an address, and keep it for the block."""
        async with self._locks.setdefault(address, asyncio.Lock()):
            await self.again_at(address)
            yield

    async def again_at(self, address: str) -> None:
        """Wait until the holder of the turn at an address may connect once more."""
        if (wait := self._next.get(address, 0.0) - self._clock()) > 0:
            await self._sleep(wait)
        self._next[address] = self._clock() + self._pause
