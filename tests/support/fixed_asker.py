"""A DNS whose answers stand in a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.dns.question import Answer, AnswerStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class FixedAsker:
    """Answers by `NAME TYPE`; there is nothing else in its world."""

    def __init__(self, records: Mapping[str, Sequence[str]]) -> None:
        self._records = records
        self.asked: list[str] = []

    async def authorities(self, name: str, kind: str) -> Sequence[Answer]:
        """The answer of the one name server."""
        return [await self.follow(name, kind)]

    async def follow(self, name: str, kind: str) -> Answer:
        """The answer of the resolver."""
        self.asked.append(f"{name} {kind}")
        data = self._records.get(f"{name} {kind}")
        return Answer(AnswerStatus.FOUND, tuple(data)) if data else Answer(AnswerStatus.NO_NAME)
