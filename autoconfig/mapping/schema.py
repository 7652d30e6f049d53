"""The tables, as migrations leave it (see migrations/versions)."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import BigInteger, Column, Index, MetaData, PrimaryKeyConstraint, String, Table, Text
from sqlalchemy.dialects.mysql import MEDIUMTEXT

metadata = MetaData()

_TEXT = Text().with_variant(MEDIUMTEXT(), "mysql")

mapping = Table(
    "mapping",
    metadata,
    Column("id", BigInteger, nullable=False, autoincrement=False),
    Column("name", String(253), nullable=False),
    Column("valid_from", BigInteger, nullable=False),
    Column("plan", String(63)),
    Column("params", _TEXT, nullable=False),
    Column("note", _TEXT),
    Column("changed_by", String(255), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("name", "valid_from", "id"),
    Index("mapping_id", "id", unique=True),
    sqlite_with_rowid=False,
)

state = Table(
    "mapping_state",
    metadata,
    Column("needs", String(4), nullable=False),
    Column("generation", String(32), nullable=False),
)
"""One row. `needs` is the oldest schema that a program must know to use this one; `generation` is drawn anew whenever
the history is replaced, so that whoever remembers an id can tell that it means nothing any more."""


class Record(NamedTuple):
    """One row, whole: what was decided, and by whom and when."""

    id: int
    name: str
    valid_from: int
    plan: str | None
    params: str
    note: str | None
    changed_by: str
    recorded_at: int


COLUMNS = ", ".join(Record._fields)
"""The columns of a `Record`, in its order."""


def insertion(mark: str) -> str:
    """The statement that writes a `Record`; `mark` is what the driver has put for each value."""
    return f"INSERT INTO mapping ({COLUMNS}) VALUES ({', '.join([mark] * len(Record._fields))})"  # noqa: S608
