"""Replicas of databases that standbys serve too."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import AutoconfigError, MappingUnavailable
from autoconfig.mapping.copies import replication
from autoconfig.mapping.copies.replication import Look, Replicator
from autoconfig.mapping.engine import upgrade
from autoconfig.mapping.journal import Reading
from autoconfig.mapping.mark import heartbeat
from tests.mapping.copies.files import on, sql
from tests.mapping.copies.histories import change, generation_of, numbered, replace, rows_of, write
from tests.mapping.copies.looking import looked
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import STARTING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.mariadb import MariaDB

pytestmark = pytest.mark.usefixtures("small")


@pytest.fixture
def primary(postgresql: PostgreSQL) -> Iterator[PostgreSQL]:
    """A primary of the test's own."""
    server = PostgreSQL.made(postgresql.binaries)
    yield server
    server.remove()


@pytest.fixture
def standby(primary: PostgreSQL) -> Iterator[PostgreSQL]:
    """A standby of it."""
    server = primary.standby()
    yield server
    server.remove()


def replay(standby: PostgreSQL, *, on: bool) -> None:
    """Let a standby stop where it is, or go on until it has all that it was sent."""
    with standby.connect("postgres") as connection:
        connection.execute("SELECT pg_wal_replay_resume()" if on else "SELECT pg_wal_replay_pause()")
        until = time.monotonic() + STARTING
        state = "not paused" if on else "paused"
        while connection.execute("SELECT pg_get_wal_replay_pause_state()").fetchone() != (state,):
            assert time.monotonic() < until
            time.sleep(0.02)


def caught_up(standby: PostgreSQL, url: str) -> None:
    """Wait until a standby shows what its primary has."""
    there = standby.url(url.rpartition("/")[2])
    expected, until = (generation_of(url), rows_of(url)), time.monotonic() + STARTING
    while True:
        with contextlib.suppress(AutoconfigError):
            if (generation_of(there), rows_of(there)) == expected:
                return
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("restored", [False, True], ids=["fewer rows", "the history before a restore"])
def test_a_standby_that_is_behind(
    replica: Path, primary: PostgreSQL, standby: PostgreSQL, restored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What a standby does not have yet is never taken back, however long that takes; the replica's age goes on growing.
    The primary is followed as soon as it answers, although the standby would too.
    """
    monkeypatch.setattr(replication, "PATIENCE", 0.0)
    name = primary.new_database()
    url = primary.url(name)
    both = f"postgresql://autoconfig@127.0.0.1:{standby.port},127.0.0.1:{primary.port}/{name}"
    upgrade(url)
    write(url, numbered(6))
    caught_up(standby, url)
    replay(standby, on=False)
    if restored:
        replace(url, numbered(9, "other"))
    else:
        write(url, numbered(3, first=7))
    rows = rows_of(url)
    with contextlib.closing(Replicator(both, replica)) as replicator:
        assert replicator.look().last_id == 9
        os.utime(heartbeat(replica), (5, 5))
        primary.stop()
        with pytest.raises(MappingUnavailable):
            replicator.look()  # by the connection to it
        for _ in range(3):
            look = replicator.look()
            assert look.behind is not None
            assert look.behind.startswith("a standby answers, and ")
            assert look._replace(behind=None) == Look(9)
        assert heartbeat(replica).stat().st_mtime == 5
        assert rows == rows_of(on(replica))

        primary.start()
        change(url, "new.example")
        assert Look(10, 1) == replicator.look()
    assert rows_of(url) == rows_of(on(replica))


def test_a_mariadb_replica_that_is_behind(
    replica: Path, mariadb: MariaDB, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is `read_only` takes nothing back either; what a primary says holds."""
    monkeypatch.setattr(replication, "PATIENCE", 0.0)
    write(mariadb_url, numbered(9))
    with contextlib.closing(Replicator(mariadb_url, replica)) as replicator:
        replicator.look()
        replace(mariadb_url, numbered(6, "other"))
        with mariadb.connect() as cursor:
            cursor.execute("SET GLOBAL read_only = 1")
            try:
                assert replicator.look().behind
                assert rows_of(on(replica)) == numbered(9)
            finally:
                cursor.execute("SET GLOBAL read_only = 0")
        assert replicator.look().afresh
    assert rows_of(on(replica)) == numbered(6, "other")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_waiting_for_a_standby_does_not_use_patience_up(
    url: str, replicator: Replicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A primary that knows less is given its time after a standby too, however long that was waited for."""
    monkeypatch.setattr(replication, "PATIENCE", 1e-6)  # any second look finds it at its end
    write(url, numbered(9))
    replicator.look()
    replace(url, numbered(6), generation_of(url))
    assert replicator.look().behind
    with monkeypatch.context() as only_a_standby:
        only_a_standby.setattr(Reading, "is_standby", lambda _reading: True)
        assert replicator.look().behind

    assert replicator.look().behind
    assert replicator.look().afresh


def test_a_standby_is_left(
    replica: Path, primary: PostgreSQL, standby: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A standby that has all is read while the primary is away, and left for it soon after that is back."""
    name = primary.new_database()
    url = primary.url(name)
    both = f"postgresql://autoconfig@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/{name}"
    upgrade(url)
    write(url, numbered(6))
    caught_up(standby, url)
    primary.stop()
    try:
        with contextlib.closing(Replicator(both, replica)) as replicator:
            assert Look(6, 6, "there was none", verified=True) == replicator.look()
            assert Look(6) == replicator.look()
            replay(standby, on=False)
            primary.start()
            change(url, "new.example")
            assert Look(6) == replicator.look()  # of the standby, which is not behind what is here
            monkeypatch.setattr(replication, "RECONNECT", 0.0)
            assert Look(6) == replicator.look()
            assert Look(7, 1) == replicator.look()
    finally:
        replay(standby, on=True)


def test_a_row_that_differs_is_mended_by_a_standby(replica: Path, primary: PostgreSQL, standby: PostgreSQL) -> None:
    """A standby that has the replica's last row is not behind: it mends a row that differs."""
    name = primary.new_database()
    upgrade(primary.url(name))
    write(primary.url(name), numbered(9))
    caught_up(standby, primary.url(name))
    looked(standby.url(name), replica)
    sql(replica, "UPDATE mapping SET plan = 'wrong' WHERE id = 5")

    assert looked(standby.url(name), replica, verify=True).afresh == "its rows are not those of the central database"
    assert rows_of(on(replica)) == numbered(9)
