from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


def test_nothing_to_do(on_demo: Command) -> None:
    """A database of this release stays as it is, however often."""
    assert on_demo("db", "upgrade").out == "schema 0002: nothing to do\n"
    assert on_demo("db", "upgrade", "--json").data == {"before": "0002", "after": "0002"}
    assert len(on_demo("mapping", "list", "--json").out.splitlines()) == 8


def change(demo: Path, *statements: str) -> None:
    """Make the database look as another release made it."""
    with closing(sqlite3.connect(demo / "mapping.db", isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_older(on_demo: Command, demo: Path) -> None:
    """A database of the release before is brought to this one, with all its rows."""
    change(demo, "DROP TABLE mapping_state", "UPDATE alembic_version SET version_num = '0001'")
    assert "run `autoconfig db upgrade`" in on_demo("mapping", "list", code=2).err

    assert on_demo("db", "upgrade").out == "schema 0001 → 0002\n"
    assert len(on_demo("mapping", "list", "--json").out.splitlines()) == 8


def test_newer(on_demo: Command, demo: Path) -> None:
    """A database of a newer release that this one can use is used, and not changed."""
    change(demo, "UPDATE alembic_version SET version_num = '9999'")

    assert on_demo("db", "upgrade").out == "schema 9999: nothing to do\n"
    on_demo("mapping", "set", "new.example", "--plan", "shared-managed")
    assert len(on_demo("mapping", "list", "--json").out.splitlines()) == 9


def test_too_new(on_demo: Command, demo: Path) -> None:
    """A database of a newer release that needs newer programs is left alone: exit code 2."""
    change(demo, "UPDATE alembic_version SET version_num = '9999'", "UPDATE mapping_state SET needs = '9999'")

    assert "this release knows up to 0002; install a newer release" in on_demo("db", "upgrade", code=2).err


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
