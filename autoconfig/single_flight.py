"""One task for each key, shared by all who wait for its result."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Hashable

Result = TypeVar("Result")


class SingleFlight(Generic[Result]):
    """The tasks under way, by key. A caller who stops waiting with `asyncio.wait` cancels none of them."""

    def __init__(self) -> None:
        self._tasks: dict[Hashable, asyncio.Task[Result]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def get(self, key: Hashable) -> asyncio.Task[Result] | None:
        """The task under way for a key."""
        return self._tasks.get(key)

    def start(self, key: Hashable, make: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Start the task of a key that has none; it is forgotten when it ends."""
        task = self._tasks[key] = asyncio.create_task(make)
        task.add_done_callback(lambda _: self._tasks.pop(key, None))
        return task

    async def close(self) -> None:
        """Cancel every task and wait for its end."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
