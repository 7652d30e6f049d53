"""A row that another program wrote into a SQLite mapping: commands show it or name it, and none fails by a bug."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.record import CORRECT_IT
from tests.cli.conftest import ended
from tests.mapping.follower.files import sql
from tests.mapping.foreign_values import ROW, VALUES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

NAME = "a.example"
COMMANDS = (
    ("mapping", "list"),
    ("mapping", "list", "--json"),
    ("mapping", "history", NAME),
    ("mapping", "history", NAME, "--json"),
    ("mapping", "export", "all.csv"),
    ("mapping", "sync", "new.csv", "--dry-run"),
    ("show", f"taro@{NAME}"),
    ("show", f"taro@{NAME}", "--json"),
    ("desk", f"taro@{NAME}"),
    ("letter", f"taro@{NAME}"),
    ("plans", "check"),
    ("mapping", "backup", "all.db", "--force"),
    ("mapping", "set", NAME, "--plan", "shared-managed"),
    ("mapping", "set", "b.example", "--plan", "shared-managed"),
    ("mapping", "end", NAME),
    ("mapping", "restore", "before.db", "--yes"),
)


def write(mapping: Path, column: str, value: str) -> None:
    """Write a row in which a column has this value, an expression of SQL."""
    row = {**ROW, "id": "900", "plan": "'shared-managed'", column: value}
    sql(mapping, f"INSERT INTO mapping ({', '.join(row)}) VALUES ({', '.join(row.values())})")


@pytest.mark.parametrize(("column", "value"), VALUES.values(), ids=VALUES)
def test_every_command(
    on_demo: Command,
    demo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    column: str,
    value: str,
) -> None:
    """No command fails by a bug; those that cannot go on name the row. Once it is deleted, all is as before."""
    on_demo("mapping", "backup", tmp_path / "before.db")
    before = on_demo("mapping", "list", "--json").out
    (tmp_path / "new.csv").write_text(f"domain,plan\n{NAME},server-maintenance\n", encoding="utf-8")
    write(demo / "mapping.db", column, value)

    for arguments in COMMANDS:
        code = ended(("--config", demo / "autoconfig.toml", *arguments))
        err = capsys.readouterr().err
        assert code in {0, 1, 2}, (arguments, err)
        assert code != 2 or (CORRECT_IT in err and err.count("\n") == 1 and len(err) < 1000), (arguments, err)
        assert str(tmp_path / ".") not in err.replace(str(demo / "mapping.db"), ""), (arguments, err)

    sql(demo / "mapping.db", f"DELETE FROM mapping WHERE id = {value if column == 'id' else 900} OR id > 900")
    on_demo("mapping", "restore", tmp_path / "before.db", "--yes")
    assert on_demo("mapping", "list", "--json").out == before


def test_row_is_named(on_demo: Command, demo: Path) -> None:
    """The message has the file, the domain, the row, its column, and what to do."""
    write(demo / "mapping.db", "note", "x'ff'")

    assert on_demo("mapping", "history", NAME, code=2).err == (
        f"autoconfig: {demo}/mapping.db: {NAME}: row 900 was written by another program: "
        f"note: is a BLOB, or not in UTF-8; {CORRECT_IT}\n"
    )


def test_params_that_are_none(on_demo: Command, demo: Path, tmp_path: Path) -> None:
    """What is no JSON is shown as it is; only a file that `sync` could read is not made of it. `sync` replaces it."""
    write(demo / "mapping.db", "params", "'{oops'")
    (tmp_path / "new.csv").write_text(f"domain,plan\n{NAME},server-maintenance\n", encoding="utf-8")
    shown = on_demo("mapping", "history", NAME).out
    refused = on_demo("mapping", "export", tmp_path / "all.csv", code=2).err
    on_demo("mapping", "sync", tmp_path / "new.csv")

    assert "(the params are not JSON) = {oops" in shown
    assert f"{NAME}: row 900 was written by another program: the params are not JSON; {CORRECT_IT}" in refused
    on_demo("mapping", "export", tmp_path / "all.csv")
