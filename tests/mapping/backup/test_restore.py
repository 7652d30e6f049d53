from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from sqlalchemy import create_engine

from autoconfig.errors import InputInvalid, MappingUnavailable, Refused
from autoconfig.mapping import schema_version
from autoconfig.mapping import store_database as engine_module
from autoconfig.mapping.backup import restore as restoring
from autoconfig.mapping.backup.backup import backup
from autoconfig.mapping.backup.restore import make, opened
from autoconfig.mapping.database_location import DatabaseLocation
from autoconfig.mapping.digest import Digest
from autoconfig.mapping.follower.follower import Follower
from autoconfig.mapping.schema_version import APPLICATION_ID
from tests.mapping.backup.restoring import restored
from tests.mapping.follower.files import on
from tests.mapping.follower.histories import change, generation_of, histories, numbered, replace, rows_of, write

if TYPE_CHECKING:
    from autoconfig.mapping.record import Record


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(history=histories(), other=histories())
def test_any_history(url: str, file: Path, history: list[Record], other: list[Record]) -> None:
    """Whatever was backed up comes back, whatever was written since: the same rows under a new generation."""
    replace(url, history)
    digest = backup(url, file, force=True)
    replace(url, other)
    generation = generation_of(url)
    found = restored(url, file)

    assert Digest.of(history) == digest
    assert history == rows_of(on(file)) == rows_of(url)
    assert generation_of(url) not in {generation, generation_of(on(file))}
    assert (found.lost, found.added) == (len({*other} - {*history}), len({*history} - {*other}))
    assert (found.rows, found.restored_rows) == (len(other), len(history))


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_backup_of_a_local_copy(url: str, file: Path, tmp_path: Path) -> None:
    """A backup that a node makes of its local copy is a mapping that can be written to."""
    write(url, numbered(5))
    local = tmp_path / "local.db"
    with contextlib.closing(Follower(url, local)) as following:
        following.look()
    backup(on(local), file)
    change(on(file), "new.example")

    assert rows_of(on(file))[:5] == numbered(5)
    with pytest.raises(Refused, match=f"is a copy of {tmp_path}/mapping.db; nothing was written"):
        restored(on(local), file)


def test_a_locked_backup(path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup that somebody else keeps for himself is named."""
    monkeypatch.setattr(schema_version, "BUSY_TIMEOUT", 0.05)
    backup(on(path), file)
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("CREATE TABLE x (y)")
        with pytest.raises(InputInvalid, match=r"backup\.db: cannot be read: database is locked"), opened(file):
            pytest.fail("it was opened")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_an_old_backup(url: str, file: Path) -> None:
    """The backup of an older release is upgraded in a copy, and is itself left as it was."""
    migrations = Config()
    migrations.set_main_option("script_location", str(Path(engine_module.__file__).parent / "migrations"))
    old = create_engine(on(file))
    with old.begin() as connection:
        migrations.attributes["connection"] = connection
        command.upgrade(migrations, "0001")
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        marks = ",".join("?" * 8)
        connection.exec_driver_sql(f"INSERT INTO mapping VALUES ({marks})", [tuple(row) for row in numbered(3)])
    old.dispose()
    before = file.read_bytes()
    restored(url, file)

    assert rows_of(url) == numbered(3)
    assert file.read_bytes() == before


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_database_in_use_can_be_restored_from(url: str, fresh: Path, tmp_path: Path) -> None:
    """The file of another mapping, whose last rows are in its log, serves as a backup."""
    other = tmp_path / "other.db"
    other.write_bytes(fresh.read_bytes())
    with contextlib.closing(sqlite3.connect(other)) as reader:
        reader.execute("SELECT count(*) FROM mapping").fetchall()
        write(on(other), numbered(3))
        restored(url, other)

    assert rows_of(url) == numbered(3)


def test_written_meanwhile(url: str, file: Path) -> None:
    """What was written after the comparison is not lost unseen: the restore is refused."""
    write(url, numbered(5))
    backup(url, file)
    change(url, "a.example")
    with pytest.raises(Refused, match="has changed in the meantime; nothing was changed"):
        restored(url, file, meanwhile=lambda: change(url, "b.example"))

    assert len(rows_of(url)) == 7


def test_what_is_replaced_is_kept(url: str, file: Path, tmp_path: Path) -> None:
    """What a restore replaces is in a backup before, from which it comes back."""
    write(url, numbered(5))
    backup(url, file)
    change(url, "a.example")
    rows, before = rows_of(url), tmp_path / "before.db"
    found = restored(url, file, before)
    assert rows_of(url) == numbered(5)
    assert (found.lost, found.added, found.last_id, found.restored_last_id) == (1, 0, 6, 5)
    assert (found.lost_since, found.restored_written_at) == (rows[-1].recorded_at, rows[4].recorded_at)

    restored(url, before)
    assert rows == rows_of(url)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_standby_that_is_behind(url: str, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where what is to be replaced was not kept whole, nothing is replaced."""
    write(url, numbered(5))
    backup(url, file)
    change(url, "a.example")
    rows, before = rows_of(url), tmp_path / "before.db"

    def behind(_url: str, target: Path, **_told: object) -> Digest:
        target.touch()
        return Digest.of(numbered(5))

    monkeypatch.setattr(restoring, "backup", behind)
    with pytest.raises(MappingUnavailable, match="read from a standby that is behind; nothing was changed"):
        restored(url, file, before)

    assert rows == rows_of(url)
    assert not before.exists()


def test_ids_that_mean_something_else(url: str, file: Path) -> None:
    """Rows that differ are lost and added, also under one id."""
    write(url, numbered(5))
    backup(url, file)
    replace(url, [*numbered(3), *numbered(3, "other", 4)])
    found = restored(url, file)

    assert (found.lost, found.added) == (3, 2)


def test_a_database_that_does_not_give_back_what_it_got(url: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that changes what is written to it is found out, and keeps what it had."""
    write(url, numbered(5))
    backup(url, file)
    change(url, "a.example")
    rows, whole = rows_of(url), Digest.passing
    monkeypatch.setattr(
        Digest, "passing", lambda digest, given: (row._replace(note="x") for row in whole(digest, given))
    )
    with pytest.raises(MappingUnavailable, match="the rows read back differ"):
        restored(url, file)

    assert rows == rows_of(url)


def test_make(path: Path, file: Path) -> None:
    """A lost file is created again, even if its log is left; if that fails, the error says so."""
    write(on(path), numbered(5))
    backup(on(path), file)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as lost:
        lost.execute("DELETE FROM mapping")
        path.unlink()
        with opened(file) as rows:
            make(path, rows)
            with pytest.raises(InputInvalid, match=r"none/mapping\.db: cannot be written"):
                make(path.parent / "none" / "mapping.db", rows)

    assert rows_of(on(path)) == numbered(5)
    assert generation_of(on(path)) != generation_of(on(file))
    assert path.stat().st_mode & 0o777 == 0o640
    assert not list(path.parent.glob("*.restoring*"))


def test_make_beside_a_journal(path: Path, file: Path, tmp_path: Path) -> None:
    """What a change that was never ended has left of a file that is gone does no harm to the next one."""
    write(on(path), numbered(5))
    backup(on(path), file)
    path.unlink()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as lost:
        lost.execute("PRAGMA cache_size = 1")  # so that it is written before the end, and the journal is valid
        lost.execute("CREATE TABLE other (text TEXT)")
        lost.executemany("INSERT INTO other VALUES (?)", [("x" * 1000,)] * 100)
        lost.execute("BEGIN")
        lost.execute("UPDATE other SET text = upper(text)")
        left = path.with_name(f"{path.name}-journal").rename(tmp_path / "left")
        path.unlink()
    left.rename(path.with_name(f"{path.name}-journal"))
    with opened(file) as rows:
        make(path, rows)

    assert rows_of(on(path)) == numbered(5)


READER = """
import asyncio, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from autoconfig.mail.domain import Domain
from autoconfig.mapping.copy_finder import CopyFinder
from autoconfig.mapping.sqlite_finder import SqliteFinder

async def read(path, stop, store):
    finder, found = CopyFinder(path, store) if store else SqliteFinder(path), set()
    while not stop.exists():
        for number in range(1, 600, 7):
            row = (await finder.find(Domain(f"n{number}.example"))).at(10**6)
            found.add(row.plan if row else None)
        await asyncio.sleep(0.001)
        await finder.watch()
    print(sorted(found, key=str))

asyncio.run(read(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
"""


def test_servers_go_on(path: Path, tmp_path: Path) -> None:
    """
    Who reads the file, as a server does, goes on over restores that make it larger and smaller, and so
    does the reader of a local copy that is made afresh each time; both see whole histories only.
    """
    local, stop, large, small = (tmp_path / name for name in ("local.db", "stop", "large.db", "small.db"))
    write(on(path), numbered(20_000, "large"))
    backup(on(path), large)
    replace(on(path), numbered(700, "small"))
    backup(on(path), small)
    following = Follower(on(path), local)
    following.look()
    readers = [
        subprocess.Popen([sys.executable, "-c", READER, str(read), str(stop), store], stdout=subprocess.PIPE, text=True)
        for read, store in ((path, ""), (local, DatabaseLocation.parse(on(path)).shown))
    ]
    sizes = set()
    for _ in range(3):
        for file in (large, small):
            restored(on(path), file)
            assert following.look().afresh
            sizes |= {path.stat().st_size, local.stat().st_size}
            time.sleep(0.2)
    stop.touch()
    said = [reader.communicate(timeout=60)[0] for reader in readers]
    following.close()

    assert [reader.returncode for reader in readers] == [0, 0]
    assert said == ["['large', 'small']\n"] * 2
    assert max(sizes) > 10 * min(sizes)


def test_left_overs_of_killed_restores(path: Path, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next restore removes what killed ones left, and nothing that another one uses."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    backup(f"sqlite:///{path}", file)
    left = tmp_path / "autoconfig-restore-left"
    left.mkdir()
    (left / "mapping.db").write_bytes(b"x")
    with opened(file):
        (used,) = tmp_path.glob("autoconfig-restore-*")
        with opened(file):
            both = set(tmp_path.glob("autoconfig-restore-*"))

    assert used != left
    assert used in both
    assert len(both) == 2
    assert not list(tmp_path.glob("autoconfig-restore-*"))


def test_many_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Restores that begin at the same moment do not remove each other's folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def use(_: int) -> bool:
        with restoring._temporary_folder() as folder:
            return Path(folder).is_dir()

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(use, range(2_000)))
    assert list(tmp_path.iterdir()) == []
