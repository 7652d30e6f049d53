"""Check SRV records against the servers in the documents (RFC 2782, 6186)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.check.dns_codes import Code
from autoconfig.check.other_providers import provider_of
from autoconfig.check.verdict import bad, ok, surplus, unknown
from autoconfig.formats.zone import RecordType
from autoconfig.formats.zone_purposes import Purpose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.check.domain_view import DomainView
    from autoconfig.check.verdict import RecordVerdict
    from autoconfig.dns.question import Answer
    from autoconfig.formats.zone import ZoneRecord

SRV = RecordType.SRV
NONE = "."
"""The target of a service that is not offered; answers write the root the same way."""


@dataclass(frozen=True, slots=True)
class _Service:
    port: int
    target: str

    @classmethod
    def parse(cls, data: str) -> _Service:
        _priority, _weight, port, target = data.split(" ", 3)
        return cls(int(port), target)


class SRVJudge:
    """Checks the SRV records of one domain."""

    def __init__(self, view: DomainView, domain: str) -> None:
        self._view, self._domain = view, domain

    async def judge(self, records: Sequence[ZoneRecord]) -> list[RecordVerdict]:
        """Check all expected records of one name."""
        name = records[0].name
        seen = await self._view.ask(name, SRV)
        if seen.disagreement:
            return [bad(record, Code.NAMESERVERS_DISAGREE, (), seen.disagreement, keep=True) for record in records]
        if (answer := seen.answer) is None:
            return [unknown(record) for record in records]
        if not answer.data:
            return [bad(record, Code.RECORD_MISSING, (), f"{name}: {answer.status}") for record in records]
        pairs = [(_Service.parse(data), record) for data in answer.data for record in records]
        found = await asyncio.gather(*(self._fault(service, record) for service, record in pairs))
        each = len(records)
        faults = {data: list(found[n * each : (n + 1) * each]) for n, data in enumerate(answer.data)}
        verdicts = []
        for place, record in enumerate(records):
            codes = [faults_of[place] for faults_of in faults.values()]
            if None in codes:
                verdicts.append(ok(record, answer.data))
                continue
            code = await self._in_general(name, answer, codes)
            keep = code is Code.NO_ADDRESS or (code is Code.SRV_ALIAS and record.data in answer.data)
            verdicts.append(bad(record, code, answer.data, f"{name} SRV {', '.join(answer.data)}", keep=keep))
        return self._with_surplus(records, faults, verdicts)

    async def judge_unwanted(self, name: str) -> RecordVerdict | None:
        """Check a name that should have no SRV record."""
        answer = (await self._view.ask(name, SRV)).answer
        if answer is None or not answer.data:
            return None
        return surplus(name, SRV, answer.data, Code.SRV_CONTRADICTS, None, f"{name} SRV {', '.join(answer.data)}")

    async def _fault(self, found: _Service, record: ZoneRecord) -> Code | None:
        """The fault of a published record, compared with an expected one."""
        expected = _Service.parse(record.data)
        contradiction = Code.WRONG_TARGET if record.purpose is Purpose.AUTODISCOVER_SRV else Code.SRV_CONTRADICTS
        if NONE in {found.target, expected.target}:
            if found.target == expected.target:
                return None
            return Code.ELSEWHERE if provider_of(found.target) else contradiction
        if found.target != expected.target and provider_of(found.target):
            return Code.ELSEWHERE
        there = await self._view.destination(found.target)
        if found.target != expected.target:
            wanted = await self._view.destination(expected.target)
            if not (there.all and there.all <= wanted.all):
                return contradiction
        if found.port != expected.port:
            return Code.SRV_WRONG_PORT
        if there.chain:
            return Code.SRV_ALIAS
        return None if there.all or there.failed else Code.NO_ADDRESS

    async def _in_general(self, name: str, answer: Answer, codes: Sequence[Code | None]) -> Code:
        """The fault of the record that is nearest to an expected one, or the wildcard that made it."""
        nearest = min(filter(None, codes), key=list(_NEARNESS).index)
        contradicts = nearest in {Code.SRV_CONTRADICTS, Code.WRONG_TARGET, Code.ELSEWHERE}
        if not contradicts or not await self._view.by_wildcard(name, SRV, answer):
            return nearest
        targets = {_Service.parse(data).target for data in answer.data}
        own = all(target == self._domain or target.endswith(f".{self._domain}") for target in targets)
        return Code.WILDCARD_HIDES if own else Code.WILDCARD_ELSEWHERE

    def _with_surplus(
        self, records: Sequence[ZoneRecord], faults: dict[str, list[Code | None]], verdicts: list[RecordVerdict]
    ) -> list[RecordVerdict]:
        """Report a wrong record beside a right one: programs may choose it."""
        right = next((place for place, verdict in enumerate(verdicts) if verdict.code is None), None)
        extra = [data for data, codes in faults.items() if None not in codes]
        if right is None or not extra or len(extra) > len(faults) - 1:
            return verdicts
        code = faults[extra[0]][right] or Code.SRV_CONTRADICTS
        record = records[right]
        seen = f"{record.name} SRV {', '.join(extra)}"
        verdicts[right] = surplus(record.name, SRV, extra, code, record.data, seen)
        return verdicts


_NEARNESS = (
    Code.NO_ADDRESS,
    Code.SRV_ALIAS,
    Code.SRV_WRONG_PORT,
    Code.SRV_CONTRADICTS,
    Code.WRONG_TARGET,
    Code.ELSEWHERE,
)
