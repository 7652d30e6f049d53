from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.cli import backup as module

if TYPE_CHECKING:
    from tests.cli.conftest import Command


@pytest.fixture
def file(on_demo: Command, tmp_path: Path) -> Path:
    """A backup of the demo."""
    path = tmp_path / "backup.db"
    on_demo("mapping", "backup", path)
    return path


def last_id(command: Command, name: str = "sample.co.jp") -> int:
    """Of the rows of a name."""
    return int(command("mapping", "history", name, "--json").data[-1]["id"])


def test_backup(on_demo: Command, tmp_path: Path) -> None:
    """What was written is said; a file that is there is kept unless it is said otherwise."""
    path = tmp_path / "backup.db"
    first = on_demo("mapping", "backup", path)
    assert re.fullmatch(re.escape(f"{path}: 8 rows up to 8, sha256 ") + "[0-9a-f]{64}\n", first.out)
    assert "exists already; nothing was changed" in on_demo("mapping", "backup", path, code=1).err

    on_demo("mapping", "end", "sample.co.jp")
    again = on_demo("mapping", "backup", path, "--force", "--json").data
    assert (again["rows"], again["last_id"], again["file"]) == (9, 9, str(path))


def test_restore(on_demo: Command, file: Path) -> None:
    """What would change is shown before; what was replaced is kept, and can be restored."""
    on_demo("mapping", "end", "sample.co.jp")
    shown = on_demo("mapping", "restore", file, code=1)
    assert "to restore without being asked, add --yes" in shown.err
    assert "1 row is not in the backup and would be lost, written " in shown.out
    assert re.search(r"rows +9 +8 *\nlast row +9 +8 *\nwritten +20", shown.out)
    assert last_id(on_demo) == 9

    done = on_demo("mapping", "restore", file, "--yes")
    (before,) = file.parent.glob("backup-before-*Z.db")
    assert f"now has the rows of {file}; its former rows are in {before}" in done.out
    assert last_id(on_demo) < 9

    assert on_demo("mapping", "restore", before, "--yes", "--no-backup", "--json").data == {
        "restored": True,
        "replaced": None,
        "lost": 0,
        "added": 1,
    }
    assert last_id(on_demo) == 9
    assert len(list(file.parent.glob("*before*"))) == 1


def test_nothing_to_restore(on_demo: Command, file: Path) -> None:
    """Where the mapping has these rows already nothing is written, and nothing is asked."""
    assert "already has these rows; nothing was changed" in on_demo("mapping", "restore", file).out
    assert on_demo("mapping", "restore", file, "--json").data["restored"] is False
    assert not list(file.parent.glob("*before*"))


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1)], ids=["yes", "no", "nothing"])
def test_asked(on_demo: Command, file: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int) -> None:
    """On a terminal one is asked; without a yes nothing is changed."""
    on_demo("mapping", "end", "sample.co.jp")
    terminal, ours = os.openpty()
    os.write(terminal, answer.encode())
    with os.fdopen(ours, "r", encoding="utf-8") as given:
        monkeypatch.setattr(sys, "stdin", given)
        result = on_demo("mapping", "restore", file, code=code)
    os.close(terminal)

    assert "Replace all rows of" in result.err
    assert (last_id(on_demo) == 9) is (code == 1)


def test_a_lost_file(on_demo: Command, demo: Path, file: Path) -> None:
    """Where the database is gone it is made again from the backup."""
    (demo / "mapping.db").unlink()
    done = on_demo("mapping", "restore", file)

    assert f"{demo / 'mapping.db'}: now has the rows of {file}" in done.out
    on_demo("show", "taro@sample.co.jp")


def test_no_backup_of_ours(on_demo: Command, tmp_path: Path) -> None:
    """A file that is no backup is refused with its name."""
    path = tmp_path / "rows.csv"
    path.write_text("name,plan\n" * 100, encoding="utf-8")

    assert (
        f"{path}: is damaged, or not a backup of this program"
        in on_demo("mapping", "restore", path, "--yes", code=2).err
    )
    assert "there is no such file" in on_demo("mapping", "restore", tmp_path / "none", "--yes", code=2).err


def test_what_is_replaced_has_a_name_of_its_own() -> None:
    """The backup before a restore says of what, and when."""
    assert re.fullmatch(r"/b/mapping-mon-before-\d{8}T\d{6}Z\.db", str(module._before(Path("/b/mapping-mon.db"))))


DAMAGED = {"empty": b"", "text": b"nothing of ours" * 1000, "scribbled": b"SQLite format 3\0" + b"\x5a" * 8000}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_restore_over_a_damaged_database(on_demo: Command, demo: Path, tmp_path: Path, content: bytes) -> None:
    """A database that is damaged is set aside, and made again from the backup."""
    file, mapping = tmp_path / "b.db", demo / "mapping.db"
    on_demo("mapping", "backup", file)
    before = on_demo("mapping", "list", "--json").out
    mapping.write_bytes(content)
    refused = on_demo("mapping", "restore", file, code=1)
    done = on_demo("mapping", "restore", "--yes", file)

    assert "is damaged" in refused.err
    assert "mapping.db.aside-1" in done.out
    assert (demo / "mapping.db.aside-1").read_bytes() == content
    assert on_demo("mapping", "list", "--json").out == before


def test_backup_is_noted(on_demo: Command, demo: Path, tmp_path: Path) -> None:
    """The time of a backup stands in the state folder, for the group of the server to read; a failed one's does not."""
    (demo / "state").mkdir(exist_ok=True)
    on_demo("mapping", "backup", tmp_path / "b.db")
    noted = demo / "state" / "last-backup.json"
    first = noted.read_bytes()
    on_demo("mapping", "backup", tmp_path / "b.db", code=1)

    assert json.loads(first)["file"] == str(tmp_path / "b.db")
    assert noted.stat().st_mode & 0o777 == 0o640
    assert noted.read_bytes() == first


def test_under_db(on_demo: Command, tmp_path: Path) -> None:
    """`db backup` and `db restore` do what their aliases under `mapping` do."""
    file = tmp_path / "of-db.db"
    on_demo("db", "backup", file)
    on_demo("mapping", "end", "sample.co.jp")
    on_demo("db", "restore", "--yes", file)

    assert on_demo("mapping", "show", "sample.co.jp").out
