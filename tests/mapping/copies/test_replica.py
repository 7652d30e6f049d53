from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import DatabaseForeign, MappingUnavailable, Refused
from autoconfig.mapping import database
from autoconfig.mapping.copies.replication import Replicator
from autoconfig.mapping.engine import upgrade
from tests.mapping.copies.files import on, sql
from tests.mapping.copies.histories import change, numbered, replace, rows_of, write
from tests.mapping.copies.looking import looked

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("small")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_damage_is_mended(url: str, replica: Path) -> None:
    """Damage within the replica makes a new copy, under the readers of the old one."""
    write(url, numbered(3000))
    looked(url, replica)
    whole = replica.read_bytes()
    with replica.open("r+b") as file:
        file.seek(len(whole) // 2)
        file.write(b"\xff" * 16384)
    look = looked(url, replica, verify=True)

    assert look.afresh is not None
    assert rows_of(on(replica)) == numbered(3000)
    assert sql(replica, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_no_replica_is_left_alone(url: str, path: Path, replica: Path) -> None:
    """A mapping of its own, even an empty one, and any other file is never replaced."""
    upgrade(on(replica), create=True)
    before = replica.read_bytes()
    with pytest.raises(Refused, match="is no replica; nothing was changed"):
        Replicator(url, replica)
    assert replica.read_bytes() == before

    write(url, numbered(3))
    with pytest.raises(Refused, match="is no replica"):
        Replicator(url, path)

    replica.write_text("name,plan\n" * 100)
    with pytest.raises(DatabaseForeign, match="damaged, or no database"):
        Replicator(url, replica)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_two_replicators(url: str, replicator: Replicator, replica: Path) -> None:
    """A second replicator on the file is refused, for as long as the first one is there."""
    with pytest.raises(Refused, match="another replicator is at work"):
        Replicator(url, replica)
    replicator.close()
    looked(url, replica)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_folder(url: str, tmp_path: Path) -> None:
    """A folder that is not there is named."""
    with pytest.raises(MappingUnavailable, match=r"none/replica\.db\.replicator: No such file"):
        Replicator(url, tmp_path / "none" / "replica.db")


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_begun_copy_is_gone_on_with(url: str, replica: Path) -> None:
    """A copy that was interrupted goes on where it ended; one of another history is begun again."""
    write(url, numbered(30))

    class Interrupted(Exception):
        pass

    def told(what: str, done: int, _of: int) -> None:
        if (what, done) == ("copying", 14):
            raise Interrupted

    def interrupted() -> None:
        with contextlib.closing(Replicator(url, replica, told)) as replicator, pytest.raises(Interrupted):
            replicator.look()

    interrupted()
    assert not replica.exists()
    assert looked(url, replica).rows == 30 - 7  # what was told of was not committed yet

    for path in replica.parent.iterdir():
        path.unlink()
    interrupted()
    replace(url, numbered(30, "other"))
    assert looked(url, replica).rows == 30
    assert rows_of(on(replica)) == numbered(30, "other")


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("left", ["foreign", "unmarked", "old"])
def test_a_copy_that_cannot_be_gone_on_with(url: str, replica: Path, left: str) -> None:
    """Whatever lies where the copy is to be, it is made anew."""
    write(url, numbered(30))
    copy = replica.with_name("replica.db.copy")
    if left == "foreign":
        copy.write_bytes(b"nonsense" * 1000)
    elif left == "unmarked":
        upgrade(on(copy), create=True)
    else:
        looked(url, copy)
        sql(copy, "UPDATE mapping SET name = 'wrong.example' WHERE id = 3")
        if left == "old":
            with pytest.raises(MappingUnavailable, match="is not what the central database says"):
                looked(url, replica)
            assert not replica.exists()

    assert looked(url, replica).last_id == 30
    assert rows_of(on(replica)) == numbered(30)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_logs_of_a_removed_replica(url: str, replica: Path) -> None:
    """The log of a replica that was removed does no harm to the next one."""
    write(url, numbered(30))
    looked(url, replica)
    with contextlib.closing(sqlite3.connect(replica, isolation_level=None)) as open_elsewhere:
        open_elsewhere.execute("UPDATE mapping SET plan = 'wrong'")
        replica.unlink()
        assert replica.with_name("replica.db-wal").stat().st_size
        looked(url, replica)

    assert rows_of(on(replica)) == numbered(30)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_copy_left_by_a_crash(url: str, replica: Path) -> None:
    """A copy that has taken its place just before a crash is removed."""
    write(url, numbered(3))
    looked(url, replica)
    copy = replica.with_name("replica.db.copy")
    looked(url, copy)
    looked(url, replica)

    assert not copy.exists()


@pytest.mark.parametrize("engine", ["sqlite"])
def test_the_source_is_written_down(url: str, path: Path, replica: Path) -> None:
    """A replica says where its rows come from, also when that changes."""
    looked(url, replica)
    assert sql(replica, "SELECT source FROM mapping_replica") == [(str(path),)]
    moved = path.rename(path.with_name("moved.db"))
    assert looked(on(moved), replica).afresh is None

    assert sql(replica, "SELECT source FROM mapping_replica") == [(str(moved),)]


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_replica_that_is_locked(url: str, replica: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody else writes to the replica, such as `db upgrade`, that is said, and the next look gets on."""
    monkeypatch.setattr(database, "BUSY_TIMEOUT", 0.05)
    write(url, numbered(3))
    with contextlib.closing(Replicator(url, replica)) as replicator:
        replicator.look()
        change(url, "new.example")
        with contextlib.closing(sqlite3.connect(replica, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(MappingUnavailable, match=r"replica\.db: database is locked"):
                replicator.look()
        assert replicator.look().rows == 1


@pytest.mark.parametrize("engine", ["sqlite"])
@pytest.mark.parametrize("root", [True, False], ids=["root", "another user"])
def test_who_owns_it(url: str, replica: Path, root: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What root makes belongs to the owner of the folder, who serves it; others own what they make."""
    if os.geteuid() == 0:
        os.chown(replica.parent, 12345, 54321)
    folder, expected = replica.parent.stat(), (os.geteuid(), os.getegid())
    if root and os.geteuid() == 0:
        expected = (folder.st_uid, folder.st_gid)
    elif not root:
        monkeypatch.setattr("autoconfig.files.os.geteuid", lambda: 1000)
    looked(url, replica)

    owners = {(path.stat().st_uid, path.stat().st_gid) for path in replica.parent.iterdir()}
    assert owners == {expected}
