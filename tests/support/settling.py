"""Lets the tasks of an event loop come to rest."""

from __future__ import annotations

import asyncio


async def settled() -> None:
    """Let every task go as far as it can without a timer. Turns are counted, so that a slow machine changes nothing."""
    for _ in range(100):
        await asyncio.sleep(0)
