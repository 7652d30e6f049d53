"""Looks of a replicator, and what a test does to a replica."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from autoconfig.mapping.copies.replication import Look, Replicator

if TYPE_CHECKING:
    from pathlib import Path


def on(path: Path) -> str:
    """The URL of a file."""
    return f"sqlite:///{path}"


def sql(path: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    """Do something to a file that no command does."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return connection.execute(statement, values).fetchall()


def looked(url: str, path: Path, *, verify: bool = False) -> Look:
    """One look of a replicator that begins and ends with it."""
    with contextlib.closing(Replicator(url, path)) as replicator:
        return replicator.look(verify=verify)
