"""Copies of databases that standbys serve too."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import AutoconfigError, MappingUnavailable
from autoconfig.mapping.copy_marker import TABLE
from autoconfig.mapping.copy_status import read_status
from autoconfig.mapping.follower import doubts, follower
from autoconfig.mapping.follower.follower import Follower, Look
from autoconfig.mapping.store import Reading
from autoconfig.mapping.store_database import upgrade
from tests.mapping.follower.files import on, sql
from tests.mapping.follower.histories import change, generation_of, numbered, replace, rows_of, write
from tests.mapping.follower.looking import age, compared, looked
from tests.support.servers.postgresql import PostgreSQL
from tests.support.servers.process import STARTING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.mariadb import MariaDB

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
    copy: Path, primary: PostgreSQL, standby: PostgreSQL, restored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    What a standby does not have yet is never taken back, however long that takes; the copy's age goes on growing.
    The primary is followed as soon as it answers, although the standby would too.
    """
    monkeypatch.setattr(doubts, "PATIENCE", 0.0)
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
    with contextlib.closing(Follower(both, copy)) as following:
        assert following.look().last_id == 9
        seen = read_status(copy).seen
        primary.stop()
        with pytest.raises(MappingUnavailable):
            following.look()  # by the connection to it
        for _ in range(3):
            look = following.look()
            assert look.behind is not None
            assert look.behind.startswith("a standby answers, and ")
            assert look._replace(behind=None) == Look(9)
        assert read_status(copy).seen == seen
        assert rows == rows_of(on(copy))

        primary.start()
        change(url, "new.example")
        assert Look(10, 1) == following.look()
    assert rows_of(url) == rows_of(on(copy))


def test_a_mariadb_standby_that_is_behind(
    copy: Path, mariadb: MariaDB, mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that is `read_only` takes nothing back either; what a primary says holds."""
    monkeypatch.setattr(doubts, "PATIENCE", 0.0)
    write(mariadb_url, numbered(9))
    with contextlib.closing(Follower(mariadb_url, copy)) as following:
        following.look()
        replace(mariadb_url, numbered(6, "other"))
        with mariadb.connect() as cursor:
            cursor.execute("SET GLOBAL read_only = 1")
            try:
                assert following.look().behind
                assert rows_of(on(copy)) == numbered(9)
            finally:
                cursor.execute("SET GLOBAL read_only = 0")
        assert following.look().afresh
    assert rows_of(on(copy)) == numbered(6, "other")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_waiting_for_a_standby_does_not_use_patience_up(
    url: str, following: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A primary that knows less is given its time after a standby too, however long that was waited for."""
    monkeypatch.setattr(doubts, "PATIENCE", 1e-6)  # any second look finds it at its end
    write(url, numbered(9))
    following.look()
    replace(url, numbered(6), generation_of(url))
    assert following.look().behind
    with monkeypatch.context() as only_a_standby:
        only_a_standby.setattr(Reading, "is_standby", lambda _reading: True)
        assert following.look().behind

    assert following.look().behind
    assert following.look().afresh


def test_a_standby_is_left(
    copy: Path, primary: PostgreSQL, standby: PostgreSQL, monkeypatch: pytest.MonkeyPatch
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
        with contextlib.closing(Follower(both, copy)) as following:
            assert Look(6, 6, "there was none", verified=True) == following.look()
            assert Look(6) == following.look()
            replay(standby, on=False)
            primary.start()
            change(url, "new.example")
            assert Look(6) == following.look()  # of the standby, which is not behind what is here
            monkeypatch.setattr(follower, "RECONNECT", 0.0)
            assert Look(6) == following.look()
            assert Look(7, 1) == following.look()
    finally:
        replay(standby, on=True)


def test_a_row_that_differs_is_mended_by_a_standby(copy: Path, primary: PostgreSQL, standby: PostgreSQL) -> None:
    """A standby that has the copy's last row is not behind: it mends a row that differs."""
    name = primary.new_database()
    upgrade(primary.url(name))
    write(primary.url(name), numbered(9))
    caught_up(standby, primary.url(name))
    looked(standby.url(name), copy)
    sql(copy, "UPDATE mapping SET plan = 'wrong' WHERE id = 5")
    age(copy)

    with contextlib.closing(Follower(standby.url(name), copy)) as following:
        assert compared(following)[-1].afresh == "its rows differ from those of the store"


def test_standbys_alone(copy: Path, primary: PostgreSQL, standby: PostgreSQL) -> None:
    """Where the URL names standbys alone, a restore of their primary is taken over, but not at once."""
    name = primary.new_database()
    url, there = primary.url(name), standby.url(name)
    upgrade(url)
    write(url, numbered(9))
    caught_up(standby, url)
    with contextlib.closing(Follower(there, copy)) as following:
        following.look()
        replace(url, numbered(6, "other"))
        caught_up(standby, url)
        look = following.look()
        assert look.behind is not None
        assert look.behind.endswith("it is believed if this lasts 3 seconds")
        assert rows_of(on(copy)) == numbered(9)
        until = time.monotonic() + STARTING
        while following.look().behind:
            assert time.monotonic() < until
            time.sleep(0.1)
    assert rows_of(on(copy)) == numbered(6, "other")


def test_a_promoted_standby(copy: Path, primary: PostgreSQL, standby: PostgreSQL) -> None:
    """A standby that is promoted is followed as the primary that it is now."""
    name = primary.new_database()
    url, there = primary.url(name), standby.url(name)
    both = f"postgresql://autoconfig@127.0.0.1:{primary.port},127.0.0.1:{standby.port}/{name}"
    upgrade(url)
    write(url, numbered(9))
    caught_up(standby, url)
    with contextlib.closing(Follower(both, copy)) as following:
        following.look()
        primary.stop()
        with pytest.raises(MappingUnavailable):
            following.look()
        assert Look(9) == following.look()
        with standby.connect("postgres") as connection:
            connection.execute("SELECT pg_promote()")
        change(there, "new.example")
        assert Look(10, 1) == following.look()


@pytest.fixture
def as_standby(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Every store is a standby, and standbys are believed as soon as they may be."""
    with monkeypatch.context() as patched:
        patched.setattr(Reading, "is_standby", lambda _reading: True)
        patched.setattr(doubts, "REPLACED", 0.0)
        yield patched


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_history_that_was_left(url: str, copy: Path, as_standby: pytest.MonkeyPatch) -> None:
    """A standby with a history that the copy had before is behind, also for a follower that was started anew."""
    write(url, numbered(9))
    looked(url, copy)
    first = generation_of(url)
    replace(url, numbered(6, "other"))
    assert looked(url, copy).afresh == "the history of the store was replaced"
    second = generation_of(url)
    replace(url, numbered(9), first)
    assert looked(url, copy).behind == (
        "a standby answers, and the history of the store was replaced; waiting for it or its primary: is the primary "
        "up?"
    )
    replace(url, numbered(6, "other"), second)
    assert Look(6) == looked(url, copy)

    as_standby.undo()
    replace(url, numbered(9), first)  # what a primary says holds
    assert looked(url, copy).afresh
    assert rows_of(on(copy)) == numbered(9)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_doubt_has_to_last(url: str, copy: Path, as_standby: pytest.MonkeyPatch) -> None:
    """Standbys that have one history and then another one are believed only when that stays the same."""
    as_standby.setattr(doubts, "REPLACED", 3600.0)
    write(url, numbered(9))
    with contextlib.closing(Follower(url, copy)) as following:
        following.look()
        replace(url, numbered(6))
        assert following.look().behind
        as_standby.setattr(doubts, "REPLACED", 1e-6)  # any second look finds it at its end
        replace(url, numbered(5))
        assert following.look().behind
        assert following.look().afresh
    assert rows_of(on(copy)) == numbered(5)


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("replaced", [True, False], ids=["another history", "the same history"])
def test_another_store(url: str, path: Path, copy: Path, as_standby: pytest.MonkeyPatch, replaced: bool) -> None:
    """
    The copy of another store is confirmed by one with the same history, also where that is behind; one with another
    history replaces it, also where that is a standby and the other one was a primary.
    """
    with as_standby.context() as primary:
        primary.setattr(Reading, "is_standby", lambda _reading: False)
        write(url, numbered(9))
        looked(url, copy)
    moved = path.rename(path.with_name("moved.db"))
    replace(on(moved), numbered(6), None if replaced else generation_of(on(moved)))
    look = looked(on(moved), copy)

    assert (look.afresh is not None, look.behind is not None) == (replaced, not replaced)
    assert sql(copy, f"SELECT source FROM {TABLE}") == [(str(moved),)]
    assert rows_of(on(copy)) == numbered(6 if replaced else 9)
