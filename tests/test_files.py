from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from autoconfig.files import created, replacing, synchronize


def mode_of(path: Path) -> int:
    """Its rights."""
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    """What lies there."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def synchronized(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of what was made to last, in order."""
    found: list[str] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        found.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    return found


def test_a_new_file(tmp_path: Path, synchronized: list[str]) -> None:
    """It appears when it is whole, for its owner's eyes; it and its name outlive a power cut."""
    with replacing(tmp_path / "a") as fresh:
        fresh.write_text("text", encoding="utf-8")
        assert not (tmp_path / "a").exists()

    assert (tmp_path / "a").read_text(encoding="utf-8") == "text"
    assert mode_of(tmp_path / "a") == 0o600
    assert names(tmp_path) == ["a"]
    assert [fresh.name, tmp_path.name] == synchronized


def test_not_lasting(tmp_path: Path, synchronized: list[str]) -> None:
    """Who must not wait for the disk does not."""
    with replacing(tmp_path / "a", lasting=False):
        pass

    assert names(tmp_path) == ["a"]
    assert synchronized == []


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644], ids=oct)
def test_rights_and_owner_stay(tmp_path: Path, mode: int) -> None:
    """A file that is replaced keeps its rights and its owner; under a link, the file itself is replaced."""
    (tmp_path / "a").touch()
    (tmp_path / "a").chmod(mode)
    owner = (os.geteuid(), os.getegid())
    if os.geteuid() == 0:
        owner = (12345, 54321)
        os.chown(tmp_path / "a", *owner)
    (tmp_path / "link").symlink_to("a")
    with replacing(tmp_path / "link") as fresh:
        fresh.write_text("text", encoding="utf-8")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_text(encoding="utf-8") == "text"
    assert mode == mode_of(tmp_path / "a")
    assert owner == ((tmp_path / "a").stat().st_uid, (tmp_path / "a").stat().st_gid)


def test_an_error(tmp_path: Path) -> None:
    """Where an error comes, the file is what it was, and nothing is left beside."""

    class Interrupted(BaseException):
        pass

    def interrupted() -> None:
        with replacing(tmp_path / "a") as fresh:
            fresh.write_text("new", encoding="utf-8")
            raise Interrupted

    (tmp_path / "a").write_text("old", encoding="utf-8")
    with pytest.raises(Interrupted):
        interrupted()

    assert (tmp_path / "a").read_text(encoding="utf-8") == "old"
    assert names(tmp_path) == ["a"]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """A folder in its place, and one that is not there, are errors that leave nothing behind."""
    (tmp_path / "a").mkdir()
    for path in (tmp_path / "a", tmp_path / "none" / "a"):
        with pytest.raises(OSError, match="directory"), replacing(path):
            pass

    assert names(tmp_path) == ["a"]


def test_links_in_a_circle(tmp_path: Path) -> None:
    """A link that leads nowhere is an error or is replaced, and never the end of the program."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"), replacing(tmp_path / "a"):
        pass

    assert names(tmp_path) == ["a", "b"]


def test_a_folder_that_cannot_be_synchronized(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in place is in place, on file systems too that do not know this of folders."""

    def refusing(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refusing)
    with replacing(tmp_path / "a"):
        pass
    with pytest.raises(OSError, match="Invalid"):
        synchronize(tmp_path)

    assert names(tmp_path) == ["a"]


def test_created(tmp_path: Path) -> None:
    """A new file is for its owner and group; one that is there stays as it is."""
    created(tmp_path / "a")
    assert mode_of(tmp_path / "a") == 0o640
    (tmp_path / "a").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError):
        created(tmp_path / "a")

    assert (tmp_path / "a").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("root", [True, False], ids=["root", "another user"])
def test_who_owns_it(tmp_path: Path, root: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What root makes belongs to the owner of the folder, who serves it; others own what they make."""
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 54321)
    folder, expected = tmp_path.stat(), (os.geteuid(), os.getegid())
    if root and os.geteuid() == 0:
        expected = (folder.st_uid, folder.st_gid)
    elif not root:
        monkeypatch.setattr("autoconfig.files.os.geteuid", lambda: 1000)
    created(tmp_path / "a")

    assert expected == ((tmp_path / "a").stat().st_uid, (tmp_path / "a").stat().st_gid)
