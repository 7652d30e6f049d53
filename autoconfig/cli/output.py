"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import io
import itertools
import json
import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

MANY = 500
"""Rows of the longest table that is laid out as a whole."""


def prepare_streams() -> None:
    """Let no character and no closed descriptor keep a command from its work."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def drop_output() -> None:
    """Forget what could not be written, so that it does not fail once more at exit."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)


def data_output() -> TextIO:
    """Standard output for programs: UTF-8 whatever the terminal's encoding is, and LF."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", newline="")
    return sys.stdout


def console() -> Console:
    """Standard output; on a terminal with colours, elsewhere plain and as wide as the text."""
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # `main` knows what to do; rich would leave with 1

    width = None if sys.stdout.isatty() else 10_000
    return Ours(highlight=False, soft_wrap=not sys.stdout.isatty(), width=width, markup=False, emoji=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None) -> None:
    """One table; where it is long, line by line as the rows come."""
    remaining = iter(rows)
    first = list(itertools.islice(remaining, MANY + 1))
    if len(first) > MANY:
        _print_lines(columns, first, remaining)
        return
    from rich import box
    from rich.table import Column, Table

    folded = (Column(name, overflow="fold") for name in columns)  # rich would cut host names short
    table = Table(*folded, title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for row in first:
        table.add_row(*row)
    console().print(table)


def _print_lines(columns: Sequence[str], first: Sequence[Sequence[str]], remaining: Iterable[Sequence[str]]) -> None:
    """Columns as wide as the first rows need; a million names take seconds, and `head` need not wait for the last."""
    widths = [max(map(len, cells)) for cells in zip(columns, *first, strict=True)]
    for row in itertools.chain([columns], first, remaining):
        cells = (cell.replace("\n", " ").ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("   ".join(cells).rstrip() + "\n")


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Names and values, one a line."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(name, value)
    console().print(table)


def print_json(value: object) -> None:
    """One JSON document, UTF-8 as it is."""
    data_output().write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_json_lines(values: Iterable[object]) -> None:
    """One JSON document a line, UTF-8 as it is."""
    output = data_output()
    for value in values:
        output.write(json.dumps(value, ensure_ascii=False) + "\n")
