from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

RECORDED = Path(__file__).parent / "automx2"


@pytest.fixture
def automx2(tmp_path: Path) -> str:
    """The URL of a database as automx2 makes it, with the rows of which its answers were recorded."""
    path = tmp_path / "automx2.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((RECORDED / "schema.sql").read_text(encoding="utf-8"))
        connection.executescript((RECORDED / "rows.sql").read_text(encoding="utf-8"))
    return f"sqlite:///{path}"
