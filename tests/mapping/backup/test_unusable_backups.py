"""Files that are not restored: damaged, of other programs, or with values that no command writes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import DatabaseForeign, InputInvalid, SchemaTooNew
from autoconfig.mapping.backup.backup import backup
from autoconfig.mapping.backup.restore import opened
from tests.mapping.backup.restoring import restored
from tests.mapping.follower.files import on, sql
from tests.mapping.follower.histories import numbered, rows_of, write
from tests.mapping.foreign_values import ROW, VALUES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _missing(file: Path) -> None:
    file.unlink()


def _a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _text(file: Path) -> None:
    file.write_text("name,plan\n" * 100)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _cut_off(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 8192)


def _another_program(file: Path) -> None:
    sql(file, "PRAGMA application_id = 0")


def _no_rows(file: Path) -> None:
    sql(file, "DROP TABLE mapping")


def _newer(file: Path) -> None:
    sql(file, "UPDATE alembic_version SET version_num = '9999'", "UPDATE mapping_state SET needs = '9999'")


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (_missing, InputInvalid),
        (_a_folder, InputInvalid),
        (_text, DatabaseForeign),
        (_empty, DatabaseForeign),
        (_cut_off, DatabaseForeign),
        (_another_program, DatabaseForeign),
        (_no_rows, DatabaseForeign),
        (_newer, SchemaTooNew),
    ],
    ids=lambda value: value.__name__.strip("_"),
)
def test_what_is_no_backup(path: Path, file: Path, spoil: Callable[[Path], None], error: type[Exception]) -> None:
    """A file that is damaged or not a backup of this program is named and not restored."""
    write(on(path), numbered(600))
    backup(on(path), file)
    spoil(file)
    with pytest.raises(error, match=r"backup\.db: "), opened(file):
        pytest.fail("it was opened")


@pytest.mark.parametrize(("column", "value"), VALUES.values(), ids=VALUES)
def test_values(path: Path, file: Path, column: str, value: str) -> None:
    """Every value has the type, the range and the encoding that commands write; the error names row and column."""
    write(on(path), numbered(3))
    backup(on(path), file)
    row = ", ".join({**ROW, column: value}.values())
    sql(file, f"INSERT INTO mapping ({', '.join(ROW)}) VALUES ({row})")

    with pytest.raises(DatabaseForeign) as caught:
        restored(on(path), file)
    assert f"{file}: is damaged, or not a backup of this program" in str(caught.value)
    assert f": {column}: " in str(caught.value)
    assert rows_of(on(path)) == numbered(3)


def test_values_that_are_right(path: Path, file: Path) -> None:
    """The row that the other test spoils is restored as it is."""
    backup(on(path), file)
    sql(file, f"INSERT INTO mapping ({', '.join(ROW)}) VALUES ({', '.join(ROW.values())})")
    restored(on(path), file)

    assert [row.name for row in rows_of(on(path))] == ["a.example"]


_ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 'a.example' name, 1 valid_from"
)

COMPUTED = {
    "an endless view": (
        "DROP TABLE mapping",
        f"CREATE VIEW mapping AS {_ENDLESS}, NULL plan, '{{}}' params, NULL note, 'x' changed_by, 1 recorded_at FROM n",
    ),
    "a trigger": ("CREATE TRIGGER t AFTER UPDATE ON mapping_state BEGIN DELETE FROM mapping; END",),
    "a computed column": ("ALTER TABLE mapping ADD COLUMN x AS (zeroblob(1000))",),
    "a virtual table": ("CREATE VIRTUAL TABLE v USING fts5(x)",),
    "an id twice": (
        "CREATE TABLE other AS SELECT * FROM mapping",
        "INSERT INTO other SELECT * FROM mapping",
        "DROP TABLE mapping",
        "ALTER TABLE other RENAME TO mapping",
    ),
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("statements", COMPUTED.values(), ids=COMPUTED)
def test_what_is_computed(path: Path, file: Path, statements: tuple[str, ...]) -> None:
    """A file with computed or duplicate rows is not a backup; reading it always ends."""
    write(on(path), numbered(3))
    backup(on(path), file)
    sql(file, *statements)

    with pytest.raises(DatabaseForeign):
        restored(on(path), file)
    assert rows_of(on(path)) == numbered(3)
