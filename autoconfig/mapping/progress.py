"""Report the progress of long work."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    OnProgress = Callable[[str, int, int | None], None]
    """
    Called now and then with the name of a step, how much of it is done, and of how much (`None`: unknown). The unit is
    that of the step: rows, names, files, pages or bytes.
    """

EVERY = 1000
"""Items between two reports."""

Item = TypeVar("Item")


def silent(_step: str, _done: int, _total: int | None) -> None:
    """Report nothing."""


class StepCounter:
    """Adds up what is done of one step, and reports the sum."""

    def __init__(self, on_progress: OnProgress, step: str, total: int | None) -> None:
        """Reports nothing before something is done."""
        self._on_progress, self._step, self._total = on_progress, step, total
        self.done = 0

    def add(self, count: int = 1) -> None:
        """Count and report."""
        self.done += count
        self._on_progress(self._step, self.done, self._total)

    def over(self, items: Iterable[Item]) -> Iterator[Item]:
        """Yield the items. Each counts as done when the next one is taken."""
        count = 0
        for item in items:
            yield item
            count += 1
            if count == EVERY:
                self.add(count)
                count = 0
        if count:
            self.add(count)


def counted(items: Iterable[Item], on_progress: OnProgress, step: str, total: int | None) -> Iterator[Item]:
    """Yield the items of a step, and report how many are done."""
    return StepCounter(on_progress, step, total).over(items)
