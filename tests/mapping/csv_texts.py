"""CSV files of the tests, and rows of one domain."""

from __future__ import annotations

import contextlib
import io
from typing import TYPE_CHECKING

from autoconfig.mapping.csv_file import read, write
from autoconfig.mapping.record import Record
from autoconfig.mapping.sheet import Sheet, Wanted
from autoconfig.mapping.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from autoconfig.mail.domain import Domain

ZONE = "Asia/Tokyo"

NOW = 1000


def anything(_name: Domain, _plan: str, _params: str) -> None:
    """Plans that allow all."""


def read_text(folder: Path, text: str | bytes) -> Sheet:
    """What a file with this text says."""
    path = folder / "names.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, ZONE, anything)


def wanted_of(folder: Path, text: str | bytes) -> list[Wanted]:
    """The lines of a file with this text."""
    with contextlib.closing(read_text(folder, text)) as sheet:
        return list(sheet)


def sheet_of(lines: Iterable[Wanted], *, has_notes: bool = False) -> Sheet:
    """A sheet with these lines."""
    sheet = Sheet(has_notes=has_notes)
    for line in lines:
        assert sheet.put(line) is None
    return sheet


def one_line(record: Record) -> str:
    """The export of a mapping of this row only."""
    file = io.StringIO(newline="")
    write(file, lambda: [(record.name, Timeline([record]))], NOW, ZONE)
    return file.getvalue()


def row(plan: str | None, valid_from: int, params: str = "{}", note: str | None = None, identity: int = 1) -> Record:
    """A row of example.com."""
    return Record(identity, "example.com", valid_from, plan, params, note, "user", 0)
