from __future__ import annotations

import json
import os
import pty
import re
import sys
from typing import TYPE_CHECKING

import pytest

from autoconfig.cli.output import MANY, print_json, print_json_lines, print_pairs, print_table, say
from autoconfig.visible import is_hidden
from tests.cli.conftest import PYTHON
from tests.support import commands

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Program, Start

Captured = pytest.CaptureFixture[str]


def test_table(capsys: Captured) -> None:
    """A table has a title, a header, and each row on a line of its own however long it is; markup is text."""
    long = "a" * 500
    print_table(("Name", "Value"), [("[red]x", long), ("日本語", ":smile:")], title="title")
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]

    assert lines[0] == "title"
    assert lines[1].split() == ["Name", "Value"]
    assert lines[3].split() == ["[red]x", long]
    assert lines[4].split() == ["日本語", ":smile:"]
    assert len(lines) == 5


def test_long_table(capsys: Captured) -> None:
    """A long table is printed row by row as the rows come, in columns that the first rows decide."""
    count = MANY + 10

    def rows() -> object:
        for number in range(count):
            if number == MANY + 5:
                assert "n0" in capsys.readouterr().out
            yield f"n{number}", "two\nlines", "x" * (100 if number == MANY + 6 else 1)

    print_table(("Name", "Note", "X"), rows())  # type: ignore[arg-type]
    lines = capsys.readouterr().out.splitlines()

    assert lines[0] == f"n{MANY + 5}   two lines   x"
    assert lines[1].endswith("x" * 100)
    assert len(lines) == 5


def test_pairs(capsys: Captured) -> None:
    """Names and values are one a line."""
    print_pairs([("Name", "[b]x[/b]"), ("A longer name", "日本語")])

    assert [line.split("  ")[0] for line in capsys.readouterr().out.splitlines()] == ["Name", "A longer name"]


def test_json(capsys: Captured) -> None:
    """JSON is UTF-8 as it is, and ends with a line end."""
    print_json({"name": "日本語"})
    print_json_lines([{"name": "日本語"}, 2])
    said = capsys.readouterr().out

    assert said == '{\n  "name": "日本語"\n}\n{"name": "日本語"}\n2\n'


@pytest.fixture
def japanese(demo: Path) -> Path:
    """A demo with a Japanese note."""
    commands.run("mapping", "set", "日本語.example", "--plan", "shared-managed", "--note", "解約", folder=demo)
    return demo


def said(program: Program) -> str:
    """What it printed, once it has ended well."""
    ended = program.end()
    assert (ended.code, ended.err) == (0, "")
    return ended.out


@pytest.mark.parametrize("encoding", ["ascii", "euc-jp", "cp932"])
@pytest.mark.usefixtures("japanese")
def test_data_in_another_encoding(start: Start, encoding: str) -> None:
    """Data is UTF-8 whatever encoding the terminal has: what `export` wrote, `sync` reads."""
    environment = os.environ | {"PYTHONIOENCODING": encoding}
    exported = said(start("mapping", "export", env=environment, python=PYTHON))
    listed = said(start("mapping", "list", "--json", env=environment, python=PYTHON))

    assert "xn--wgv71a119e.example,shared-managed" in exported
    assert "解約" in exported
    assert "解約" in [json.loads(line)["note"] for line in listed.splitlines()]


@pytest.mark.usefixtures("japanese")
def test_text_in_another_encoding(start: Start) -> None:
    """Text for people goes as far as their terminal's encoding does, and is no bug where it cannot go."""
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    shown = said(start("mapping", "show", "日本語.example", env=environment, python=PYTHON))

    assert "\\u65e5\\u672c\\u8a9e.example" in shown


def close_output() -> None:
    """As `>&- 2>&-` in a shell."""
    os.close(1)
    os.close(2)


def test_closed_output(start: Start) -> None:
    """A command without standard output and standard error does its work all the same."""
    program = start("mapping", "end", "sample.co.jp", preexec_fn=close_output)

    assert program.end().code == 0
    assert "(not served)" in start("mapping", "history", "sample.co.jp").end().out


def on_a_terminal(start: Start, *arguments: str) -> str:
    """What a terminal of 60 columns is sent by a command that ends well."""
    leader, follower = pty.openpty()
    with os.fdopen(follower, "wb", buffering=0) as terminal:
        program = start(
            *arguments,
            stdout=terminal,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "60"},
            preexec_fn=lambda: os.dup2(1, 2),
        )
    written = b""
    try:
        while data := os.read(leader, 65536):
            written += data
    except OSError:  # Linux says so when the other side is closed
        pass
    os.close(leader)
    assert program.end().code == 0
    return written.decode()


def test_terminal(start: Start, demo: Path) -> None:
    """On a terminal `sync` shows its progress."""
    (demo / "a.csv").write_text("name,plan\nnew.example,shared-managed\n")
    written = on_a_terminal(start, "mapping", "sync", "a.csv", "--dry-run")

    assert "reading" in written
    assert "would be: 1 added" in written


@pytest.mark.usefixtures("demo")
def test_narrow_terminal(start: Start) -> None:
    """On a terminal that is too narrow for a table no word is broken: each row is a block of lines."""
    arguments = ("show", "taro@old-shop.example")
    written = re.sub("\x1b\\[[0-9;]*m", "", on_a_terminal(start, *arguments))
    rows = start(*arguments).end().out.partition("Protocol")[2].splitlines()[2:]

    assert {word for row in rows for word in row.split()} <= set(written.split())
    assert written.count("Protocol  ") == len(rows) == 3


def test_hidden_characters(capsys: Captured) -> None:
    """What a terminal would obey is printed as text, in tables long and short, lists, sentences and JSON."""
    value = "a\x1b]0;owned\x07\x9b31m\u202e"
    print_table(("Note",), [(value,)])
    print_table(("Note",), [(value,)] * (MANY + 1))
    print_pairs([("note", value)])
    say(value)
    print_json({"note": value})
    print_json_lines([value])
    printed = capsys.readouterr().out

    assert set(filter(is_hidden, printed)) == {"\n"}
    assert printed.count(r"a\u001b]0;owned\u0007\u009b31m\u202e") == MANY + 6


TIME = "2026-12-01T09:00:00+09:00"
CELLS = ["a-customer-with-a-long-name.example", "server-maintenance", TIME]


def drawn(columns: int, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> list[str]:
    """A table on a terminal of so many columns."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("TERM", "xterm")
    print_table(("Name", "Plan", "From"), [CELLS, ["b.example", "why it is so", TIME]], title="title")
    return re.sub("\x1b\\[[0-9;]*m", "", capsys.readouterr().out).splitlines()


@pytest.mark.parametrize("columns", [60, 80, 84, 120])
def test_words_are_whole(monkeypatch: pytest.MonkeyPatch, capsys: Captured, columns: int) -> None:
    """Whatever the width of the terminal, names and times are whole, and no line is longer than it has to be."""
    lines = drawn(columns, monkeypatch, capsys)

    assert {*CELLS, "why", "so"} <= set(" ".join(lines).split())
    assert max(map(len, lines)) <= columns
    assert (lines[1].split() == ["Name", "Plan", "From"]) == (columns >= 84)
