from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoconfig.dns.budget import MINUTE, Budget
from autoconfig.dns.mx_answer import MXStatus


class Clock:
    """A clock that stands still until it is set."""

    now = 0.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now


@pytest.mark.parametrize(
    ("questions", "share"), [(600, 60), (109, 10), (100, 10), (20, 10), (10, 10), (5, 5), (100_000, 10_000)]
)
def test_share(questions: int, share: int) -> None:
    """One client has a tenth, but no less than ten; the budget bounds that too, and another client has its own."""
    budget = Budget(questions, Clock())
    left = [budget.take("a") for _ in range(share + 1)]

    assert left == [None] * share + [MXStatus.OVER_SHARE if share < questions else MXStatus.OVER_BUDGET]
    assert budget.take("b") is (None if share < questions else MXStatus.OVER_BUDGET)


def test_nobody_in_particular() -> None:
    """Who cannot be told from others has no share of their own: they have all that is left."""
    budget = Budget(30, Clock())

    assert [budget.take(None) for _ in range(31)] == [None] * 30 + [MXStatus.OVER_BUDGET]


def test_next_minute() -> None:
    """A question counts for a minute, to the moment; what was refused counts for nothing."""
    clock = Clock()
    budget = Budget(11, clock)
    said = []
    for clock.now in [0.0] * 9 + [30.0, 59.9, 60.0, 60.0, 89.9, 90.0]:
        said.append(budget.take("a"))

    assert said == [None] * 10 + [MXStatus.OVER_SHARE, *[None] * 4]


@given(st.lists(st.tuples(st.floats(0, 300), st.sampled_from(["a", "b", None])), max_size=150), st.integers(0, 40))
def test_any_minute(asked: list[tuple[float, str | None]], questions: int) -> None:
    """However questions come, no sixty seconds hold more of them than the budget, nor of one client than its share."""
    clock, taken = Clock(), list[tuple[float, str | None]]()
    budget = Budget(questions, clock)
    for now, client in sorted(asked, key=lambda each: each[0]):
        clock.now = now
        before = [each for each in taken if now - each[0] < MINUTE]
        own = sum(each[1] == client for each in before)
        full, used_up = len(before) >= questions, client is not None and own >= 10
        expected = MXStatus.OVER_BUDGET if full else MXStatus.OVER_SHARE if used_up else None

        assert expected is budget.take(client)
        taken += [] if expected else [(now, client)]
        assert len(budget._taken) <= questions
        assert budget._of_client.total() == len(budget._taken)
        assert 0 not in budget._of_client.values()
