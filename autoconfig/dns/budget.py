"""Limit the DNS questions that strangers can cause: a number a minute, and a share of it for each client."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING

from autoconfig.dns.mx_answer import MXStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

MINUTE = 60.0
SHARE = 10
"""A client may cause a tenth of the questions."""
LEAST = 10
"""A client's share is never less: a person who sets up an office has a few domains to try."""


class Budget:
    """The questions of the last minute with their clients; it holds no more of them than the budget allows."""

    def __init__(self, questions: int, clock: Callable[[], float]) -> None:
        """Allow `questions` in any minute; `clock` returns seconds and never goes back."""
        self._most, self._share, self._clock = questions, max(LEAST, questions // SHARE), clock
        self._taken: deque[tuple[float, Hashable]] = deque()
        self._of_client: Counter[Hashable] = Counter()

    def take(self, client: Hashable) -> MXStatus | None:
        """Take a question for a client, or for no client (`None`). Return why none is left, or `None` if one was."""
        now, taken = self._clock(), self._taken
        while taken and now - taken[0][0] >= MINUTE:
            _, earlier = taken.popleft()
            self._of_client[earlier] -= 1
            if not self._of_client[earlier]:
                del self._of_client[earlier]
        if len(taken) >= self._most:
            return MXStatus.OVER_BUDGET
        if client is not None and self._of_client[client] >= self._share:
            return MXStatus.OVER_SHARE
        taken.append((now, client))
        self._of_client[client] += 1
        return None
