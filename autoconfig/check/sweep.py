"""Check many domains, some at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

Item = TypeVar("Item")

AT_ONCE = 256
"""Domains under way: most of them wait for their turn at a server, of which there may be few."""


async def sweep(items: Iterable[Item], check: Callable[[Item], Awaitable[None]], at_once: int = AT_ONCE) -> None:
    """
    Call `check` for each item, for at most `at_once` of them at a time; the first exception ends all.

    `items` are taken one by one as they are needed.
    """
    remaining = iter(items)
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(_work(remaining, check))
    except BaseExceptionGroup as group_error:
        raise group_error.exceptions[0] from group_error


async def _work(remaining: Iterator[Item], check: Callable[[Item], Awaitable[None]]) -> None:
    for item in remaining:
        await check(item)
