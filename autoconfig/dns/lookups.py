"""The MX of names that strangers give us: kept as long as the DNS allows, asked for within bounds."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from autoconfig.dns.answer import MXAnswer, MXStatus
from autoconfig.dns.budget import Budget
from autoconfig.dns.names import is_public

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from autoconfig.mail.domain import Domain

AT_ONCE = 64
"""How many questions are under way together; the others wait, within their time limit."""
KEPT = 8192
"""How many names with exchangers are kept, and as many without, apart: a flood of invented names evicts none."""
SHORTEST, LONGEST = 5.0, 3600.0
"""Seconds that exchangers are kept, whatever their TTL says."""
LONGEST_NEGATIVE = 300.0
"""Seconds that it is kept at the most that there are none: who has just set an MX does not wait for hours."""
STALE = 86400.0
"""Seconds for which exchangers are used after their time while the DNS says nothing newer (RFC 8767 section 5)."""
FAILURE = 5.0
"""Seconds that a failure is kept (RFC 9520 section 3.2)."""


class Troubles(NamedTuple):
    """What went wrong since it was last looked at."""

    failed: int
    """Questions that the DNS did not answer."""
    refused: int
    """Names that were not asked for because the minute's questions, or a client's share of them, were used up."""
    example: str
    """One of the names."""


class MailExchangers:
    """
    Finds out where mail goes: one question a name however many requests wait for it, a budget of questions
    a minute, a share of it for each client.

    Nothing is asked for a name that the public DNS cannot know, nor for one of `own`.
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
        Ask nothing yet.

        Args:
            ask: asks the DNS for a name in A-labels; raises nothing.
            budget: how many names are asked for in any minute; for one client a tenth of it (`budget.Budget`).
            limit: seconds that a question may take, with its wait for its turn.
            own: names that are the provider's own.
            count: told the status of each answer, and of each question that was not put for the budget's sake.
            clock: seconds of a clock that never goes back.
        """
        self._ask, self._limit, self._own = ask, limit, own
        self._budget = Budget(budget, clock)
        self._count, self._clock = count, clock
        self._found = _Kept(clock)
        self._others = _Kept(clock)
        self._asking: dict[str, asyncio.Task[MXAnswer]] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._troubles: Counter[MXStatus] = Counter()
        self._example = ""

    async def of(self, domain: Domain, client: Hashable = None) -> MXAnswer:
        """
        Where the mail of `domain` goes; no later than `limit` seconds from now.

        `client` is whom a question counts for, `None` if that is nobody in particular.
        Exchangers that were found serve on for `STALE` seconds where the DNS cannot be asked whether they changed.
        """
        answer = await self._newest(domain, client)
        return (answer.temporary and self._found.stale(domain.name)) or answer

    def asked_by(self, client: Hashable) -> AskedBy:
        """The same for one client, as `resolve` asks."""
        return AskedBy(self, client)

    def troubles(self) -> Troubles | None:
        """What went wrong since the last call, if anything did."""
        refused = sum(self._troubles.pop(status, 0) for status in (MXStatus.OVER_BUDGET, MXStatus.OVER_SHARE))
        failed = self._troubles.total()
        self._troubles.clear()
        return Troubles(failed, refused, self._example) if failed or refused else None

    async def close(self) -> None:
        """Ask nothing more; whoever waits is told that it failed."""
        self._budget = Budget(0, self._clock)
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _newest(self, domain: Domain, client: Hashable) -> MXAnswer:
        """What is kept, else what the DNS says now."""
        name = domain.name
        kept = self._found.get(name) or self._others.get(name)
        if kept is not None:
            return kept
        if name in self._own or not is_public(domain):
            return MXAnswer(MXStatus.NOT_ASKED)
        asking = self._asking.get(name)
        if asking is None:
            if refused := self._budget.take(client):
                return self._noted(name, MXAnswer(refused))
            asking = self._asking[name] = asyncio.create_task(self._asked(name))
            asking.add_done_callback(lambda _: self._asking.pop(name, None))
        await asyncio.wait([asking])  # a client that goes away takes the question from nobody else
        return MXAnswer(MXStatus.FAILED) if asking.cancelled() else asking.result()

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
            self._troubles[answer.status] += 1
            self._example = name
        return answer


class AskedBy(NamedTuple):
    """Knows where mail goes, and whom its questions count for."""

    exchangers: MailExchangers
    client: Hashable

    async def of(self, domain: Domain) -> MXAnswer:
        """See `MailExchangers.of`."""
        return await self.exchangers.of(domain, self.client)


class _Kept:
    """Answers until their time comes, and after it for `stale`; of more than `KEPT`, those that were used last."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._answers: OrderedDict[str, tuple[float, MXAnswer]] = OrderedDict()

    def get(self, name: str) -> MXAnswer | None:
        """What is kept of the name."""
        return self._until(name, 0)

    def stale(self, name: str) -> MXAnswer | None:
        """The same, also after its time."""
        return self._until(name, STALE)

    def put(self, name: str, answer: MXAnswer, seconds: float) -> None:
        """Keep the answer so long."""
        self._answers[name] = (self._clock() + seconds, answer)
        self._answers.move_to_end(name)
        if len(self._answers) > KEPT:
            self._answers.popitem(last=False)

    def forget(self, name: str) -> None:
        """It does not hold any more."""
        self._answers.pop(name, None)

    def _until(self, name: str, longer: float) -> MXAnswer | None:
        until, answer = self._answers.get(name, (0.0, None))
        if answer is None or self._clock() >= until + longer:
            return None
        self._answers.move_to_end(name)
        return answer
