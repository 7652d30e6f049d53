"""The tables, as the migrations in migrations/versions create them."""

from __future__ import annotations

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
"""One row. `needs` is the oldest schema that a program must know to use this one. `generation` changes whenever the
history is replaced, so that readers who remember an id can tell that it is no longer valid."""
