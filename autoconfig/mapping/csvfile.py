"""The CSV of `mapping sync` and `mapping export`: one line a name, a column for each param."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, NamedTuple, TextIO, TypeVar

from autoconfig.errors import CsvInvalid, Fault, InputInvalid, PlanUnusable, Refused
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import NAME, NOTE, PLAN, ROW, VALID_FROM, decode, encode, is_param_name
from autoconfig.mapping.encoding import not_utf8
from autoconfig.mapping.times import format_time, parse_time

if TYPE_CHECKING:
    from _csv import Reader
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from autoconfig.mapping.schema import Record
    from autoconfig.mapping.timeline import Timeline

COLUMNS = ROW
"""The columns that are no params, in the order in which they are written."""

MOST_FAULTS = 1000
"""After so many a file is not read to its end: one plan that is misspelt may be a fault of every line."""

_REMEMBERED = 10_000  # what many lines repeat is kept once; where nothing repeats, memory stays bounded

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Wanted(NamedTuple):
    """What one line of the file asks for."""

    line: int
    """Where it begins, counted as editors count."""
    name: str
    """The domain in A-labels, lower case."""
    plan: str
    params: str
    """Canonical JSON (`mail.params`)."""
    valid_from: int | None
    """Unix seconds, UTC; `None`: now."""
    note: str | None


class Sheet(NamedTuple):
    """A file without faults; every name is in it once."""

    wanted: list[Wanted]
    """In the order of the file."""
    has_notes: bool
    """Whether there is a note column; without one the file says nothing about notes."""


def read(
    path: Path,
    zone: str,
    check: Callable[[Domain, str, str], None],
    advance: Callable[[int], None] = lambda _octets: None,
) -> Sheet:
    """
    Read a file; its times without an offset are in `zone`.

    `check` is given the name, plan and params text of each line, and raises `PlanUnusable` or `InputInvalid` where the
    plans do not allow them. `advance` is told how many more bytes were read, in sum the size of the file.

    Raises:
        CsvInvalid: with every fault of the file, up to `MOST_FAULTS`.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        reason = getattr(error, "strerror", None) or error
        raise CsvInvalid(str(path), [Fault("file", f"cannot be read: {reason}", "check path and rights")]) from error
    if problem := not_utf8(data):
        raise CsvInvalid(str(path), [Fault("file", problem, "save it as CSV UTF-8")])
    lines = _Lines(zone, check)
    text = io.TextIOWrapper(_Told(data, advance), encoding="utf-8-sig", newline="")
    wanted = list(lines.wanted(csv.reader(text, strict=True)))
    if not lines.faults and not wanted:
        lines.fault(1, "the file has no names", "to end all names, use `autoconfig mapping end`")
    if lines.faults:
        raise CsvInvalid(str(path), lines.faults)
    return Sheet(wanted, lines.has_notes)


def write(file: TextIO, timelines: Callable[[], Iterable[tuple[str, Timeline[Record]]]], now: int, zone: str) -> int:
    """
    Write each name that is ours at `now`, or will be, on the line from which `read` and `sync` change nothing.

    `timelines` is called twice: what params there are has to be known before the first line.

    Returns:
        The number of names.

    Raises:
        Refused: a param is called like one of `COLUMNS`.
    """
    params: set[str] = set()
    for text in {record.params for record in _exported(timelines(), now)}:
        params.update(decode(text))
    if taken := sorted(params.intersection(COLUMNS)):
        raise Refused(f"the param {taken[0]!r} is called like a column of the file; give it another name in plans.toml")
    columns = sorted(params)
    writer = csv.writer(_LineFeeds(file))
    writer.writerow([*COLUMNS, *columns])
    count = 0
    for record in _exported(timelines(), now):
        values = decode(record.params)
        moment = format_time(record.valid_from, zone)
        cells = (values.get(column, "") for column in columns)
        writer.writerow([record.name, record.plan, moment, record.note or "", *cells])
        count += 1
    return count


def _header_faults(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, name in enumerate(names, 1):
        if not name:
            yield f"column {number} has no name", "delete the column"
        elif name in names[: number - 1]:
            yield f"has the column {name!r} twice", "keep one of them"
        elif name not in COLUMNS and not is_param_name(name):
            remedy = f"name it {name.lower()!r}" if name.lower() in COLUMNS else "write name,plan and the plans' params"
            yield f"{name[:80]!r} cannot be the name of a param", remedy
    for name in (NAME, PLAN):
        if name not in names:
            remedy = "separate the columns by commas" if len(names) == 1 else "the first line names the columns"
            yield f"has no column {name!r}", remedy


def _not_csv(error: str) -> tuple[str, str]:
    """What the csv module says, with its remedy."""
    if "unexpected end" in error:
        return "has a quotation mark that is never closed", 'write " inside of quotes as ""'
    if "field limit" in error:
        limit = csv.field_size_limit()
        return f"has a cell of over {limit} characters, or a quotation mark that is never closed", "look at its quotes"
    return f"is not CSV: {error}", "put quotes around cells with quotes or line ends"


def _cells(count: int) -> str:
    return "1 cell" if count == 1 else f"{count} cells"


def _remember(memory: dict[_Key, _Value], key: _Key, make: Callable[[], _Value]) -> _Value:
    """The value that was made of `key` before, else a new one."""
    value = memory.get(key)
    if value is None:
        if len(memory) >= _REMEMBERED:
            memory.clear()
        value = memory[key] = make()
    return value


class _Told(io.BytesIO):
    """Bytes that say how many of them were read."""

    def __init__(self, data: bytes, advance: Callable[[int], None]) -> None:
        super().__init__(data)
        self._advance = advance

    def read1(self, size: int | None = -1, /) -> bytes:
        data = super().read1(size)
        self._advance(len(data))
        return data


class _LineFeeds:
    """
    Lines end in LF. The csv module is told CR LF, because it puts quotes only around the characters of its own line end
    and a bare CR in a note would be a line end to every reader.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, line: str) -> None:
        self._file.write(line.removesuffix("\r\n") + "\n")


def _exported(timelines: Iterable[tuple[str, Timeline[Record]]], now: int) -> Iterator[Record]:
    """Of each name the row that makes it ours: the one at `now`, else the first later one."""
    for _name, timeline in timelines:
        record = timeline.at(now) or timeline.next_after(now)
        while record is not None and record.plan is None:
            record = timeline.next_after(max(now, record.valid_from))
        if record is not None:
            yield record


class _Lines:
    """Reads rows of cells, and keeps what is wrong with them."""

    def __init__(self, zone: str, check: Callable[[Domain, str, str], None]) -> None:
        self._zone, self._check = zone, check
        self.faults: list[Fault] = []
        self.has_notes = False
        self._seen: dict[str, int] = {}
        self._params: dict[tuple[str, ...], str] = {}
        self._times: dict[str, int] = {}
        self._texts: dict[str, str] = {}

    def fault(self, line: int, problem: str, remedy: str = "") -> None:
        self.faults.append(Fault(f"line {line}", problem, remedy))

    def wanted(self, reader: Reader) -> Iterator[Wanted]:
        """What the good lines ask for; a bad header is the only fault of its file."""
        rows = self._rows(reader)
        line, header = next(rows, (1, None))
        if header is None:
            return
        names = [name.strip() for name in header]
        for problem, remedy in _header_faults(names):
            self.fault(line, problem, remedy)
        if self.faults:
            return
        self.has_notes = NOTE in names
        at = {name: index for index, name in enumerate(names)}
        params = [(name, at[name]) for name in sorted(names) if name not in COLUMNS]
        for line, row in rows:
            if len(row) != len(names):
                remedy = "put quotes around cells with commas" if len(row) > len(names) else ""
                self.fault(line, f"has {_cells(len(row))}, the header {len(names)}", remedy)
                continue
            name, plan = self._name(line, row[at[NAME]]), self._plan(line, row[at[PLAN]])
            time = self._time(line, row[at[VALID_FROM]]) if VALID_FROM in at else None
            note = self._shared(row[at[NOTE]]) if NOTE in at else None
            text = self._encoded(params, row)
            if name and plan and self._allowed(line, name, plan, text):
                yield Wanted(line, name.name, plan, text, time, note or None)

    def _rows(self, reader: Reader) -> Iterator[tuple[int, list[str]]]:
        """Rows with the line on which each begins; those without any text are left out."""
        while True:
            line, row, problem = reader.line_num + 1, [], None
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                problem = str(error)
            if len(self.faults) >= MOST_FAULTS:  # a line may have several
                self.fault(line, f"reading ends here, after {len(self.faults)} faults", "mend those, there may be more")
                return
            if problem:
                self.fault(line, *_not_csv(problem))
            elif any(map(str.strip, row)):
                yield line, row

    def _name(self, line: int, cell: str) -> Domain | None:
        try:
            name = Domain.parse(cell.strip())
        except InputInvalid as error:
            self.fault(line, str(error) if cell.strip() else "has no name")
            return None
        first = self._seen.setdefault(name.name, line)
        if first != line:
            self.fault(line, f"names {name} again, as line {first} does", "keep one of them")
            return None
        return name

    def _plan(self, line: int, cell: str) -> str | None:
        plan = self._shared(cell.strip())
        if not plan:
            self.fault(line, "has no plan", "a name is ended by `autoconfig mapping end` or `sync --delete`")
            return None
        return plan

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

    def _allowed(self, line: int, name: Domain, plan: str, params: str) -> bool:
        try:
            self._check(name, plan, params)
        except (PlanUnusable, InputInvalid) as error:
            self.fault(line, str(error))
            return False
        return True

    def _shared(self, text: str) -> str:
        return _remember(self._texts, text, lambda: text)
