from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import InputInvalid, MappingUnavailable, Refused
from autoconfig.mapping.backup import backup as module
from autoconfig.mapping.backup.backup import backup
from autoconfig.mapping.schema_version import APPLICATION_ID
from tests.mapping.follower.files import on, sql
from tests.mapping.follower.histories import generation_of, numbered, replace, rows_of, write

if TYPE_CHECKING:
    from pathlib import Path

    from autoconfig.mapping.digest import Digest


def test_the_file(url: str, file: Path) -> None:
    """A backup is a single SQLite mapping without a log, readable only by its owner."""
    write(url, numbered(5))
    backup(url, file)

    assert [path.name for path in file.parent.iterdir()] == ["backup.db"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert sql(file, "PRAGMA journal_mode") == [("delete",)]
    assert sql(file, "PRAGMA application_id") == [(APPLICATION_ID,)]
    assert sql(file, "PRAGMA integrity_check") == [("ok",)]
    assert generation_of(on(file)) == generation_of(url)
    assert rows_of(on(file)) == numbered(5)


@pytest.mark.parametrize("engine", ["sqlite"])
def test_never_over_a_file(url: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is there is replaced only with `force`, also one that appears meanwhile; nothing is left beside."""
    file.write_text("mine")
    with pytest.raises(Refused, match="exists already"):
        backup(url, file)
    assert file.read_text() == "mine"
    file.unlink()
    whole = module._finished

    def finished(*arguments: object) -> Digest:
        file.write_text("yours")
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_finished", finished)
    with pytest.raises(Refused, match="exists already"):
        backup(url, file)
    assert file.read_text() == "yours"
    backup(url, file, force=True)
    assert rows_of(on(file)) == []
    assert [path.name for path in file.parent.iterdir()] == ["backup.db"]


@pytest.mark.parametrize("name", ["itself", "link", "hard link", "other way", "log", "shared", "journal"])
def test_never_over_the_mapping(path: Path, file: Path, name: str) -> None:
    """The mapping itself, by whatever name, and what SQLite keeps beside it are never replaced, also with `force`."""
    write(on(path), numbered(5))
    link = file.parent / "link.db"
    link.symlink_to(path)
    hard = file.parent / "hard.db"
    hard.hardlink_to(path)
    targets = {
        "itself": path,
        "link": link,
        "hard link": hard,
        "other way": file.parent / ".." / path.name,
        "log": path.with_name(f"{path.name}-wal"),
        "shared": path.with_name(f"{path.name}-shm"),
        "journal": path.with_name(f"{path.name}-journal"),
    }
    with contextlib.closing(sqlite3.connect(path)) as reader:
        reader.execute("SELECT count(*) FROM mapping").fetchall()
        inode, there = path.stat().st_ino, sorted(path.parent.iterdir())
        with pytest.raises(Refused, match="is the mapping itself, or one of its files; nothing was changed"):
            backup(on(path), targets[name], force=True)

        assert inode == path.stat().st_ino
        assert there == sorted(path.parent.iterdir())
    assert sql(path, "PRAGMA journal_mode") == [("wal",)]


def test_another_backup_keeps_its_rights(path: Path, file: Path) -> None:
    """Who could read the backup from before can read the new one."""
    backup(on(path), file)
    file.chmod(0o640)
    backup(on(path), file, force=True)

    assert file.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("engine", ["sqlite"])
def test_a_folder_that_is_not_there(url: str, tmp_path: Path) -> None:
    """If the file cannot be written, the error says so."""
    with pytest.raises(InputInvalid, match=r"none/backup\.db: cannot be written: No such file"):
        backup(url, tmp_path / "none" / "backup.db")


@pytest.mark.parametrize("error", [sqlite3.OperationalError("full"), OSError(28, "full")], ids=["sqlite", "system"])
def test_a_disk_that_is_full(path: Path, file: Path, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup that could not be written leaves no file, and the error says so."""

    def full(*_arguments: object) -> Digest:
        raise error

    monkeypatch.setattr(module, "_finished", full)
    with pytest.raises(InputInvalid, match=r"backup\.db: cannot be written: full"):
        backup(on(path), file)

    assert not list(file.parent.iterdir())


def test_a_history_that_is_replaced_meanwhile(url: str, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backup whose rows the database does not have any more is not kept."""
    write(url, numbered(5))
    whole = module._finished

    def finished(*arguments: object) -> Digest:
        replace(url, numbered(5, "other"))
        return whole(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_finished", finished)
    with pytest.raises(MappingUnavailable, match="would differ from"):
        backup(url, file)

    assert not list(file.parent.iterdir())
