from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.mapping import progress
from autoconfig.mapping.progress import StepCounter, counted, silent
from tests.support.reported_steps import Steps

if TYPE_CHECKING:
    import pytest


def test_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Items pass unchanged, and are reported in steps, each one after it was used."""
    monkeypatch.setattr(progress, "EVERY", 4)
    seen: list[object] = []
    seen.extend(counted("abcdefghij", lambda *step: seen.append(step), "letters", 10))

    assert seen == [*"abcd", ("letters", 4, 10), *"efgh", ("letters", 8, 10), *"ij", ("letters", 10, 10)]


def test_nothing_to_do() -> None:
    """A step without items is not reported."""
    steps = Steps()

    assert list(counted([], steps, "letters", 0)) == steps == []


def test_counter_goes_on() -> None:
    """What is counted in several ways is one sum; the total may be unknown."""
    steps = Steps()
    counter = StepCounter(steps, "reading", None)
    counter.add()
    counter.add(2)
    assert list(counter.over("ab")) == ["a", "b"]

    assert steps == [("reading", 1, None), ("reading", 3, None), ("reading", 5, None)]
    assert counter.done == 5


def test_silent() -> None:
    """Without a callback, nothing is reported."""
    assert list(counted("ab", silent, "letters", None)) == ["a", "b"]
