"""What a benchmark found, beside what is to be reached: on the terminal, and as a dated part of docs/performance.md."""

from __future__ import annotations

import datetime as dt
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

PAGE = Path(__file__).parent.parent.parent / "docs" / "performance.md"
_BEGIN, _END = "<!-- bench: begin -->", "<!-- bench: end -->"


class Line(NamedTuple):
    """One figure."""

    what: str
    found: str
    least: str = ""
    aim: str = ""
    note: str = ""


class Goal(NamedTuple):
    """What is to be reached: at least `least` of `bare`, or at most where `at_most` is set."""

    least: float
    aim: float
    at_most: bool = False
    unit: str = " of bare"
    digits: int = 2

    def line(self, what: str, found: float, note: str = "") -> Line:
        """The figure beside what is to be reached."""
        sign, reached = ("≤ ", found <= self.least) if self.at_most else ("≥ ", found >= self.least)
        mark = "" if reached else "  missed"
        return Line(what, self._said(found) + mark, sign + self._said(self.least), self._said(self.aim), note)

    def _said(self, value: float) -> str:
        return f"{value:.{self.digits}f}{self.unit}"


HEADINGS = ("what", "found", "at least", "aim", "figures")


def show(lines: Sequence[Line], conditions: Sequence[str]) -> None:
    """Print the table and what was held constant."""
    table = Table(*HEADINGS, title="Speed, beside a bare ASGI function in the same run", title_justify="left")
    for line in lines:
        table.add_row(*line)
    console = Console(width=160)
    console.print(table)
    for condition in conditions:
        console.print(f"· {condition}", highlight=False, soft_wrap=True)


def write(lines: Sequence[Line], conditions: Sequence[str]) -> None:
    """Put both in place of the ones in docs/performance.md."""
    rows = ["| " + " | ".join(row) + " |" for row in (HEADINGS, ["---"] * len(HEADINGS), *lines)]
    today = dt.datetime.now(dt.UTC).date().isoformat()
    made = [_BEGIN, f"Measured on {today} by `make bench`:", "", *rows, "", *(f"- {each}" for each in conditions), _END]
    page = PAGE.read_text(encoding="utf-8")
    found = re.compile(f"{re.escape(_BEGIN)}.*{re.escape(_END)}", re.DOTALL)
    PAGE.write_text(found.sub(lambda _old: "\n".join(made), page), encoding="utf-8")


def machine() -> str:
    """What it ran on."""
    cpu = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    versions = f"Python {platform.python_version()}, Linux {platform.release()}"
    return f"{cpu[1] if cpu else platform.machine()}; {versions}"
