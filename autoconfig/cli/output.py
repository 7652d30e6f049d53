"""Print tables for people and JSON for programs."""

from __future__ import annotations

import io
import itertools
import json
import os
import sys
from typing import TYPE_CHECKING, TextIO

import typer

from autoconfig.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

_BETWEEN = 3
"""Spaces between two cells of a table."""

MANY = 500
"""Longer tables are not laid out as a whole."""


def prepare_streams() -> None:
    """Make sure that no character and no closed descriptor stops a command."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def drop_output() -> None:
    """Discard what could not be written, so that it does not fail again at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def data_output() -> TextIO:
    """Standard output for programs: UTF-8 and LF, whatever the terminal's encoding is."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout


def console() -> Console:
    """Standard output: with colours on a terminal, elsewhere plain and as wide as the text."""
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # `main` handles it; rich would exit with 1

    width = None if sys.stdout.isatty() else 10_000
    return Ours(highlight=False, soft_wrap=not sys.stdout.isatty(), width=width, markup=False, emoji=False)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None, *, empty: str = "none"
) -> None:
    """Print a table, a long one line by line as the rows come; without rows, the sentence `empty` instead."""
    remaining = iter(rows)
    first = list(itertools.islice(remaining, MANY + 1))
    if not first:
        say(empty)
        return
    if len(first) > MANY:
        _print_lines(columns, first, remaining)
        return
    from rich import box
    from rich.table import Column, Table

    cells = [tuple(visible(cell, keep="\n") for cell in row) for row in first]
    widest = [max(map(_longest_word, column)) for column in zip(columns, *cells, strict=True)]
    output = console()
    if sum(widest) + _BETWEEN * (len(widest) - 1) > output.width:
        _print_blocks(columns, cells, title)
        return
    # rich would shorten host names, and break words and times.
    wide = (Column(name, overflow="fold", min_width=width) for name, width in zip(columns, widest, strict=True))
    table = Table(*wide, title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for row in cells:
        table.add_row(*row)
    output.print(table)


def _longest_word(text: str) -> int:
    """Its width in columns of a terminal; Japanese characters take two."""
    from rich.cells import cell_len

    return max(map(cell_len, text.split()), default=0)


def _print_blocks(columns: Sequence[str], rows: Sequence[Sequence[str]], title: str | None) -> None:
    """Print a block of lines for each row, if a terminal is too narrow for a table with whole words."""
    if title:
        say(title)
    width = max(map(len, columns))
    for number, row in enumerate(rows):
        if number:
            say("")
        for name, cell in zip(columns, row, strict=True):
            for count, line in enumerate(cell.splitlines()):
                say(f"{('' if count else name).ljust(width)}  {line}".rstrip())


def _print_lines(columns: Sequence[str], first: Sequence[Sequence[str]], remaining: Iterable[Sequence[str]]) -> None:
    """Print columns as wide as the first rows need; a million rows take seconds, and `head` gets the first at once."""
    widths = [max(map(len, cells)) for cells in zip(columns, *first, strict=True)]
    for row in itertools.chain([columns], first, remaining):
        shown = (visible(cell.replace("\n", " ")) for cell in row)
        cells = (cell.ljust(width) for cell, width in zip(shown, widths, strict=True))
        sys.stdout.write("   ".join(cells).rstrip() + "\n")


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and values, one a line."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(name, visible(value, keep="\n"))
    console().print(table)


def print_json(value: object) -> None:
    """Print one JSON document; characters are not escaped."""
    data_output().write(visible(json.dumps(value, ensure_ascii=False, indent=2), keep="\n") + "\n")


def print_json_lines(values: Iterable[object]) -> None:
    """Print one JSON document a line; characters are not escaped."""
    output = data_output()
    for value in values:
        output.write(visible(json.dumps(value, ensure_ascii=False)) + "\n")


def say(text: str, *, err: bool = False) -> None:
    """Print lines that may contain names or notes, with control characters made visible; `err`: on standard error."""
    typer.echo(visible(text, keep="\n"), err=err)
