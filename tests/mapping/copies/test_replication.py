from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoconfig.errors import AutoconfigError, MappingUnavailable, SettingsInvalid
from autoconfig.mapping.copies import replica as replica_module
from autoconfig.mapping.copies import replication
from autoconfig.mapping.copies.mark import heartbeat
from autoconfig.mapping.copies.replication import DAY, Look, Replicator
from autoconfig.mapping.engine import upgrade
from autoconfig.mapping.journal import Reading
from tests.mapping.copies.histories import change, generation_of, histories, numbered, replace, rows_of, write
from tests.servers.postgresql import PostgreSQL
from tests.servers.process import STARTING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from autoconfig.mapping.schema import Record
    from tests.servers.mariadb import MariaDB


@pytest.fixture
def replica(tmp_path: Path) -> Path:
    """Where the replica is to be."""
    (tmp_path / "node").mkdir()
    return tmp_path / "node" / "replica.db"


@pytest.fixture
def replicator(url: str, replica: Path) -> Iterator[Replicator]:
    """Of the database, which is empty at first."""
    with contextlib.closing(Replicator(url, replica)) as made:
        yield made


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are many."""
    monkeypatch.setattr(replication, "BATCH", 7)
    monkeypatch.setattr(replica_module, "BATCH", 7)
    monkeypatch.setattr(replication, "STEP", 10)


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


def test_the_first_look(url: str, replicator: Replicator, replica: Path) -> None:
    """The first look copies all rows, whole and verified, and leaves nothing else behind."""
    write(url, numbered(25))
    look = replicator.look()

    assert Look(25, 25, "there was none", verified=True) == look
    assert abs(heartbeat(replica).stat().st_mtime - time.time()) < 3600
    assert rows_of(on(replica)) == numbered(25)
    assert generation_of(on(replica)) == generation_of(url)
    replicator.close()
    assert sorted(path.name for path in replica.parent.iterdir()) == ["replica.db", "replica.db.replicator"]
    assert replica.stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("small")
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(history=histories(), cut=st.integers(0, 12))
def test_any_history(url: str, tmp_path: Path, history: list[Record], cut: int) -> None:
    """Whatever was written, before the first look or after it, the replica's rows are those of its source."""
    path = tmp_path / "any.db"
    for left in tmp_path.glob("any.db*"):
        left.unlink()
    replace(url, history[:cut])
    with contextlib.closing(Replicator(url, path)) as replicator:
        replicator.look()
        write(url, history[cut:])
        look = replicator.look(verify=True)

    assert history == rows_of(on(path)) == rows_of(url)
    assert look.verified
    assert look.rows == len(history[cut:])


def test_new_rows_come_together(url: str, replicator: Replicator, replica: Path) -> None:
    """What one command wrote is never seen in part."""
    write(url, numbered(3))
    replicator.look()
    write(url, numbered(30, first=4))
    with contextlib.closing(sqlite3.connect(replica)) as reader:
        counts = []
        replicator._told = lambda _what, _done, _of: counts.append(
            reader.execute("SELECT count(*) FROM mapping").fetchone()[0]
        )
        look = replicator.look()

    assert Look(33, 30) == look
    assert set(counts) == {3}
    assert rows_of(on(replica)) == numbered(33)


def test_a_replaced_history(url: str, replicator: Replicator, replica: Path) -> None:
    """Where the history was replaced, by one with as many rows, the replica is made afresh, in the same file."""
    write(url, numbered(9))
    replicator.look()
    before = replica.stat().st_ino
    replace(url, numbered(9, "other"))
    look = replicator.look()

    assert Look(9, 9, "the history of the central database was replaced", verified=True) == look
    assert rows_of(on(replica)) == numbered(9, "other")
    assert replica.stat().st_ino == before
    assert not list(replica.parent.glob("*.copy*"))
    assert Look(9) == replicator.look()


def test_another_last_row(url: str, replicator: Replicator, replica: Path) -> None:
    """A central database that was set back and written again, without a word of it, is noticed by the last row."""
    write(url, numbered(9))
    replicator.look()
    generation = generation_of(url)
    replace(url, [*numbered(8), *numbered(4, "other", 9)], generation)
    look = replicator.look()

    assert look.afresh == "its last row is another one in the central database"
    assert rows_of(on(replica)) == rows_of(url)


def test_a_primary_that_knows_less(
    url: str, replicator: Replicator, replica: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A primary that knows less than before is waited for; it is followed only when it stays so."""
    write(url, numbered(9))
    replicator.look()
    os.utime(heartbeat(replica), (5, 5))
    replace(url, numbered(6), generation_of(url))

    says = "the central database does not have its last row; it is believed if it stays so for 60 seconds"
    assert Look(9, behind=says) == replicator.look()
    assert Look(9, behind=says) == replicator.look(verify=True)
    assert heartbeat(replica).stat().st_mtime == 5
    assert rows_of(on(replica)) == numbered(9)

    write(url, numbered(4, first=7))
    assert Look(10, 1) == replicator.look()

    replace(url, numbered(6), generation_of(url))
    assert replicator.look().behind
    monkeypatch.setattr(replication, "PATIENCE", 0.0)
    look = replicator.look()
    assert look.afresh == "the central database does not have its last row"
    assert rows_of(on(replica)) == numbered(6)


def test_an_emptied_source(url: str, replicator: Replicator, replica: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is left, nothing is left in the replica."""
    write(url, numbered(9))
    replicator.look()
    monkeypatch.setattr(replication, "PATIENCE", 0.0)
    replace(url, [], generation_of(url))

    assert replicator.look().afresh
    assert Look(0) == replicator.look()
    assert rows_of(on(replica)) == []


@pytest.mark.parametrize("verify", [True, False], ids=["asked for", "once a day"])
def test_a_row_that_differs_is_found(url: str, replica: Path, verify: bool) -> None:
    """All rows are compared, when it is asked for and once a day, in parts; one that differs makes a new copy."""
    write(url, numbered(35))
    looked(url, replica)
    sql(replica, "UPDATE mapping SET plan = 'wrong' WHERE id = 25")
    assert looked(url, replica) == Look(35)
    if not verify:
        sql(replica, "UPDATE mapping_replica SET verified_at = ?", int(time.time()) - DAY)
    with contextlib.closing(Replicator(url, replica)) as replicator:
        looks = [replicator.look(verify=verify)]
        while looks[-1] == Look(35):
            looks.append(replicator.look())

    assert looks[-1] == Look(35, 35, "its rows are not those of the central database", verified=True)
    assert len(looks) == (1 if verify else 3)
    assert rows_of(on(replica)) == numbered(35)


def test_the_daily_comparison_ends(url: str, replica: Path) -> None:
    """Where all is well the comparison ends, with what was there when it began, and is not begun again."""
    write(url, numbered(25))
    looked(url, replica)
    sql(replica, "UPDATE mapping_replica SET verified_at = 5")
    with contextlib.closing(Replicator(url, replica)) as replicator:
        looks = [replicator.look()]
        change(url, "new.example")
        looks += [replicator.look() for _ in range(3)]

    assert looks == [Look(25), Look(26, 1), Look(26, verified=True), Look(26)]
    ((verified_at,),) = sql(replica, "SELECT verified_at FROM mapping_replica")
    assert isinstance(verified_at, int)
    assert abs(verified_at - time.time()) < 3600


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


def test_no_url(replica: Path) -> None:
    """A URL that is none is named by its setting."""
    with pytest.raises(SettingsInvalid, match="replicate_from"):
        Replicator("nonsense://", replica)


def test_a_source_that_goes_and_comes_back(replica: Path, postgresql: PostgreSQL, postgresql_url: str) -> None:
    """A central database that is away is an error with its place and without the password, and then it is followed."""
    write(postgresql_url, numbered(3))
    with contextlib.closing(Replicator(postgresql_url, replica)) as replicator:
        replicator.look()
        postgresql.stop()
        try:
            for _ in range(2):
                with pytest.raises(MappingUnavailable, match=r"127\.0\.0\.1"):
                    replicator.look()
        finally:
            postgresql.start()
        change(postgresql_url, "new.example")
        assert Look(4, 1) == replicator.look()


def test_the_password_is_never_shown(replica: Path, mariadb: MariaDB) -> None:
    """Neither an error nor the replica has the password of the central database."""
    url = mariadb.url("none").replace("root@", "root:sesame@")
    with pytest.raises(MappingUnavailable) as caught:
        looked(url, replica)

    assert "sesame" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)
