from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_nothing_to_do(on_demo: Command) -> None:
    """A database of this release stays as it is, however often."""
    assert on_demo("db", "upgrade").out == "schema 0001: nothing to do\n"
    assert on_demo("db", "upgrade", "--json").data == {"before": "0001", "after": "0001"}
    assert len(on_demo("mapping", "list", "--json").out.splitlines()) == 8


def test_too_new(on_demo: Command, demo: Path) -> None:
    """A database of a newer release is left alone: exit code 2."""
    with closing(sqlite3.connect(demo / "mapping.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    assert "this release knows up to 0001; install a newer release" in on_demo("db", "upgrade", code=2).err


def test_missing(on_demo: Command, demo: Path) -> None:
    """A database that is not there is not made: exit code 3."""
    (demo / "mapping.db").unlink()

    assert on_demo("db", "upgrade", code=3).err == (
        f"autoconfig: {demo / 'mapping.db'}: there is no such database; `autoconfig init DIR` makes one\n"
    )
    assert not (demo / "mapping.db").exists()


def test_foreign(on_demo: Command, demo: Path) -> None:
    """Another program's database is not touched: exit code 2."""
    (demo / "mapping.db").unlink()
    with closing(sqlite3.connect(demo / "mapping.db")) as connection:
        connection.execute("CREATE TABLE mapping (name TEXT)")
    before = (demo / "mapping.db").read_bytes()

    assert "is not a mapping database of this program" in on_demo("db", "upgrade", code=2).err
    assert before == (demo / "mapping.db").read_bytes()


def test_empty(on_demo: Command, demo: Path) -> None:
    """An empty file is not ours either."""
    (demo / "mapping.db").write_bytes(b"")

    assert "is not a mapping database of this program" in on_demo("db", "upgrade", code=2).err
