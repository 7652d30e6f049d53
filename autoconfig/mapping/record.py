"""A whole row of the mapping, and its columns. Nothing heavy is loaded for it, unlike for `schema`."""

from __future__ import annotations

import itertools
from types import NoneType
from typing import TYPE_CHECKING, Any, NamedTuple

from autoconfig.errors import DatabaseForeign

if TYPE_CHECKING:
    from collections.abc import Iterable


class Record(NamedTuple):
    """All columns of a row: the decision, its author and its times."""

    id: int
    name: str
    valid_from: int
    plan: str | None
    params: str
    note: str | None
    changed_by: str
    recorded_at: int


_TYPES: dict[str, tuple[type, ...]] = {
    "id": (int,),
    "name": (str,),
    "valid_from": (int,),
    "plan": (str, NoneType),
    "params": (str,),
    "note": (str, NoneType),
    "changed_by": (str,),
    "recorded_at": (int,),
}
_COMBINATIONS = frozenset(itertools.product(*_TYPES.values()))

LAST_ID = 2**53 - 1
"""The highest id that a row may have: it leaves room for later rows, and is exact in every JSON reader."""

CORRECT_IT = "correct or delete it with sqlite3 (docs/operating.md, When the database is damaged)"
"""The remedy for a row that another program wrote."""

_SHOWN = 80

COLUMNS = ", ".join(Record._fields)
"""The columns of a `Record`, in order."""


def insertion(mark: str) -> str:
    """The INSERT statement for a `Record`; `mark` is the driver's placeholder."""
    return f"INSERT INTO mapping ({COLUMNS}) VALUES ({', '.join([mark] * len(Record._fields))})"  # noqa: S608


def text_or_octets(octets: bytes) -> str | bytes:
    """A `text_factory` for SQLite: a text that is not UTF-8 stays octets, which `read_record` refuses."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        return octets


def foreign_row(identity: object, problem: str, name: object = None) -> str:
    """The message about a row that another program wrote: its id and name, the problem, and the remedy."""
    whose = "" if name is None else f"{str(name)[:_SHOWN]}: "
    return f"{whose}row {str(identity)[:_SHOWN]} was written by another program: {problem}; {CORRECT_IT}"


def wrong_type(values: Iterable[object]) -> str | None:
    """The first of a row's columns with a type that no command writes, and that type; `None`: there is none."""
    for (column, types), value in zip(_TYPES.items(), values, strict=True):
        if type(value) not in types:
            octets = isinstance(value, bytes)
            return f"{column}: {'is a BLOB, or not in UTF-8' if octets else f'has the type {type(value).__name__}'}"
    return None


def read_record(values: Iterable[Any], place: str) -> Record:
    """
    A row as the database at `place` gave it. SQLite stores values of any type in any column.

    Raises:
        DatabaseForeign: a value has a type that no command writes.
    """
    record = Record._make(values)
    if tuple(map(type, record)) not in _COMBINATIONS:
        raise DatabaseForeign(f"{place}: {foreign_row(record.id, str(wrong_type(record)), record.name)}")
    return record
