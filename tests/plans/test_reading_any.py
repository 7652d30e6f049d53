from __future__ import annotations

import contextlib
import re

from hypothesis import example, given
from hypothesis import strategies as st

from autoconfig.errors import PlansInvalid
from autoconfig.plans import Plans, read_plans
from tests.plans.sources import SOURCE


def judged(source: bytes) -> Plans | None:
    """The plans, or `None` where faults were reported; any other exception comes through."""
    with contextlib.suppress(PlansInvalid):
        return read_plans(source)
    return None


@given(st.binary() | st.text().map(str.encode) | st.text("[]{}='\".,\n plans.ahost#").map(str.encode))
@example(b"\xff")
@example(b"\xef\xbb\xbf")
@example(b"plans = [[]]")
@example(b"host = [[]]")
@example(b"[plans.'']")
@example(b"[plans.a.b.c]")
def test_any_bytes(source: bytes) -> None:
    """Any bytes are plans or `PlansInvalid`, never another exception."""
    judged(source)


@given(st.data())
def test_mutated_bytes(data: st.DataObject) -> None:
    """A good file with a part cut out, replaced or doubled is plans or `PlansInvalid`, never another exception."""
    start = data.draw(st.integers(0, len(SOURCE)), label="start")
    end = data.draw(st.integers(start, min(len(SOURCE), start + 200)), label="end")
    pieces = st.binary(max_size=8) | st.sampled_from(
        [b"{", b"}", b'"', b"[", b"]", b"\n", b"-1", SOURCE[start:end] * 2]
    )

    judged(SOURCE[:start] + data.draw(pieces, label="piece") + SOURCE[end:])


@given(st.integers(0, len(SOURCE)))
def test_cut_off(end: int) -> None:
    """A file that is cut off anywhere is plans or `PlansInvalid`; what parses may be fewer plans."""
    plans = judged(SOURCE[:end])

    assert plans is None or plans.plans.keys() <= read_plans(SOURCE).plans.keys()


VALUE = re.compile(rb'"[^"\n]*"|\b\d+\b|true|\[[^\[\]\n]*\]')
PLACES = [found.span() for found in VALUE.finditer(SOURCE)]
VALUES = [b"-1", b"0", b"1.5", b"nan", b"true", b'""', b'"{x}"', b'"{"', b'"{local}"', b"[]", b"[1]", b"{}", b"{a=1}"]
DATES = [b"1979-05-27", b"07:32:00", b"1979-05-27T07:32:00Z"]


@given(st.lists(st.sampled_from(PLACES), min_size=1, max_size=4, unique=True), st.data())
def test_mutated_values(places: list[tuple[int, int]], data: st.DataObject) -> None:
    """A good file with other values in it is plans or `PlansInvalid`, and each fault has a remedy."""
    source = SOURCE
    for start, end in sorted(places, reverse=True):
        source = source[:start] + data.draw(st.sampled_from([*VALUES, *DATES])) + source[end:]

    try:
        read_plans(source)
    except PlansInvalid as error:
        assert all(fault.problem and fault.remedy for fault in error.faults)  # noqa: PT017
