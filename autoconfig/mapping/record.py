"""A whole row of the mapping, and its columns. Nothing heavy is loaded for it, unlike for `schema`."""

from __future__ import annotations

from typing import NamedTuple


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


COLUMNS = ", ".join(Record._fields)
"""The columns of a `Record`, in order."""


def insertion(mark: str) -> str:
    """The INSERT statement for a `Record`; `mark` is the driver's placeholder."""
    return f"INSERT INTO mapping ({COLUMNS}) VALUES ({', '.join([mark] * len(Record._fields))})"  # noqa: S608
