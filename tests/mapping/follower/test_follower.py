from __future__ import annotations

import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autoconfig.errors import MappingUnavailable, SettingsInvalid
from autoconfig.mapping.copy_marker import TABLE, complaint_about
from autoconfig.mapping.copy_status import read_status
from autoconfig.mapping.follower import doubts, follower
from autoconfig.mapping.follower.follower import DAY, Follower, Look
from autoconfig.mapping.schema_version import inode_of
from tests.mapping.follower.files import on, sql
from tests.mapping.follower.histories import change, generation_of, histories, numbered, replace, rows_of, write
from tests.mapping.follower.looking import compared, looked

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mapping.record import Record
    from tests.support.servers.mariadb import MariaDB
    from tests.support.servers.postgresql import PostgreSQL

pytestmark = pytest.mark.usefixtures("small")


def test_the_first_look(url: str, following: Follower, copy: Path) -> None:
    """The first look copies all rows, whole and verified, and leaves nothing else behind."""
    write(url, numbered(25))
    look = following.look()

    assert Look(25, 25, "there was none", verified=True) == look
    assert read_status(copy).age is not None
    assert rows_of(on(copy)) == numbered(25)
    assert generation_of(on(copy)) == generation_of(url)
    following.close()
    assert sorted(path.name for path in copy.parent.iterdir()) == ["copy.db", "copy.db.follower"]
    assert copy.stat().st_mode & 0o777 == 0o640


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(history=histories(), cut=st.integers(0, 12))
def test_any_history(url: str, tmp_path: Path, history: list[Record], cut: int) -> None:
    """Whatever was written, before the first look or after it, the copy's rows are those of its source."""
    path = tmp_path / "any.db"
    for left in tmp_path.glob("any.db*"):
        left.unlink()
    replace(url, history[:cut])
    with contextlib.closing(Follower(url, path)) as following:
        following.look()
        write(url, history[cut:])
        look = following.look()

    assert history == rows_of(on(path)) == rows_of(url)
    assert look.rows == len(history[cut:])


def test_new_rows_come_together(url: str, following: Follower, copy: Path) -> None:
    """What one command wrote is never seen in part."""
    write(url, numbered(3))
    following.look()
    write(url, numbered(30, first=4))
    with contextlib.closing(sqlite3.connect(copy)) as reader:
        counts = []
        following._on_progress = lambda _what, _done, _of: counts.append(
            reader.execute("SELECT count(*) FROM mapping").fetchone()[0]
        )
        look = following.look()

    assert Look(33, 30) == look
    assert set(counts) == {3}
    assert rows_of(on(copy)) == numbered(33)


def test_a_replaced_history(url: str, following: Follower, copy: Path) -> None:
    """Where the history was replaced, by one with as many rows, the copy is made afresh, in the same file."""
    write(url, numbered(9))
    following.look()
    before = copy.stat().st_ino
    replace(url, numbered(9, "other"))
    look = following.look()

    assert Look(9, 9, "the history of the store was replaced", verified=True) == look
    assert rows_of(on(copy)) == numbered(9, "other")
    assert copy.stat().st_ino == before
    assert not list(copy.parent.glob("*.new*"))
    assert Look(9) == following.look()


def test_another_last_row(url: str, following: Follower, copy: Path) -> None:
    """A store that was set back and written again, without a word of it, is noticed by the last row."""
    write(url, numbered(9))
    following.look()
    generation = generation_of(url)
    replace(url, [*numbered(8), *numbered(4, "other", 9)], generation)
    look = following.look()

    assert look.afresh == "the store has another row with the id of its last row"
    assert rows_of(on(copy)) == rows_of(url)


def test_a_primary_that_knows_less(url: str, following: Follower, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A primary that knows less than before is waited for; it is followed only when it stays so."""
    write(url, numbered(9))
    following.look()
    seen = read_status(copy).seen
    replace(url, numbered(6), generation_of(url))

    says = "the store does not have its last row; the store is believed if this lasts 60 seconds"
    assert Look(9, behind=says) == following.look()
    assert Look(9, behind=says) == following.look()
    assert (read_status(copy).seen, read_status(copy).problem) == (seen, says)
    assert rows_of(on(copy)) == numbered(9)

    write(url, numbered(4, first=7))
    assert Look(10, 1) == following.look()

    replace(url, numbered(6), generation_of(url))
    assert following.look().behind
    monkeypatch.setattr(doubts, "PATIENCE", 0.0)
    look = following.look()
    assert look.afresh == "the store does not have its last row"
    assert rows_of(on(copy)) == numbered(6)


def test_an_emptied_source(url: str, following: Follower, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is left, nothing is left in the copy."""
    write(url, numbered(9))
    following.look()
    monkeypatch.setattr(doubts, "PATIENCE", 0.0)
    replace(url, [], generation_of(url))

    assert following.look().afresh
    assert Look(0) == following.look()
    assert rows_of(on(copy)) == []


def test_a_row_that_differs_is_found(url: str, copy: Path) -> None:
    """All rows are compared once a day, in parts; one that differs makes a new copy."""
    write(url, numbered(35))
    looked(url, copy)
    sql(copy, "UPDATE mapping SET plan = 'wrong' WHERE id = 25")
    assert looked(url, copy) == Look(35)
    sql(copy, f"UPDATE {TABLE} SET verified_at = {int(time.time() - DAY)}")
    with contextlib.closing(Follower(url, copy)) as following:
        looks = compared(following)

    assert looks == [Look(35), Look(35), Look(35, 35, "its rows differ from those of the store", verified=True)]
    assert rows_of(on(copy)) == numbered(35)


@pytest.mark.parametrize("verified_at", [5, 10**10], ids=["long ago", "in the future"])
def test_the_daily_comparison_ends(url: str, copy: Path, verified_at: int) -> None:
    """Where all is well the comparison ends, with what was there when it began, and is not begun again; it is begun
    too where the clock must have been wrong when they were last compared.
    """
    write(url, numbered(25))
    looked(url, copy)
    sql(copy, f"UPDATE {TABLE} SET verified_at = {verified_at}")
    with contextlib.closing(Follower(url, copy)) as following:
        looks = [following.look()]
        change(url, "new.example")
        looks += [following.look() for _ in range(3)]

    assert looks == [Look(25), Look(26, 1), Look(26, verified=True), Look(26)]
    ((found,),) = sql(copy, f"SELECT verified_at FROM {TABLE}")
    assert isinstance(found, int)
    assert abs(found - time.time()) < 3600


def test_compared_again_a_day_later(url: str, following: Follower, monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower that runs for long compares again by itself."""
    write(url, numbered(5))
    monkeypatch.setattr(follower, "DAY", 0.0)
    following.look()

    assert [Look(5, verified=True)] * 2 == [following.look(), following.look()]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_copy_that_is_removed(url: str, following: Follower, copy: Path) -> None:
    """A copy that somebody removed, or put another file in the place of, is made again."""
    write(url, numbered(5))
    following.look()
    copy.unlink()
    assert following.look().afresh == "there was none"
    copy.rename(copy.with_name("elsewhere"))
    copy.write_bytes(b"name,plan\n" * 99)
    assert "not a database" in (following.look().afresh or "")
    assert rows_of(on(copy)) == numbered(5)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("same", [True, False], ids=["this copy", "one before"])
def test_a_complaint_of_a_reader(url: str, following: Follower, copy: Path, same: bool) -> None:
    """A copy that a reader found damaged is made again; what it said of another one is past."""
    write(url, numbered(5))
    following.look()
    inode = inode_of(copy)
    complaint_about(copy).write_text(str(inode if same else (0, 0)))
    look = following.look()

    assert (look.afresh == f"{copy}: a reader found it damaged") is same
    assert (inode_of(copy) != inode) is same
    assert not complaint_about(copy).exists()
    assert rows_of(on(copy)) == numbered(5)


def test_no_url(copy: Path) -> None:
    """The error for an invalid URL names its setting."""
    with pytest.raises(SettingsInvalid, match="database"):
        Follower("nonsense://", copy)


def test_a_source_that_goes_and_comes_back(copy: Path, postgresql: PostgreSQL, postgresql_url: str) -> None:
    """A store that is away is an error with its place and without the password, and then it is followed."""
    write(postgresql_url, numbered(3))
    url = postgresql_url.replace("autoconfig@", "autoconfig:sesame@")
    with contextlib.closing(Follower(url, copy)) as following:
        following.look()
        postgresql.stop()
        try:
            for _ in range(2):
                with pytest.raises(MappingUnavailable, match=r"127\.0\.0\.1") as caught:
                    following.look()
                assert "sesame" not in str(caught.value)
        finally:
            postgresql.start()
        change(postgresql_url, "new.example")
        assert Look(4, 1) == following.look()


def test_the_password_is_never_shown(copy: Path, mariadb: MariaDB, postgresql_url: str) -> None:
    """Neither an error nor the copy has the password of the store."""
    url = mariadb.url("none").replace("root@", "root:sesame@")
    with pytest.raises(MappingUnavailable) as caught:
        looked(url, copy)
    looked(postgresql_url.replace("autoconfig@", "autoconfig:sesame@"), copy)  # it lets in whoever comes
    ((source,),) = sql(copy, f"SELECT source FROM {TABLE}")

    assert "127.0.0.1" in str(caught.value)
    assert "127.0.0.1" in str(source)
    assert "sesame" not in str(caught.value)
    assert [path.name for path in copy.parent.iterdir() if b"sesame" in path.read_bytes()] == []
