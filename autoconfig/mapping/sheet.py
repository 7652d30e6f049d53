"""
The lines of a CSV file for `mapping sync`, and the rows to write, in a temporary file instead of in memory.

Memory does not grow with the number of lines. SQLite deletes the file as soon as it has opened it, so nothing is left
behind by a process that is killed. Its folder is the variable SQLITE_TMPDIR or TMPDIR, or else /var/tmp.
"""

from __future__ import annotations

import contextlib
import sqlite3
import weakref
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.errors import InputInvalid
from autoconfig.mapping.record import Record
from autoconfig.mapping.store import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

_CACHE_KIB = 8192
"""Memory for pages of the temporary file: enough for the inner pages of the index of ten million names."""

_SETTINGS = (
    "journal_mode = OFF",
    "synchronous = OFF",
    "temp_store = FILE",
    f"cache_size = -{_CACHE_KIB}",
)

_LINES = """
CREATE TABLE lines (
  number INTEGER PRIMARY KEY, line INTEGER, name TEXT, plan TEXT, params TEXT, valid_from INTEGER, note TEXT
)
"""
_PUT = "INSERT OR IGNORE INTO lines (line, name, plan, params, valid_from, note) VALUES (?, ?, ?, ?, ?, ?)"
_LINE_OF = "SELECT line FROM lines WHERE name = ?"
_IN_ORDER = "SELECT line, name, plan, params, valid_from, note FROM lines ORDER BY number"
# By the index instead of by a sort: a sort of millions of lines cannot be interrupted, and shows no progress.
_BY_NAME = """
SELECT number, line, name, plan, params, valid_from, note FROM lines INDEXED BY lines_by_name ORDER BY name
"""

# Of the first eight columns, the row from before, all are null if there is none.
_STEPS = "CREATE TABLE steps{0} (number INTEGER PRIMARY KEY, {1})"
_STEP_WIDTH = len(Record._fields) + len(Change._fields)
_PUT_STEP = f"INSERT INTO steps{{0}} VALUES (NULL{', ?' * _STEP_WIDTH})"  # noqa: S608 (only marks)
_NEW = "CREATE TABLE new{0} (number INTEGER PRIMARY KEY)"
_PUT_NEW = "INSERT INTO new{0} VALUES (?)"
_ALL_STEPS = "SELECT * FROM steps{0} ORDER BY number"
_ALL_NEW = """
SELECT name, valid_from, plan, params, note FROM new{0} CROSS JOIN lines USING (number) ORDER BY new{0}.number
"""


class Wanted(NamedTuple):
    """The state that one line of the file asks for."""

    line: int
    """The line on which it begins, counted from 1 as in an editor."""
    name: str
    """The domain in A-labels, lower case."""
    plan: str
    params: str
    """Canonical JSON (`mail.params`)."""
    valid_from: int | None
    """Unix seconds, UTC; `None`: now."""
    note: str | None


class Step(NamedTuple):
    """One row to write."""

    before: Record | None
    """The row that holds when the change begins."""
    change: Change


class Sheet:
    """The lines of a file; every name occurs once. Its methods raise `InputInvalid` if there is no room for them."""

    def __init__(self, *, has_notes: bool = False) -> None:
        """Open an empty one."""
        self.has_notes = has_notes
        """Whether there is a note column; without one, existing notes do not count as a difference."""
        self._count = self._differences = 0
        self.connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self.close = weakref.finalize(self, self.connection.close)
        """Delete all lines, and the steps made from them."""
        with named_errors():
            for setting in _SETTINGS:
                self.connection.execute(f"PRAGMA {setting}")
            self.connection.execute("BEGIN")
            self.connection.execute(_LINES)
            self.connection.execute("CREATE UNIQUE INDEX lines_by_name ON lines (name)")
        self._putting = self.connection.cursor()

    def put(self, wanted: Wanted) -> int | None:
        """
        Add a line.

        Returns:
            `None`, or the number of the line that has the same name; then nothing is added.
        """
        with named_errors():
            if self._putting.execute(_PUT, wanted).rowcount:
                self._count += 1
                return None
            (line,) = self._putting.execute(_LINE_OF, (wanted.name,)).fetchone()
        return int(line)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Wanted]:
        """The lines in the order of the file."""
        with named_errors():
            yield from map(Wanted._make, self.connection.execute(_IN_ORDER))

    def by_name(self) -> Iterator[tuple[int, Wanted]]:
        """The lines in the order of their names (as octets), each with its number for `Steps.put_new`."""
        with named_errors():
            for number, *values in self.connection.execute(_BY_NAME):
                yield number, Wanted._make(values)

    def steps(self, now: int) -> Steps:
        """A new, empty collection of steps; lines without a time begin at `now` (Unix seconds)."""
        self._differences += 1
        return Steps(self, self._differences, now)


class Steps(Collection[Step]):
    """
    The rows to write: those that were put in, in that order, then those of new names in the order of the file.

    They are gone when the sheet is closed. Methods raise `InputInvalid` if there is no room.
    """

    def __init__(self, sheet: Sheet, number: int, now: int) -> None:
        """`number`: of this difference among those of the sheet."""
        self._sheet, self._now, self._count = sheet, now, 0
        columns = ", ".join(f"c{index}" for index in range(_STEP_WIDTH))
        with named_errors():
            sheet.connection.execute(_STEPS.format(number, columns))
            sheet.connection.execute(_NEW.format(number))
        self._put, self._put_new = _PUT_STEP.format(number), _PUT_NEW.format(number)
        self._all, self._all_new = _ALL_STEPS.format(number), _ALL_NEW.format(number)
        self._putting = sheet.connection.cursor()

    def put(self, step: Step) -> None:
        """Add the step of a name that has rows."""
        before = step.before or (None,) * len(Record._fields)
        with named_errors():
            self._putting.execute(self._put, (*before, *step.change))
        self._count += 1

    def put_new(self, number: int) -> None:
        """Add the step of a name without any row, by the number of its line."""
        with named_errors():
            self._putting.execute(self._put_new, (number,))
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Step]:
        connection, width = self._sheet.connection, len(Record._fields) + 1
        with named_errors():
            for row in connection.execute(self._all):
                before = None if row[1] is None else Record._make(row[1:width])
                yield Step(before, Change._make((*row[width:-1], bool(row[-1]))))
            for name, valid_from, plan, params, note in connection.execute(self._all_new):
                moment = self._now if valid_from is None else valid_from
                yield Step(None, Change(name, moment, plan, params, note, valid_from is None))

    def __contains__(self, step: object) -> bool:
        return any(step == each for each in self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Steps) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]


@contextlib.contextmanager
def named_errors() -> Iterator[None]:
    """Turn errors of the temporary file into one that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise InputInvalid(
            f"the lines cannot be kept in a temporary file: {error}; is there room? TMPDIR names its folder"
        ) from error
