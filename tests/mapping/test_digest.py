from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mapping.digest import Digest
from autoconfig.mapping.record import Record
from tests.mapping.follower.histories import histories

ROW = Record(3, "a.example", 5, "plan", '{"x":"é"}', None, "me", 7)


def test_what_it_is() -> None:
    """It can be computed elsewhere: SHA-256 over rows as JSON arrays, each with a comma after it."""
    rows = [ROW, ROW._replace(id=4, note="")]
    text = "".join(f"{json.dumps(list(row), separators=(',', ':'))}," for row in rows)
    digest = Digest.of(rows)

    assert hashlib.sha256(text.encode()).hexdigest() == digest.sha256
    assert (digest.rows, digest.last_id) == (2, 4)


@given(histories(), st.integers(0, 12))
def test_grouping_does_not_matter(rows: list[Record], cut: int) -> None:
    """Rows added in parts, or as they pass by, give the digest of all of them."""
    parts, passing = Digest.of(rows[:cut]), Digest()
    parts.add(rows[cut:])

    assert rows == list(passing.passing(rows))
    assert Digest.of(rows) == parts == passing


@pytest.mark.parametrize(
    "other",
    [
        [ROW._replace(id=4)],
        [ROW._replace(name="b.example")],
        [ROW._replace(plan=None)],
        [ROW._replace(note="")],
        [ROW._replace(recorded_at=8)],
        [],
        [ROW, ROW],
    ],
    ids=["id", "name", "no plan", "empty note", "time", "no row", "a row more"],
)
def test_any_difference_shows(other: list[Record]) -> None:
    """No two histories that differ have one digest."""
    assert Digest.of([ROW]) != Digest.of(other)


def test_it_equals_nothing_else() -> None:
    """A digest does not equal its hash."""
    digest = Digest.of([ROW])

    assert digest != digest.sha256
