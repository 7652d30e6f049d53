"""Where pages are made: in a thread of their own, so that machines get their answers meanwhile."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Given = ParamSpec("Given")
Made = TypeVar("Made")

# One, for they share one interpreter: more of them would make nothing sooner, and the event loop wait longer.
_ROOM = ThreadPoolExecutor(1, "pages")


async def apart(make: Callable[Given, Made], *given: Given.args, **named: Given.kwargs) -> Made:
    """What `make` returns or raises. It takes milliseconds, and those who asked before come first."""
    return await asyncio.get_running_loop().run_in_executor(_ROOM, partial(make, *given, **named))
