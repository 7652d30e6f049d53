"""Collects reports of progress."""

from __future__ import annotations


class Steps(list[tuple[str, int, int | None]]):
    """All reports, in order; an `OnProgress` (`mapping.progress`)."""

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Keep a report."""
        self.append((step, done, total))
