"""Check the names that must lead to this server, by where they lead and not by how the records are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.check.dns_codes import Code
from autoconfig.check.domain_view import ADDRESS_TYPES, Destination
from autoconfig.check.other_providers import provider_of
from autoconfig.check.verdict import bad, ok, unknown
from autoconfig.dns.question import AnswerStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.check.domain_view import DomainView, Seen
    from autoconfig.check.verdict import RecordVerdict
    from autoconfig.dns.question import Answer
    from autoconfig.formats.zone import ZoneRecord


_ENDLESS = {AnswerStatus.LOOP: Code.CNAME_LOOP, AnswerStatus.TOO_LONG: Code.CNAME_TOO_LONG}


class HostJudge:
    """Checks the host records of one domain."""

    def __init__(self, view: DomainView, domain: str, target: str) -> None:
        """`target` is the host name or IP address that the records must lead to."""
        self._view, self._domain, self._target = view, domain, target

    async def judge(self, record: ZoneRecord) -> RecordVerdict:
        """Check what the name servers have for a name, and where that leads."""
        seen = {kind: await self._view.ask(record.name, kind) for kind in ADDRESS_TYPES}
        for kind, one in seen.items():
            if one.disagreement:
                return bad(record, Code.NAMESERVERS_DISAGREE, (), f"{kind}: {one.disagreement}", keep=True)
        answers = {kind: one.answer for kind, one in seen.items() if one.answer is not None}
        if len(answers) < len(seen):
            return unknown(record, _found(answers))
        found = _found(answers)
        if not found:
            return bad(record, Code.RECORD_MISSING, (), f"{record.name}: {_outcome(seen)}")
        for answer in answers.values():
            if (code := _ENDLESS.get(answer.status)) is not None:
                return bad(record, code, found, " → ".join((record.name, *answer.chain)))
        return await self._by_destination(record, tuple(answers.values()), found)

    async def leads_here(self, name: str) -> bool:
        """Whether a name leads to this server according to a resolver."""
        there = await self._view.destination(name)
        if self._target in {name, *there.chain}:
            return True
        here = await self._view.destination(self._target)
        return bool(there.all) and there.all <= here.all

    async def _by_destination(
        self, record: ZoneRecord, answers: tuple[Answer, ...], found: Sequence[str]
    ) -> RecordVerdict:
        there = await self._destination(answers)
        here = await self._view.destination(self._target)
        path = " → ".join((record.name, *there.chain))
        for status, code in _ENDLESS.items():
            if there.ended(status):
                return bad(record, code, found, path)
        if self._target in there.chain:
            if here.failed and not here.outside:
                self._view.note_failures(self._target, here)
            if here.all or here.failed:
                return ok(record, found)
            return bad(record, Code.NO_ADDRESS, found, f"{path}, which has no address", keep=True)
        if there.all and there.all <= here.all:
            return ok(record, found)
        fault = self._fault(there, here)
        if fault is None:
            for name, place in ((record.name, there), (self._target, here)):
                self._view.note_failures(name, place)
            return unknown(record, found)
        code, why = fault
        if await self._view.by_wildcard(record.name, "A", answers[0]):
            code = await self._wildcard(there)
        return bad(record, code, found, f"{path}{why}")

    async def _destination(self, answers: tuple[Answer, ...]) -> Destination:
        """Follow the current answers of the zone's name servers, which a resolver may not have yet."""
        chain = max((answer.chain for answer in answers), key=len)
        if not chain:
            return Destination((), answers)
        further = await self._view.destination(chain[-1])
        return Destination((*chain, *further.chain), further.answers)

    def _fault(self, there: Destination, here: Destination) -> tuple[Code, str] | None:
        """Why a name does not lead here, and details; `None` if it is unknown."""
        for name in there.chain:
            if provider := provider_of(name):
                return Code.ELSEWHERE, f", which is {provider}"
        if there.failed:
            # The operator's server does not know the CNAME's target, so the target is not this server.
            return (Code.WRONG_TARGET, "") if there.outside else None
        if not there.all:
            return Code.NO_ADDRESS, ", which has no address"
        if not here.all:
            return None if here.failed else (Code.NO_ADDRESS, f"; {self._target} has no address")
        code = Code.IPV6_ELSEWHERE if there.a and there.a <= here.all else Code.WRONG_TARGET
        return code, f": {', '.join(sorted(there.all))}; {self._target}: {', '.join(sorted(here.all))}"

    async def _wildcard(self, there: Destination) -> Code:
        """Whether the wildcard leads to the domain's own server, such as its web server, or to another provider."""
        if there.chain:
            within = all(name == self._domain or name.endswith(f".{self._domain}") for name in there.chain)
            return Code.WILDCARD_HIDES if within else Code.WILDCARD_ELSEWHERE
        apex = await self._view.destination(self._domain)
        return Code.WILDCARD_HIDES if there.all & apex.all else Code.WILDCARD_ELSEWHERE


def _found(answers: dict[str, Answer]) -> tuple[str, ...]:
    """The records of the name itself: a CNAME, or addresses."""
    aliases = {f"CNAME {answer.chain[0]}": None for answer in answers.values() if answer.chain}
    return tuple(aliases) or tuple(f"{kind} {data}" for kind, answer in answers.items() for data in answer.data)


def _outcome(seen: dict[str, Seen]) -> str:
    return next(str(one.answer.status) for one in seen.values() if one.answer is not None)
