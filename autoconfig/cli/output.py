"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console


def console() -> Console:
    """Standard output; on a terminal with colours, elsewhere plain and as wide as the text."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 10_000
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=width, markup=False, emoji=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], title: str | None = None) -> None:
    """One table."""
    from rich import box
    from rich.table import Table

    table = Table(*columns, title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, expand=False)
    for row in rows:
        table.add_row(*row)
    console().print(table)


def print_pairs(pairs: Iterable[tuple[str, str]]) -> None:
    """Names and values, one a line."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for name, value in pairs:
        table.add_row(name, value)
    console().print(table)


def print_json(value: object) -> None:
    """One JSON document, UTF-8 as it is."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
