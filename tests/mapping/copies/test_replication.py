from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.copies import replication
from autoconfig.mapping.copies.replication import DAY, Look, Replicator
from autoconfig.mapping.mark import heartbeat
from tests.mapping.copies.files import on, sql
from tests.mapping.copies.histories import change, generation_of, histories, numbered, replace, rows_of, write
from tests.mapping.copies.looking import looked

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mapping.schema import Record
    from tests.servers.mariadb import MariaDB
    from tests.servers.postgresql import PostgreSQL

pytestmark = pytest.mark.usefixtures("small")


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
        sql(replica, f"UPDATE mapping_replica SET verified_at = {int(time.time()) - DAY}")
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


def test_no_url(replica: Path) -> None:
    """A URL that is none is named by its setting."""
    with pytest.raises(SettingsInvalid, match="replicate_from"):
        Replicator("nonsense://", replica)


def test_a_source_that_goes_and_comes_back(replica: Path, postgresql: PostgreSQL, postgresql_url: str) -> None:
    """A central database that is away is an error with its place and without the password, and then it is followed."""
    write(postgresql_url, numbered(3))
    url = postgresql_url.replace("autoconfig@", "autoconfig:sesame@")
    with contextlib.closing(Replicator(url, replica)) as replicator:
        replicator.look()
        postgresql.stop()
        try:
            for _ in range(2):
                with pytest.raises(MappingUnavailable, match=r"127\.0\.0\.1") as caught:
                    replicator.look()
                assert "sesame" not in str(caught.value)
        finally:
            postgresql.start()
        change(postgresql_url, "new.example")
        assert Look(4, 1) == replicator.look()


def test_the_password_is_never_shown(replica: Path, mariadb: MariaDB, postgresql_url: str) -> None:
    """Neither an error nor the replica has the password of the central database."""
    url = mariadb.url("none").replace("root@", "root:sesame@")
    with pytest.raises(MappingUnavailable) as caught:
        looked(url, replica)
    looked(postgresql_url.replace("autoconfig@", "autoconfig:sesame@"), replica)  # it lets in whoever comes
    ((source,),) = sql(replica, "SELECT source FROM mapping_replica")

    assert "127.0.0.1" in str(caught.value)
    assert "127.0.0.1" in str(source)
    assert "sesame" not in str(caught.value)
    assert [path.name for path in replica.parent.iterdir() if b"sesame" in path.read_bytes()] == []
