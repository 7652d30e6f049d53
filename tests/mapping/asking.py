"""One name in a SQLite mapping: put on a plan as a command does, and asked for as a request does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.mail.domain import Domain
from autoconfig.mapping.sqlite_finder import HOLD, SqliteFinder
from autoconfig.mapping.store import Change, Journal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NAME = Domain("example.com")


def write(path: Path, plan: str) -> None:
    """Put the name on a plan, as a command does."""
    journal = Journal(f"sqlite:///{path}")
    with journal.writing() as writing:
        writing.append_one(Change(NAME.name, 1, plan, "{}"))
    journal.close()


async def until(true: Callable[[], bool]) -> None:
    """Give the loop's timers time to make it true."""
    for _ in range(200):
        if true():
            break
        await asyncio.sleep(HOLD / 2)


async def plan_of(finder: SqliteFinder) -> str | None:
    """The plan on which the name is now."""
    row = (await finder.find(NAME)).at(1)
    return row.plan if row else None
