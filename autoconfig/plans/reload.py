"""
Keeps the plans of a running server up to date with plans.toml, and never takes a bad file for a good one.

What was loaded last is kept in the state folder: a process that starts while plans.toml is bad serves from that copy.
Files are read and written in a thread: a thousand plans take a sixth of a second, in which requests are answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from autoconfig.errors import Fault, MappingUnavailable, PlansInvalid, PlanUnusable
from autoconfig.files import replacing
from autoconfig.plans.reading import read_file
from autoconfig.watching import Watched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from autoconfig.plans.book import Plans

    InUse = Callable[[frozenset[str]], Awaitable[frozenset[str]]]
    """Which of these plans do current or scheduled rows use?"""

QUIET = 2.0
"""Seconds for which a changed file must have stayed the same before it is read: editors save in steps."""

COPY_NAME = "plans.toml"


class PlansFile:
    """plans.toml, watched. `current` is always a good set of plans."""

    def __init__(
        self,
        path: Path,
        state_dir: Path,
        in_use: InUse,
        clock: Callable[[], float] = time.monotonic,
        *,
        default: str | None = None,
    ) -> None:
        """Nothing is read before `start`. `default` is the key of the default plan, which no reload may spoil."""
        self._default = default
        self.path, self.copy = path, state_dir / COPY_NAME
        self.fault: PlansInvalid | None = None
        """Why the file as it is now is not served, if it is not."""
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

    async def start(self) -> None:
        """
        Load the file; where it is bad, the copy of what was loaded last.

        Raises:
            PlansInvalid: the file is bad and there is no good copy.
        """
        self._watched.note()
        kept = None
        with contextlib.suppress(PlansInvalid):
            kept = await asyncio.to_thread(read_file, self.copy)
        try:
            await self._take(await self._read(kept))
        except PlansInvalid as error:
            if kept is None:
                raise
            self._current, self.fault = kept, error

    async def tick(self) -> bool:
        """Look at the file; load it when it has changed and then been left alone for `QUIET`. Whether it was judged."""
        if due := self._watched.due():
            await self.reload()
        return due

    async def reload(self) -> None:
        """Load the file now, once an earlier reload has ended. A bad one changes nothing but `fault`."""
        async with self._loading:
            self._watched.note()
            try:
                plans = await self._read(self.current)
                self._keep_default(plans)
                await self._take(plans)
            except PlansInvalid as error:
                self.fault = error

    async def _read(self, before: Plans | None) -> Plans:
        plans = await asyncio.to_thread(read_file, self.path)
        dropped = frozenset(before.plans.keys() - plans.plans.keys()) if before else frozenset()
        try:
            lost = await self._in_use(dropped) if dropped else frozenset()
        except MappingUnavailable as error:
            self._watched.again()
            problem = "is gone, and the mapping database cannot say whether rows use it"
            raise self._refusal(dropped, problem, "it is asked again by itself") from error
        if lost:
            problem = "is gone, but current or scheduled rows of the mapping use it"
            raise self._refusal(lost, problem, "move them to another plan first")
        return plans

    def _keep_default(self, plans: Plans) -> None:
        """See that the plan of all domains without a row is still there, and needs no row."""
        if self._default is not None:
            try:
                plans.check_default(self._default)
            except PlanUnusable as error:
                raise self._refusal(frozenset({self._default}), str(error), "it is the default_plan") from error

    def _refusal(self, keys: frozenset[str], problem: str, remedy: str) -> PlansInvalid:
        return PlansInvalid(str(self.path), [Fault(f"plans.{key}", problem, remedy) for key in sorted(keys)])

    async def _take(self, plans: Plans) -> None:
        self._current, self.fault = plans, None
        # Serving goes on without the copy; the folder may be read-only.
        with contextlib.suppress(OSError):
            await asyncio.to_thread(_replace, self.copy, plans.source)


def _replace(path: Path, content: bytes) -> None:
    """Write the whole file or nothing, whoever else writes it too."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == content:
            return
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as fresh:
        fresh.write_bytes(content)
