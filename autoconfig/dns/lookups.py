"""Look up the MX of names that strangers send: cached as long as the DNS allows, and limited in number and time."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.dns.budget import Budget
from autoconfig.dns.mx_answer import MXAnswer, MXStatus
from autoconfig.dns.names import is_public
from autoconfig.lru import LRU
from autoconfig.single_flight import SingleFlight

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from autoconfig.mail.domain import Domain

AT_ONCE = 64
"""Questions under way at a time; the others wait, within their time limit."""
KEPT = 8192
"""Names with exchangers that are cached; those without have a cache of the same size, so invented names evict none."""
SHORTEST, LONGEST = 5.0, 3600.0
"""Bounds on the seconds that exchangers are cached, whatever their TTL."""
LONGEST_NEGATIVE = 300.0
"""Most seconds that a negative answer is cached, so that a new MX is seen within minutes."""
STALE = 86400.0
"""Seconds that expired exchangers are still used while the DNS fails (RFC 8767 section 5)."""
FAILURE = 5.0
"""Seconds that a failure is cached (RFC 9520 section 3.2)."""


class MXFailures(NamedTuple):
    """Failures since the last look."""

    failed: int
    """Questions without an answer."""
    refused: int
    """Questions that were not sent because the budget, or the client's share of it, was used up."""
    example: str
    """One of the names."""


class MXLookups:
    """
    Find out where mail goes: one question for each name, however many requests wait for it; a budget of questions a
    minute, and a share of it for each client.

    Special-use names and names in `own` are not looked up.
    """

    def __init__(
        self,
        ask: Callable[[str], Awaitable[MXAnswer]],
        *,
        budget: int,
        limit: float,
        own: frozenset[str] = frozenset(),
        count: Callable[[MXStatus], None] = lambda _status: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Store the arguments; send nothing yet.

        Args:
            ask: asks the DNS for a name in A-labels; raises nothing.
            budget: questions in any minute; one client may cause a tenth of them (`budget.Budget`).
            limit: seconds that a question may take, including its wait.
            own: the provider's own names.
            count: called with the status of each answer, and of each question that the budget refused.
            clock: returns seconds and never goes back.
        """
        self._ask, self._limit, self._own = ask, limit, own
        self._budget = Budget(budget, clock)
        self._count, self._clock = count, clock
        self._found = _Cache(clock)
        self._others = _Cache(clock)
        self._questions = SingleFlight[MXAnswer]()
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._failures: Counter[MXStatus] = Counter()
        self._example = ""

    async def of(self, domain: Domain, client: Hashable = None) -> MXAnswer:
        """
        Where the mail of `domain` goes, within `limit` seconds.

        A question counts against the share of `client`, if one is given. While the DNS fails, expired exchangers are
        used for another `STALE` seconds.
        """
        answer = await self._newest(domain, client)
        return (answer.temporary and self._found.stale(domain.name)) or answer

    def failures(self) -> MXFailures | None:
        """Failures since the last call; `None` if there were none."""
        refused = sum(self._failures.pop(status, 0) for status in (MXStatus.OVER_BUDGET, MXStatus.OVER_SHARE))
        failed = self._failures.total()
        self._failures.clear()
        return MXFailures(failed, refused, self._example) if failed or refused else None

    async def close(self) -> None:
        """Send no more questions; those under way fail."""
        self._budget = Budget(0, self._clock)
        await self._questions.close()

    async def _newest(self, domain: Domain, client: Hashable) -> MXAnswer:
        """The cached answer, else a new one from the DNS."""
        name = domain.name
        kept = self._found.get(name) or self._others.get(name)
        if kept is not None:
            return kept
        if name in self._own or not is_public(domain):
            return MXAnswer(MXStatus.NOT_ASKED)
        question = self._questions.get(name)
        if question is None:
            if refused := self._budget.take(client):
                return self._noted(name, MXAnswer(refused))
            question = self._questions.start(name, self._asked(name))
        await asyncio.wait([question])  # a client that disconnects does not cancel the question for others
        return MXAnswer(MXStatus.FAILED) if question.cancelled() else question.result()

    async def _asked(self, name: str) -> MXAnswer:
        try:
            async with asyncio.timeout(self._limit), self._turns:
                answer = await self._ask(name)
        except TimeoutError:
            answer = MXAnswer(MXStatus.TIMED_OUT)
        self._noted(name, answer)
        if answer.status is MXStatus.FOUND:
            self._found.put(name, answer, min(max(answer.ttl, SHORTEST), LONGEST))
        elif answer.temporary:
            self._others.put(name, answer, FAILURE)
        else:
            self._found.forget(name)
            self._others.put(name, answer, min(max(answer.ttl, SHORTEST), LONGEST_NEGATIVE))
        return answer

    def _noted(self, name: str, answer: MXAnswer) -> MXAnswer:
        self._count(answer.status)
        if answer.temporary:
            self._failures[answer.status] += 1
            self._example = name
        return answer


class _Cache:
    """The `KEPT` most recently used answers; `stale` returns expired ones too."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._answers: LRU[str, tuple[float, MXAnswer]] = LRU(KEPT)

    def get(self, name: str) -> MXAnswer | None:
        """The answer for a name, unless it expired."""
        return self._until(name, 0)

    def stale(self, name: str) -> MXAnswer | None:
        """The answer for a name, even if it expired up to `STALE` seconds ago."""
        return self._until(name, STALE)

    def put(self, name: str, answer: MXAnswer, seconds: float) -> None:
        """Cache an answer for some seconds."""
        self._answers.put(name, (self._clock() + seconds, answer))

    def forget(self, name: str) -> None:
        """Remove an answer that no longer holds."""
        self._answers.pop(name, None)

    def _until(self, name: str, longer: float) -> MXAnswer | None:
        until, answer = self._answers.get(name, (0.0, None))
        if answer is None or self._clock() >= until + longer:
            return None
        self._answers.touch(name)
        return answer
