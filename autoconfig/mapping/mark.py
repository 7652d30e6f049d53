"""What tells a replica from a mapping of its own: a table in the file, and a file beside it that says when."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TABLE = "mapping_replica"
"""One row: `source`, the central database without its password, and `verified_at`, when both were last found equal
(Unix seconds). Only replicas have it, so no migration makes it."""

IS_MARKED = f"SELECT 1 FROM sqlite_schema WHERE name = '{TABLE}'"  # noqa: S608 (our own name)
SOURCE = f"SELECT source FROM {TABLE}"  # noqa: S608
_VERIFIED = f"SELECT verified_at FROM {TABLE}"  # noqa: S608


def heartbeat(path: Path) -> Path:
    """
    The file beside a replica that its replicator holds a lock on. It is touched whenever the replica is seen to have
    what the central database has: writing that into the replica would cost every reader its cache each second.
    """
    return path.with_name(f"{path.name}.replicator")


def replica_age(connection: sqlite3.Connection, path: Path) -> float | None:
    """Seconds since the file was known to have all that the central database had; `None`: it is no replica."""
    try:
        (seen,) = connection.execute(_VERIFIED).fetchone() or (0,)
    except sqlite3.Error:
        return None
    with contextlib.suppress(OSError):
        seen = max(seen, heartbeat(path).stat().st_mtime)
    return max(0.0, time.time() - seen)
