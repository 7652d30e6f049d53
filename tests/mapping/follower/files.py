"""What a test does to a SQLite file that is a copy."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def on(path: Path) -> str:
    """The URL of a file."""
    return f"sqlite:///{path}"


def sql(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Do something to a file that no command does; what the last statement gives."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        return [connection.execute(statement).fetchall() for statement in statements][-1]
