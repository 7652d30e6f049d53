"""A domain as its name servers and a resolver see it, and their failures."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.check.ip_address import ip_address_of, is_public
from autoconfig.dns.question import Answer, AnswerStatus

if TYPE_CHECKING:
    from autoconfig.dns.question import Asker

ADDRESS_TYPES = ("A", "AAAA")
MOST_ADDRESSES = 4
"""Addresses of one name and family that are connected to; a stranger may write any number into the zone."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The answers of the zone's name servers to one question."""

    answer: Answer | None
    """The answer of the first server that gave one; `None` if none did."""
    disagreement: str = ""
    """The answer of each server, if they differ."""


@dataclass(frozen=True, slots=True)
class NameAddresses:
    """The addresses of one name, IPv4 first, each family sorted."""

    usable: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    """Those that are not public, and may not be connected to."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a name finally leads."""

    chain: tuple[str, ...]
    answers: tuple[Answer, ...] = ()
    """The answers for A and then for AAAA."""

    @property
    def a(self) -> frozenset[str]:
        """The IPv4 addresses."""
        return frozenset(self.answers[0].data)

    @property
    def all(self) -> frozenset[str]:
        """All addresses."""
        return frozenset(address for answer in self.answers for address in answer.data)

    def addresses(self, *, allow_private: bool, most: int = MOST_ADDRESSES) -> NameAddresses:
        """At most `most` addresses of each family, by whether they may be connected to."""
        chosen = [address for answer in self.answers for address in sorted(answer.data)[:most]]
        private = () if allow_private else tuple(address for address in chosen if not _is_public(address))
        return NameAddresses(tuple(address for address in chosen if address not in private), private)

    @property
    def failed(self) -> bool:
        """Whether no address is known and one of the questions failed."""
        return not self.all and any(answer.status.failed for answer in self.answers)

    @property
    def outside(self) -> bool:
        """Whether the asked server is not responsible for the name: no fault if the operator chose that server."""
        return not self.all and any(answer.status is AnswerStatus.LAME for answer in self.answers)

    def ended(self, status: AnswerStatus) -> bool:
        """Whether one of the questions ended with this status."""
        return any(answer.status is status for answer in self.answers)


class DomainView:
    """Asks for records, and remembers failures by server."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self.failures: dict[tuple[str, AnswerStatus], list[str]] = {}
        """The failed questions, by server and status."""
        self.heard = False
        """Whether any server answered."""

    async def ask(self, name: str, kind: str) -> Seen:
        """Ask the zone's name servers."""
        answers = await self._asker.authorities(name, kind)
        told = [answer for answer in answers if not answer.status.failed]
        for answer in answers:
            if answer.status.failed:
                self.note(answer, f"{name} {kind}")
        if not told:
            return Seen(None)
        self.heard = True
        # Servers may differ in what they know about a CNAME's target; only the zone's own data count.
        if len({answer.own for answer in told}) == 1:
            return Seen(told[0])
        return Seen(told[0], "; ".join(f"{answer.server}: {', '.join(answer.own) or answer.status}" for answer in told))

    async def follow(self, name: str, kind: str) -> Answer:
        """Ask a resolver."""
        return await self._asker.follow(name, kind)

    async def destination(self, name: str) -> Destination:
        """Where a name leads according to a resolver; an IP address leads to itself."""
        if (address := ip_address_of(name)) is not None:
            own, none = Answer(AnswerStatus.FOUND, (str(address),)), Answer(AnswerStatus.NO_DATA)
            return Destination((), (own, none) if address.version == 4 else (none, own))
        answers = tuple([await self._asker.follow(name, kind) for kind in ADDRESS_TYPES])
        return Destination(max((answer.chain for answer in answers), key=len), answers)

    def note_failures(self, name: str, there: Destination) -> None:
        """Remember the servers that failed on the way from a name."""
        for kind, answer in zip(ADDRESS_TYPES, there.answers, strict=True):
            if answer.status.failed:
                self.note(answer, f"{name} {kind}")

    async def by_wildcard(self, name: str, kind: str, answer: Answer) -> bool:
        """Whether a random name beside it has the same records, so that a wildcard made them (RFC 4592)."""
        _, _, parent = name.partition(".")
        if not parent or not answer.own:
            return False
        probe = await self.ask(f"probe-{secrets.token_hex(8)}.{parent}", kind)
        return probe.answer is not None and probe.answer.own == answer.own

    async def resolver_differs(self, name: str, kind: str, answer: Answer) -> str:
        """The resolver's answer for the name itself, if it differs from its name servers'; else an empty text."""
        resolved = await self._asker.follow(name, kind)
        if resolved.status.failed:
            if not resolved.chain:
                self.note(resolved, f"{name} {kind}")
            return ""
        if resolved.own == answer.own:
            return ""
        return f"{resolved.server}: {', '.join(resolved.own) or resolved.status}"

    def note(self, answer: Answer, question: str) -> None:
        """Remember that a server failed."""
        questions = self.failures.setdefault((answer.server, answer.status), [])
        if question not in questions:
            questions.append(question)


def _is_public(text: str) -> bool:
    address = ip_address_of(text)
    return address is not None and is_public(address)
