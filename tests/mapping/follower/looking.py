"""Looks of a follower."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from autoconfig.mapping.copy_marker import TABLE
from autoconfig.mapping.follower.follower import Follower, Look
from tests.mapping.follower.files import sql

if TYPE_CHECKING:
    from pathlib import Path


def looked(url: str, path: Path) -> Look:
    """One look of a follower that begins and ends with it."""
    with contextlib.closing(Follower(url, path)) as following:
        return following.look()


def compared(following: Follower) -> list[Look]:
    """Looks until all rows were compared, or the copy was made anew."""
    looks = [following.look()]
    while not looks[-1].verified:
        looks.append(following.look())
    return looks


def age(path: Path) -> None:
    """Let a copy forget that it was compared: that is due at the next start of its follower."""
    sql(path, f"UPDATE {TABLE} SET verified_at = 5")
