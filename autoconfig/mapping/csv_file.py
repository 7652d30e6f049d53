"""The CSV file of `mapping sync` and `mapping export`: one line per domain, one column per param."""

from __future__ import annotations

import contextlib
import csv
import io
import os
import re
import shutil
import tempfile
from typing import TYPE_CHECKING, TextIO, TypeVar

from autoconfig.errors import CsvInvalid, Fault, InputInvalid, PlanUnusable, Refused
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import (
    DOMAIN,
    FLAGS,
    NAME,
    NOTE,
    PLAN,
    ROW,
    VALID_FROM,
    decode,
    encode,
    is_note,
    is_param_name,
)
from autoconfig.mapping.clocks import now_for
from autoconfig.mapping.encoding import not_utf8
from autoconfig.mapping.progress import StepCounter, silent
from autoconfig.mapping.record import foreign_row
from autoconfig.mapping.sheet import Sheet, Wanted
from autoconfig.mapping.times import format_time, parse_time

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from io import FileIO
    from pathlib import Path

    from autoconfig.mapping.progress import OnProgress
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.timeline import Timeline

COLUMNS = ROW
"""The columns that are not params, in the order of an export. `domain` may also be called `name`."""

_RESERVED = (*COLUMNS, NAME, *FLAGS)

MOST_FAULTS = 1000
"""Reading stops after this many faults: a single misspelt plan can be a fault of every line."""

MOST_COLUMNS = 1000
"""The most columns that a file may have; a plan has a handful of params."""

# Spreadsheets take a cell that begins with one of these for a formula, also after a tab or line break; Japanese ones
# also accept the full-width characters. A leading apostrophe makes the cell text.
_FORMULA = re.compile("'*[=+@\t\r\n＝＋－＠-]")
_FIRST = frozenset("'=+@\t\r\n＝＋－＠-")
_ESCAPED = re.compile("'+[=+@\t\r\n＝＋－＠-]")

_REMEMBERED = 10_000  # values that many lines repeat are read once; the limit bounds memory if nothing repeats

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


def read(
    path: Path,
    zone: str,
    check: Callable[[Domain, str, str], None],
    on_progress: OnProgress = silent,
) -> Sheet:
    """
    Read a file. Times without an offset are in `zone`.

    `check` gets the name, plan and params text of each line, and raises `PlanUnusable` or `InputInvalid` if the plans
    do not allow them. Progress is in bytes. The caller closes the sheet.

    Raises:
        CsvInvalid: the file has faults; the error lists them all, up to `MOST_FAULTS`.
        InputInvalid: there is no room for temporary files.
    """
    try:
        opened = path.open("rb", buffering=0)
    except (OSError, ValueError) as error:  # ValueError: the path contains a NUL
        raise _unreadable(path, error) from error
    sheet = Sheet()
    try:
        with opened, _seekable(opened) as file:
            _read(path, file, _Lines(sheet, zone, check), on_progress)
    except BaseException:
        sheet.close()
        raise
    return sheet


def write(file: TextIO, timelines: Callable[[], Iterable[tuple[str, Timeline[Record]]]], now: int, zone: str) -> int:
    """
    Write one line for each name that has a plan at `now` or later. A `sync` with this file changes nothing.

    `timelines` is called twice, because the header needs all params before the first line.

    Returns:
        The number of names.

    Raises:
        Refused: a param has the name of a column that is not a param.
    """
    params: set[str] = set()
    decoded: dict[str, dict[str, str]] = {}
    for record in _exported(timelines(), now):
        params.update(_params_of(record, decoded))
    if taken := sorted(params.intersection((*COLUMNS, NAME))):
        raise Refused(f"the param {taken[0]!r} has the name of a column of the file; rename it in plans.toml")
    columns = sorted(params)
    writer = csv.writer(_LineFeeds(file))
    writer.writerow([*COLUMNS, *columns])
    count = 0
    for record in _exported(timelines(), now):
        values = decode(record.params)
        moment = format_time(record.valid_from, zone)
        cells = (values.get(column, "") for column in columns)
        writer.writerow(map(_as_text, [record.name, record.plan or "", moment, record.note or "", *cells]))
        count += 1
    return count


def _read(path: Path, file: FileIO, lines: _Lines, on_progress: OnProgress) -> None:
    """Read an open file into a sheet, as `read` does."""
    try:
        if problem := not_utf8(file):
            raise CsvInvalid(str(path), [Fault("file", problem, "save it as CSV UTF-8")])
        counter = StepCounter(on_progress, "reading", os.fstat(file.fileno()).st_size)
        with io.TextIOWrapper(_Counted(file, counter), encoding="utf-8-sig", newline="") as text:
            lines.read(csv.reader(text, strict=True))
    except (OSError, UnicodeDecodeError) as error:  # UnicodeDecodeError: the file has just changed
        raise _unreadable(path, error) from error
    if not lines.faults and not lines.count:
        lines.fault(1, "the file has no names", "to end all names, use `autoconfig mapping end`")
    if lines.faults:
        raise CsvInvalid(str(path), lines.faults)


def _unreadable(path: Path, error: Exception) -> CsvInvalid:
    reason = getattr(error, "strerror", None) or error
    return CsvInvalid(str(path), [Fault("file", f"cannot be read: {reason}", "check path and rights")])


def _as_text(cell: str) -> str:
    """The cell as written, with an apostrophe in front if a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell[:1] in _FIRST and _FORMULA.match(cell) else cell


def _meant(cell: str) -> str:
    """Undo `_as_text`; any other cell is returned unchanged."""
    return cell[1:] if cell.startswith("'") and _ESCAPED.match(cell) else cell


def _header_faults(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    if len(names) > MOST_COLUMNS:
        yield f"has {len(names)} columns, and no plan has so many params", f"keep {MOST_COLUMNS} at most"
        return
    seen: set[str] = set()
    for number, name in enumerate(names, 1):
        if not name:
            yield f"column {number} has no name", "delete the column"
        elif name in seen:
            yield f"has the column {name[:80]!r} twice", "keep one of them"
        elif name not in _RESERVED and not is_param_name(name):
            known = name.lower() in _RESERVED
            remedy = f"name it {name.lower()!r}" if known else "write domain,plan and the plans' params"
            yield f"{name[:80]!r} cannot be the name of a param", remedy
        seen.add(name)
    if DOMAIN in seen and NAME in seen:
        yield f"has the columns {DOMAIN!r} and {NAME!r}, which mean the same", f"keep {DOMAIN!r}"
    for name in (DOMAIN, PLAN):
        if name not in seen and (name != DOMAIN or NAME not in seen):
            remedy = "separate the columns by commas" if len(names) == 1 else "the first line names the columns"
            yield f"has no column {name!r}", remedy


def _not_csv(error: str) -> tuple[str, str]:
    """The problem and remedy for an error of the csv module."""
    if "unexpected end" in error:
        return "has a quotation mark that is never closed", 'write " inside of quotes as ""'
    if "field limit" in error:
        limit = csv.field_size_limit()
        return f"has a cell of over {limit} characters, or a quotation mark that is never closed", "look at its quotes"
    return f"is not CSV: {error}", "put quotes around cells with quotes or line ends"


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _remember(memory: dict[_Key, _Value], key: _Key, make: Callable[[], _Value]) -> _Value:
    """The value remembered for `key`, or a newly made one."""
    value = memory.get(key)
    if value is None:
        if len(memory) >= _REMEMBERED:
            memory.clear()
        value = memory[key] = make()
    return value


@contextlib.contextmanager
def _seekable(file: FileIO) -> Iterator[FileIO]:
    """The file, or a temporary copy of what a pipe or terminal gives."""
    if file.seekable():
        yield file
        return
    with tempfile.TemporaryFile(buffering=0) as copy:
        shutil.copyfileobj(file, copy)
        yield copy


class _Counted(io.BufferedReader):
    """A buffer that reports how many bytes were read."""

    def __init__(self, file: FileIO, counter: StepCounter) -> None:
        super().__init__(file)
        self._counter = counter

    def read1(self, size: int = -1, /) -> bytes:
        data = super().read1(size)
        self._counter.add(len(data))
        return data


def _params_of(record: Record, memory: dict[str, dict[str, str]]) -> dict[str, str]:
    try:
        return _remember(memory, record.params, lambda: decode(record.params))
    except InputInvalid as error:
        raise InputInvalid(foreign_row(record.id, str(error), record.name)) from error


class _LineFeeds:
    """
    Ends lines with LF. The csv module writes CR LF, because it only quotes the characters of its own line terminator,
    and every reader would take an unquoted CR in a note for a line end.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> None:
        self._file.write(line.removesuffix("\r\n") + "\n")


def _exported(timelines: Iterable[tuple[str, Timeline[Record]]], clock: int) -> Iterator[Record]:
    """The row of each name that gives it a plan: the current one, otherwise the first later one."""
    for _name, timeline in timelines:
        now = now_for(timeline, clock)
        record = timeline.at(now) or timeline.next_after(now)
        while record is not None and record.plan is None:
            record = timeline.next_after(max(now, record.valid_from))
        if record is not None:
            yield record


class _Lines:
    """Reads rows of cells and collects their faults."""

    def __init__(self, sheet: Sheet, zone: str, check: Callable[[Domain, str, str], None]) -> None:
        self._sheet, self._zone, self._check = sheet, zone, check
        self.faults: list[Fault] = []
        self.count = 0
        self._params: dict[tuple[str, ...], str] = {}
        self._times: dict[str, int] = {}

    def fault(self, line: int, problem: str, remedy: str = "") -> None:
        self.faults.append(Fault(f"line {line}", problem, remedy))

    def read(self, reader: Reader) -> None:
        """Put the lines into the sheet. A faulty header is reported alone: the lines cannot be read without it."""
        rows = self._rows(reader)
        line, header = next(rows, (1, None))
        if header is None:
            return
        names = [name.strip() for name in header]
        for problem, remedy in _header_faults(names):
            self.fault(line, problem, remedy)
        if self.faults:
            return
        self._sheet.has_notes = NOTE in names
        names = [DOMAIN if name == NAME else name for name in names]
        at = {name: index for index, name in enumerate(names)}
        params = [(name, at[name]) for name in sorted(names) if name not in COLUMNS]
        for line, row in rows:
            if len(row) != len(names):
                remedy = "put quotes around cells with commas" if len(row) > len(names) else ""
                self.fault(line, f"has {_cells(len(row))}, the header {len(names)}", remedy)
                continue
            before = len(self.faults)
            name, plan = self._name(line, row[at[DOMAIN]]), self._plan(line, row[at[PLAN]])
            time = self._time(line, row[at[VALID_FROM]]) if VALID_FROM in at else None
            note = self._note(line, row[at[NOTE]]) if NOTE in at else None
            text = self._encoded(params, row)
            if name is None:
                continue
            self.count += 1
            first = self._sheet.put(Wanted(line, name.name, plan, text, time, note or None))
            if first is not None:
                problem = f"names {name} again, as line {first} does"
                self.faults.insert(before, Fault(f"line {line}", problem, "keep one of them"))
            elif plan:
                self._allowed(line, name, plan, text)

    def _rows(self, reader: Reader) -> Iterator[tuple[int, list[str]]]:
        """Yield rows with the line on which each begins, except empty ones."""
        while True:
            line, row, problem = reader.line_num + 1, [], None
            try:
                row = [_meant(cell) for cell in next(reader)]
            except StopIteration:
                return
            except csv.Error as error:
                problem = str(error)
            if len(self.faults) >= MOST_FAULTS:  # a line may have several
                self.fault(line, f"reading stops after {len(self.faults)} faults", "correct those, there may be more")
                return
            if problem:
                self.fault(line, *_not_csv(problem))
            elif any(map(str.strip, row)):
                yield line, row

    def _name(self, line: int, cell: str) -> Domain | None:
        try:
            return Domain.parse(cell.strip())
        except InputInvalid as error:
            self.fault(line, str(error) if cell.strip() else "has no domain")
            return None

    def _plan(self, line: int, cell: str) -> str:
        plan = cell.strip()
        if not plan:
            self.fault(line, "has no plan", "a name is ended by `autoconfig mapping end` or `sync --delete`")
        return plan

    def _note(self, line: int, cell: str) -> str:
        if not is_note(cell):
            self.fault(line, "has control characters in its note", "delete them; tabs and line ends may stay")
        return cell

    def _time(self, line: int, cell: str) -> int | None:
        if not cell or not (text := cell.strip()):
            return None
        try:
            return _remember(self._times, text, lambda: parse_time(text, self._zone))
        except InputInvalid as error:
            self.fault(line, str(error))
            return None

    def _encoded(self, params: Sequence[tuple[str, int]], row: list[str]) -> str:
        cells = tuple([row[index] for _name, index in params])
        return _remember(
            self._params, cells, lambda: encode({name: row[index] for name, index in params if row[index]})
        )

    def _allowed(self, line: int, name: Domain, plan: str, params: str) -> None:
        try:
            self._check(name, plan, params)
        except (PlanUnusable, InputInvalid) as error:
            self.fault(line, str(error))
