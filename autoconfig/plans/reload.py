"""
Keep the plans of a running server up to date with plans.toml; a bad file never replaces a good one.

The state folder has a copy of what was last loaded: a process that starts while plans.toml is bad serves that copy.
Files are read and written in a thread: a thousand plans take a sixth of a second, and requests must not wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from autoconfig.errors import Fault, MappingUnavailable, PlansInvalid
from autoconfig.file_watch import Watched
from autoconfig.files import replacing
from autoconfig.plans.reading import read_file

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from autoconfig.plans.plan_set import Plans

    InUse = Callable[[frozenset[str]], Awaitable[frozenset[str]]]
    """Returns which of these plans current or scheduled rows use."""
    Check = Callable[[Plans], Sequence[Fault]]
    """Returns why the settings do not allow these plans (`resolver.Policy.faults`)."""

QUIET = 2.0
"""Seconds that a changed file must stay unchanged before it is read: editors save in steps."""

COPY_NAME = "plans.toml"


class PlansFile:
    """plans.toml, watched. `current` is always a good set of plans."""

    def __init__(
        self,
        path: Path,
        state_dir: Path,
        in_use: InUse,
        check: Check,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Store the paths; `start` reads the file.

        Args:
            path: plans.toml.
            state_dir: the folder for the copy of what was last loaded.
            in_use: asks the mapping; a plan that it returns may not be dropped.
            check: a start or a reload refuses plans in which it finds a fault.
            clock: returns seconds and never goes back.
        """
        self._check = check
        self.path, self.copy = path, state_dir / COPY_NAME
        self.fault: PlansInvalid | None = None
        """Why the current file is not served, if it is not."""
        self._current: Plans | None = None
        self._in_use = in_use
        self._watched = Watched([path], QUIET, clock)
        self._loading = asyncio.Lock()

    @property
    def current(self) -> Plans:
        """The plans to serve."""
        if self._current is None:
            raise RuntimeError("start() was not awaited")
        return self._current

    async def start(self, *, keep: bool = True) -> None:
        """
        Load the file; if a reload would refuse it, load the copy of what was last loaded.

        With `keep` that copy is renewed. So a process that starts later than others serves the same plans.

        Raises:
            PlansInvalid: the file is bad, and no copy that the settings allow exists.
        """
        self._watched.note()
        kept = None
        with contextlib.suppress(PlansInvalid):
            kept = await asyncio.to_thread(read_file, self.copy)
        try:
            await self._take(await self._read(kept), keep=keep)
        except PlansInvalid as error:
            if kept is None or self._check(kept):
                raise
            self._current, self.fault = kept, error

    async def tick(self) -> bool:
        """Load the file if it changed and then stayed unchanged for `QUIET`. Return whether it was read."""
        if due := self._watched.due():
            await self.reload()
        return due

    async def reload(self) -> None:
        """Load the file now, after any reload that is under way. A bad file only sets `fault`."""
        async with self._loading:
            self._watched.note()
            try:
                await self._take(await self._read(self.current))
            except PlansInvalid as error:
                self.fault = error

    async def _read(self, before: Plans | None) -> Plans:
        """
        Read the plans of the file, and check that they can replace `before`.

        Raises:
            PlansInvalid: they cannot.
        """
        plans = await asyncio.to_thread(read_file, self.path)
        faults = list(self._check(plans))
        dropped = frozenset(before.plans.keys() - plans.plans.keys()) if before else frozenset()
        try:
            lost = await self._in_use(dropped) if dropped else frozenset()
        except MappingUnavailable as error:
            self._watched.again()
            problem = "was removed, and the mapping database cannot be asked whether rows use it"
            faults += _each(dropped, problem, "the server asks again by itself")
            raise PlansInvalid(str(self.path), faults) from error
        faults += _each(lost, "was removed, but current or scheduled rows use it", "move them to another plan first")
        if faults:
            raise PlansInvalid(str(self.path), faults)
        return plans

    async def _take(self, plans: Plans, *, keep: bool = True) -> None:
        self._current, self.fault = plans, None
        if not keep:
            return
        # The server can do without the copy; the folder may be read-only.
        with contextlib.suppress(OSError):
            await asyncio.to_thread(_replace, self.copy, plans.source)


def _each(keys: frozenset[str], problem: str, remedy: str) -> list[Fault]:
    return [Fault(f"plans.{key}", problem, remedy) for key in sorted(keys)]


def _replace(path: Path, content: bytes) -> None:
    """Write the whole file or nothing, even if other processes write it too."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as fresh:
        fresh.write_bytes(content)
