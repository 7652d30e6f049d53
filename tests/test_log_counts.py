from __future__ import annotations

from autoconfig.log_counts import MOST_KEYS, PERIOD, Count, LineCounts


class Clock:
    """Seconds, as a test sets them."""

    now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_one_at_once_and_then_a_count() -> None:
    """The first line is written at once, those of the next minute are counted, with the latest as the example."""
    clock = Clock()
    counts = LineCounts(clock)
    admitted = [counts.admit("a", number) for number in range(500)]
    early = counts.due()
    clock.now += PERIOD

    assert admitted == [True] + [False] * 499
    assert early == []
    assert counts.due() == [Count("a", 499, 499)]
    assert counts.due() == []


def test_at_most_one_a_minute() -> None:
    """However often a line comes, it and its counts are one a minute; after a quiet minute it is written again."""
    clock = Clock()
    counts = LineCounts(clock)
    written = 0
    for _ in range(600):
        clock.now += 1
        written += counts.admit("a") + len(counts.due())
    clock.now += PERIOD
    last = len(counts.due())
    clock.now += PERIOD

    assert written + last == 11  # in eleven minutes
    assert counts.admit("a")


def test_keys_apart() -> None:
    """Lines that differ are counted apart."""
    counts = LineCounts(Clock())

    assert [counts.admit(key) for key in "abab"] == [True, True, False, False]
    assert counts.due(at_once=True) == [Count("a", 1, None), Count("b", 1, None)]


def test_bounded() -> None:
    """Lines without end that all differ fill neither the log nor the memory."""
    counts = LineCounts(Clock())
    admitted = [counts.admit(number) for number in range(10_000)]

    assert sum(admitted) == MOST_KEYS + 1
    assert sum(count.times for count in counts.due(at_once=True)) == 10_000 - MOST_KEYS - 1
