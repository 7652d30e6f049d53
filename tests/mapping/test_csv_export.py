from __future__ import annotations

import contextlib
import csv
import io
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.errors import Refused
from autoconfig.mail.params import encode, is_note
from autoconfig.mapping.csv_file import read, write
from autoconfig.mapping.record import Record
from autoconfig.mapping.sheet import Wanted
from autoconfig.mapping.store import Change, Journal
from autoconfig.mapping.sync import sync
from autoconfig.mapping.timeline import Timeline
from tests.mapping.csv_texts import NOW, ZONE, anything, one_line, row, wanted_of

if TYPE_CHECKING:
    from pathlib import Path


def test_write() -> None:
    """An export has a column for every param, LF line ends, times with offset, and an empty cell for what is unset."""
    first = row("p", 0, '{"b":"1"}', 'say "hi"')
    second = Record(2, "xn--wgv71a119e.jp", 61, "q", '{"a":"é,"}', None, "user", 0)
    file = io.StringIO(newline="")
    count = write(file, lambda: [(each.name, Timeline([each])) for each in (first, second)], NOW, ZONE)

    assert count == 2
    assert file.getvalue() == (
        "domain,plan,valid_from,note,a,b\n"
        'example.com,p,1970-01-01T09:00:00+09:00,"say ""hi""",,1\n'
        'xn--wgv71a119e.jp,q,1970-01-01T09:01:01+09:00,,"é,",\n'
    )


@pytest.mark.parametrize(
    ("rows", "plan"),
    [
        pytest.param([row("a", 1), row("b", 2, identity=2), row("c", 2000, identity=3)], "b", id="current"),
        pytest.param([row("b", 2000), row("c", 3000, identity=2)], "b", id="only scheduled"),
        pytest.param([row("a", 1), row(None, 2, identity=2)], None, id="ended"),
        pytest.param([row(None, 2), row("c", 2000, identity=2)], "c", id="ended, will come back"),
        pytest.param([row("b", 2000), row(None, 2000, identity=2)], None, id="scheduled and cancelled"),
        pytest.param([row("b", 2000), row(None, 2000, identity=2), row("c", 3000, identity=3)], "c", id="then again"),
        pytest.param([row("a", 1), row(None, 2000, identity=2)], "a", id="about to end"),
    ],
)
def test_which_row_is_exported(rows: list[Record], plan: str | None) -> None:
    """A name that is ours, or will be, has one line; one that has ended has none."""
    file = io.StringIO(newline="")
    count = write(file, lambda: [("example.com", Timeline.of(rows))], NOW, ZONE)

    assert count == (plan is not None)
    assert [line.split(",")[1] for line in file.getvalue().splitlines()[1:]] == [plan][:count]


def test_no_names() -> None:
    """The export of an empty mapping is a header."""
    file = io.StringIO(newline="")

    assert write(file, list, NOW, ZONE) == 0
    assert file.getvalue() == "domain,plan,valid_from,note\n"


def test_a_param_called_like_a_column() -> None:
    """A mapping that no CSV can hold is not exported as something else."""
    with pytest.raises(Refused, match="'note'"):
        one_line(row("p", 1, '{"note":"x"}'))


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\n=1",
    "＝１",
    "'=1",
    "''=1",
    "'",
    "'x",
    "a=1",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_formulas(tmp_path: Path, text: str) -> None:
    """A program for tables takes no cell for a formula, and `sync` reads what was there before."""
    written = one_line(row("p", 1, json.dumps({"x": text.strip()}), text))
    cells = next(csv.reader(io.StringIO(written.partition("\n")[2])))

    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\n", "＝")) for cell in cells)
    assert wanted_of(tmp_path, written) == [Wanted(2, "example.com", "p", encode({"x": text.strip()}), 1, text or None)]


@given(note=st.text(st.characters(exclude_categories=["Cs"])).filter(is_note))
def test_notes_survive(note: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Any note is read as it was written, line ends and quotes included."""
    folder = tmp_path_factory.mktemp("note")

    assert wanted_of(folder, one_line(row("p", 1, "{}", note))) == [
        Wanted(2, "example.com", "p", "{}", 1, note or None)
    ]


ROWS = [
    Change("a.example", 5, "p", '{"x":"é"}', 'a, "b"\nc'),
    Change("b.example", 5, "p", "{}"),
    Change("b.example", 6, None, "{}", "ended"),
    Change("c.example", 4_000_000_000, "p", '{"y":"{domain}"}', "新"),
    Change("d.example", 5, "p", "{}"),
    Change("d.example", 4_000_000_000, None, "{}"),
    Change("e.example", 5, "p", '{"x":"1"}'),
    Change("e.example", 5, "q", '{"x":" 2 ","y":"\\\\"}'),
]


def test_export_then_sync(journal: Journal, tmp_path: Path) -> None:
    """On each engine, what is exported is the same file, and changes nothing when it is synced."""
    path = tmp_path / "names.csv"
    with journal.writing() as writing:
        writing.append(ROWS)
    with journal.reading() as reading, path.open("w", encoding="utf-8", newline="") as file:
        assert write(file, reading.timelines, NOW, ZONE) == 4

    assert path.read_text(encoding="utf-8") == (
        "domain,plan,valid_from,note,x,y\n"
        'a.example,p,1970-01-01T09:00:05+09:00,"a, ""b""\nc",é,\n'
        "c.example,p,2096-10-02T16:06:40+09:00,新,,{domain}\n"
        "d.example,p,1970-01-01T09:00:05+09:00,,,\n"
        "e.example,q,1970-01-01T09:00:05+09:00,, 2 ,\\\n"
    )
    with contextlib.closing(read(path, ZONE, anything)) as sheet:
        assert not len(sync(journal, sheet, NOW, delete=True, max_ends=0).steps)
