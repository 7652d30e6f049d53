"""Histories for tests: rows to write, and all rows of a database."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from autoconfig.mail.params import encode
from autoconfig.mapping.record import Record
from autoconfig.mapping.store import Change, Journal
from autoconfig.mapping.times import LATEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What a command takes: no control characters, nothing that is no character.
_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Cn"]), max_size=12)
_NAMES = st.from_regex(r"[a-c]{1,2}\.example", fullmatch=True)


@st.composite
def histories(draw: st.DrawFn) -> list[Record]:
    """Rows of a few names in order of their ids, which have gaps."""
    identity, rows = 0, []
    for _ in range(draw(st.integers(0, 12))):
        identity += draw(st.integers(1, 3))
        rows.append(
            Record(
                identity,
                draw(_NAMES),
                draw(st.integers(0, LATEST)),
                draw(st.none() | st.from_regex(r"[a-z]{1,8}", fullmatch=True)),
                encode(draw(st.dictionaries(st.sampled_from(["x", "y"]), _TEXT, max_size=2))),
                draw(st.none() | _TEXT),
                draw(_TEXT),
                draw(st.integers(0, 2**33)),
            )
        )
    return rows


def numbered(count: int, plan: str = "plan", first: int = 1) -> list[Record]:
    """As many rows, each of another name, except that some have had one before."""
    return [
        Record(number, f"n{number % 700}.example", number, plan, '{"x":"é"}', None, "somebody", 1_700_000_000 + number)
        for number in range(first, first + count)
    ]


def write(url: str, records: Iterable[Record]) -> None:
    """Write rows as they are."""
    with contextlib.closing(Journal(url)) as journal, journal.writing() as writing:
        writing.copy(records)


def change(url: str, *names: str, plan: str | None = "plan") -> None:
    """Append a row for each name, as a command does."""
    with contextlib.closing(Journal(url)) as journal, journal.writing() as writing:
        writing.append([Change(name, 1, plan, "{}") for name in names])


def replace(url: str, records: Sequence[Record], generation: str | None = None) -> str:
    """Give a database another history, which has a generation of its own unless one is given."""
    drawn = generation or secrets.token_hex(16)
    with contextlib.closing(Journal(url)) as journal, journal.writing() as writing:
        writing.replace_all(drawn)
        writing.copy(records)
    return drawn


def rows_of(url: str) -> list[Record]:
    """All rows in order of their ids."""
    with contextlib.closing(Journal(url)) as journal, journal.reading() as reading:
        return list(reading.since(0))


def generation_of(url: str) -> str:
    """The history that its ids belong to."""
    with contextlib.closing(Journal(url)) as journal, journal.reading() as reading:
        return reading.generation()
