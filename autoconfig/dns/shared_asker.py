"""Askers of many domains that ask for what is in none of them once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.dns.question import Answer, AnswerStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.dns.question import Asker


class SharedAnswers:
    """Answers about names that many domains lead to, such as those of the provider's servers."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], asyncio.Task[Answer]] = {}

    def asker(self, domain: str, own: Asker) -> SharedAsker:
        """Make an asker for one domain."""
        return SharedAsker(domain, own, self._answers)


class SharedAsker:
    """Asks about a domain by its own asker, and for all other names once for all domains."""

    def __init__(self, domain: str, own: Asker, answers: dict[tuple[str, str], asyncio.Task[Answer]]) -> None:
        self._domain, self._own, self._answers = domain, own, answers
        self._aliases: dict[str, tuple[str, ...]] = {}
        """The CNAMEs of names in the domain that lead out of it."""

    async def authorities(self, name: str, kind: str) -> Sequence[Answer]:
        """Ask the zone's own name servers."""
        return await self._own.authorities(name, kind)

    async def follow(self, name: str, kind: str) -> Answer:
        """
        Ask a resolver, for a name outside of the domain only once for all domains.

        A CNAME is for all types (RFC 1034 section 3.6.2), so a name whose CNAME is known is not asked again.
        """
        if self._is_inside(name):
            return await self._inside(name, kind)
        key = name, kind
        if key not in self._answers:
            self._answers[key] = asyncio.create_task(self._own.follow(name, kind))
        answer = await self._answers[key]
        if answer.status.failed:  # the next domain asks again: this one may have used up its time
            self._answers.pop(key, None)
        return answer

    def _is_inside(self, name: str) -> bool:
        return name == self._domain or name.endswith(f".{self._domain}")

    async def _inside(self, name: str, kind: str) -> Answer:
        if (chain := self._aliases.get(name)) is not None:
            there = await self.follow(chain[-1], kind)
            return Answer(there.status, there.data, (*chain, *there.chain), there.server)
        answer = await self._own.follow(name, kind)
        settled = answer.status in {AnswerStatus.FOUND, AnswerStatus.NO_DATA}
        if settled and answer.chain and not self._is_inside(answer.chain[-1]):
            self._aliases[name] = answer.chain
        return answer
