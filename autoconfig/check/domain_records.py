"""Check the DNS records of a domain by where they lead, against the account of the documents."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.check.dns_codes import KINDS, Code
from autoconfig.check.domain_view import DomainView
from autoconfig.check.finding import Finding, Severity
from autoconfig.check.host_records import HostJudge
from autoconfig.check.mx_path import leads_here
from autoconfig.check.srv_records import SRVJudge
from autoconfig.check.text_records import TextJudge
from autoconfig.check.verdict import RecordStatus, bad
from autoconfig.dns.question import AnswerStatus
from autoconfig.formats.zone import HOST_TYPES, RecordType, records, unwanted_services
from autoconfig.formats.zone_purposes import Purpose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.check.verdict import RecordVerdict
    from autoconfig.dns.question import Asker
    from autoconfig.formats.zone import Places, ZoneRecord
    from autoconfig.mail.account import Account

_FAILURES = {
    AnswerStatus.SERVFAIL: Code.NAMESERVER_SERVFAIL,
    AnswerStatus.TIMED_OUT: Code.NAMESERVER_TIMEOUT,
    AnswerStatus.LAME: Code.NAMESERVER_LAME,
    AnswerStatus.BROKEN: Code.NAMESERVER_BROKEN,
}
_MOST_NAMED = 5
"""Questions that a finding about a name server lists."""


@dataclass(frozen=True, slots=True)
class DomainCheck:
    """The state of a domain's records."""

    domain: str
    records: tuple[RecordVerdict, ...]
    findings: tuple[Finding, ...]
    heard: bool
    """Whether any name server answered; if not, the DNS is unreachable."""

    @property
    def ok(self) -> bool:
        """Whether every needed record is right."""
        return self.heard and all(record.status is RecordStatus.OK for record in self.records if record.needed)

    @property
    def exists(self) -> bool:
        """Whether the DNS answered, and knows the domain."""
        return self.heard and all(finding.code != Code.DOMAIN_MISSING for finding in self.findings)

    def json_value(self) -> dict[str, object]:
        """The JSON object for programs."""
        return {
            "domain": self.domain,
            "ok": self.ok,
            "records": [record.json_value() for record in self.records],
            "findings": [finding.json_value() for finding in self.findings],
        }


async def check_records(account: Account, places: Places, asker: Asker) -> DomainCheck:
    """
    Check every record of the account's domain.

    Raises:
        Inexpressible: the domain moved away.
    """
    expected = records(account, places)
    domain, view = account.domain.name, DomainView(asker)
    apex = await view.ask(domain, "SOA")
    if apex.answer is not None and apex.answer.status is AnswerStatus.NO_NAME:
        return _missing(domain, expected, apex.answer.server)
    hosts, services, texts = HostJudge(view, domain, places.target), SRVJudge(view, domain), TextJudge(view)
    by_name: dict[str, list[ZoneRecord]] = {}
    for record in expected:
        if record.type is RecordType.SRV:
            by_name.setdefault(record.name, []).append(record)
    judged = await asyncio.gather(
        *(hosts.judge(record) for record in expected if record.type in HOST_TYPES),
        *(texts.judge(record) for record in expected if record.type is RecordType.TXT),
    )
    judged_services = await asyncio.gather(*map(services.judge, by_name.values()))
    unwanted = await asyncio.gather(*map(services.judge_unwanted, unwanted_services(account)))
    verdicts = [*judged, *(verdict for several in judged_services for verdict in several)]
    order = {(record.name, record.type, record.data): place for place, record in enumerate(expected)}
    verdicts.sort(key=lambda verdict: order[verdict.name, RecordType(verdict.type), verdict.expected or ""])
    verdicts = list(await asyncio.gather(*(_noted(verdict, view) for verdict in verdicts)))
    verdicts += filter(None, unwanted)
    verdicts = await _needed(verdicts, expected, domain, view, hosts)
    return DomainCheck(domain, tuple(verdicts), tuple(_findings(domain, verdicts, view)), view.heard)


def _missing(domain: str, expected: Sequence[ZoneRecord], server: str) -> DomainCheck:
    """A domain that does not exist: one finding instead of twenty."""
    seen = f"{server}: {AnswerStatus.NO_NAME}"
    verdicts = tuple(bad(record, Code.DOMAIN_MISSING, (), seen) for record in expected)
    finding = Finding(Code.DOMAIN_MISSING, KINDS[Code.DOMAIN_MISSING], domain, domain, seen, Severity.ERROR)
    return DomainCheck(domain, verdicts, (finding,), heard=True)


async def _noted(verdict: RecordVerdict, view: DomainView) -> RecordVerdict:
    """Add a note to a right record that a resolver does not have yet."""
    if verdict.status is not RecordStatus.OK:
        return verdict
    kind = "A" if verdict.type in HOST_TYPES else verdict.type
    answer = (await view.ask(verdict.name, kind)).answer
    differs = await view.resolver_differs(verdict.name, kind, answer) if answer else ""
    return verdict.noted(Code.RESOLVER_DIFFERS, differs) if differs else verdict


async def _needed(
    verdicts: Sequence[RecordVerdict], expected: Sequence[ZoneRecord], domain: str, view: DomainView, hosts: HostJudge
) -> list[RecordVerdict]:
    """
    Each kind of document needs one way that works: if there is another one, a record is only useful. This does not hold
    for a record that leads to another provider: programs ask that name first and use what they get there.
    """
    purposes = {(record.name, record.type): record.purpose for record in expected}
    working = {purposes.get((v.name, RecordType(v.type))) for v in verdicts if v.status is RecordStatus.OK}
    needless: set[Purpose] = set()
    if Purpose.AUTODISCOVER_SRV in working:
        needless.add(Purpose.AUTODISCOVER)
    wanted = Purpose.AUTOCONFIG in purposes.values() and Purpose.AUTOCONFIG not in working
    if wanted and await leads_here(domain, view, hosts):
        needless.add(Purpose.AUTOCONFIG)
    return [
        verdict.without_need()
        if verdict.status is not RecordStatus.OK
        and verdict.code not in {Code.ELSEWHERE, Code.WILDCARD_ELSEWHERE}
        and purposes.get((verdict.name, RecordType(verdict.type))) in needless
        else verdict
        for verdict in verdicts
    ]


def _findings(domain: str, verdicts: Sequence[RecordVerdict], view: DomainView) -> list[Finding]:
    found: dict[tuple[str, str, str], Finding] = {}
    for verdict in verdicts:
        if verdict.code is None:
            continue
        kind = KINDS[verdict.code]
        harmless = verdict.code is Code.RESOLVER_DIFFERS or not verdict.needed
        severity = kind.severity if harmless else Severity.ERROR
        key = verdict.code, verdict.name, verdict.seen
        if key not in found:
            found[key] = Finding(verdict.code, kind, domain, verdict.name, verdict.seen, severity, verdict.advice)
    for (server, status), questions in view.failures.items():
        code = _FAILURES[status]
        more = f", and {len(questions) - _MOST_NAMED} more" if len(questions) > _MOST_NAMED else ""
        seen = f"{status}: {', '.join(questions[:_MOST_NAMED])}{more}"
        severity = KINDS[code].severity if view.heard else Severity.ERROR
        found[code, server, seen] = Finding(code, KINDS[code], domain, server, seen, severity)
    return list(found.values())
