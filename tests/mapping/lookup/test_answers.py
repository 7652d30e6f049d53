from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.mapping.lookup import answers as module
from autoconfig.mapping.lookup.answers import Answered, Answers
from autoconfig.mapping.timeline import NOTHING, Row, Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

SAID: dict[str, Timeline[Row]] = {"known": Timeline([Row(0, 0, "a", "{}")]), "unknown": NOTHING, "unreadable": NOTHING}


def answered(kind: str, moment: float = 0.0) -> Answered:
    """An answer of this kind."""
    return Answered(moment, SAID[kind], ("has 2 rows", None) if kind == "unreadable" else None)


steps = st.tuples(st.sampled_from("abcdefgh"), st.sampled_from(sorted(SAID)))


@given(st.lists(steps, max_size=100), st.integers(1, 3), st.integers(1, 3), st.integers(1, 3))
def test_the_oldest_answer_of_a_kind_goes(
    steps: Sequence[tuple[str, str]], known: int, unknown: int, unreadable: int
) -> None:
    """The last answers of each kind are kept, one for each name."""
    limits = {"known": known, "unknown": unknown, "unreadable": unreadable}
    naive: dict[str, list[tuple[str, Answered]]] = {kind: [] for kind in limits}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "UNREADABLE", unreadable)
        answers = Answers(known, unknown)
    for moment, (name, kind) in enumerate(steps):
        said = answered(kind, float(moment))
        answers.put(name, said)
        naive = {other: [entry for entry in kept if entry[0] != name] for other, kept in naive.items()}
        naive[kind] = [*naive[kind], (name, said)][-limits[kind] :]
    expected: dict[str, Any] = {name: said for kept in naive.values() for name, said in kept}

    assert {name: answers.get(name) for name in "abcdefgh"} == {name: expected.get(name) for name in "abcdefgh"}
    assert (len(naive["known"]), len(naive["unknown"])) == (answers.known, answers.unknown)


def test_strangers_push_out_no_customer() -> None:
    """However many names without rows are asked for, those with rows stay."""
    answers = Answers(known=2, unknown=3)
    for name in ("a", "b"):
        answers.put(name, answered("known"))
    for number in range(1000):
        answers.put(f"stranger{number}", answered("unknown"))

    assert (answers.known, answers.unknown) == (2, 3)
    assert all(answers.get(name) for name in ("a", "b", "stranger997", "stranger998", "stranger999"))
