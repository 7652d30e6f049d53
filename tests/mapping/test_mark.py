from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.copies.replication import Replicator
from autoconfig.mapping.mark import heartbeat
from autoconfig.mapping.sqlite import SqliteFinder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOUR = 3600


def gauges(path: Path) -> Mapping[str, float]:
    """What a server says of the file that it reads."""
    finder = SqliteFinder(path)
    try:
        return finder.gauges()
    finally:
        asyncio.run(finder.close())


@pytest.fixture
def replica(path: Path, tmp_path: Path) -> Path:
    """Of an empty mapping, just made."""
    made = tmp_path / "replica.db"
    with contextlib.closing(Replicator(f"sqlite:///{path}", made)) as replicator:
        replicator.look()
    return made


def test_a_mapping_of_its_own_has_no_age(path: Path) -> None:
    """What is no replica has no age, also where a replicator's file lies beside it."""
    heartbeat(path).touch()

    assert gauges(path) == {}


@pytest.mark.parametrize(
    ("seen", "verified", "expected"),
    [(HOUR, 2 * HOUR, HOUR), (2 * HOUR, HOUR, HOUR), (None, HOUR, HOUR), (-HOUR, HOUR, 0)],
    ids=["seen last", "compared last", "no file beside", "a clock that was put back"],
)
def test_age(replica: Path, seen: int | None, verified: int, expected: int) -> None:
    """A replica is as old as the last time at which it was seen to have everything."""
    now = int(time.time())
    if seen is None:
        heartbeat(replica).unlink()
    else:
        os.utime(heartbeat(replica), (now - seen, now - seen))
    with contextlib.closing(sqlite3.connect(replica, isolation_level=None)) as connection:
        connection.execute("UPDATE mapping_replica SET verified_at = ?", (now - verified,))

    assert gauges(replica) == {"replica_age_seconds": pytest.approx(expected, abs=120)}


def test_age_of_a_mark_without_a_row(replica: Path) -> None:
    """A replica of which nothing is known is as old as can be."""
    heartbeat(replica).unlink()
    with contextlib.closing(sqlite3.connect(replica, isolation_level=None)) as connection:
        connection.execute("DELETE FROM mapping_replica")

    assert gauges(replica)["replica_age_seconds"] > 50 * 365 * 24 * HOUR
