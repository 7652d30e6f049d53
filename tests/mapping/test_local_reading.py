from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

import pytest

from autoconfig.errors import MappingUnavailable
from autoconfig.mapping import local_reading
from autoconfig.mapping.copy_marker import copy_in
from autoconfig.mapping.store import Change, Journal

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["a.example", "ab.example", "abc.example", "abe.example", "b.example", "xn--wgv71a119e.example"]


def write(path: Path) -> None:
    """Two rows for each name."""
    with contextlib.closing(Journal(f"sqlite:///{path}")) as journal, journal.writing() as writing:
        writing.append(Change(name, time, plan, "{}", "note") for name in NAMES for time, plan in ((5, "a"), (9, None)))


@pytest.mark.parametrize(
    ("beginning", "most", "expected"),
    [
        ("ab", 20, NAMES[1:4]),
        ("ab", 2, NAMES[1:3]),
        ("abc.example", 20, ["abc.example"]),
        ("xn--", 20, NAMES[-1:]),
        ("c", 20, []),
        ("a%", 20, []),
        ("a_", 20, []),
        ("", 20, NAMES),
    ],
)
def test_names(path: Path, beginning: str, most: int, expected: list[str]) -> None:
    """Names are found by their beginning, each once, in order, and no more than wanted; no character is a wildcard."""
    write(path)
    with local_reading.local_reading(f"sqlite:///{path}", path.parent) as reading:
        assert reading.names_from(beginning, most) == expected


def test_index(path: Path) -> None:
    """The search is a range of the primary key, so it reads a few rows of a million."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {local_reading._NAMES}", ("a", "b", 20)).fetchall()

    assert [step[-1] for step in plan] == ["SEARCH mapping USING PRIMARY KEY (name>? AND name<?)"]


def test_timeline(path: Path) -> None:
    """The rows of a name come with their notes and authors, as commands have them."""
    write(path)
    with contextlib.closing(Journal(f"sqlite:///{path}")) as journal, journal.reading() as reading:
        expected = list(reading.timeline("ab.example").rows)
    with local_reading.local_reading(f"sqlite:///{path}", path.parent) as local:
        assert list(local.timeline("ab.example").rows) == expected
    assert [row.note for row in expected] == ["note", "note"]


def test_copy(path: Path) -> None:
    """Of a server's database the copy on this machine is read; without one the error says so."""
    url = "postgresql://user:password@db.example/mapping"
    with pytest.raises(MappingUnavailable), local_reading.local_reading(url, path.parent):
        pass
    write(path)
    path.rename(copy_in(path.parent))
    with local_reading.local_reading(url, path.parent) as reading:
        assert reading.names_from("b", 1) == ["b.example"]
