"""Print the result of `autoconfig dns --check` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.check.verdict import RecordStatus
from autoconfig.cli.output import print_table, say
from autoconfig.visible import visible

if TYPE_CHECKING:
    from autoconfig.check.domain_records import DomainCheck
    from autoconfig.check.finding import Finding


def print_check(checked: DomainCheck) -> None:
    """Print a line for each record, then the remedy of each finding."""
    rows = [
        (
            verdict.name,
            verdict.type,
            verdict.status,
            "needed" if verdict.needed else "",
            "\n".join(verdict.found) or "nothing",
        )
        for verdict in checked.records
    ]
    print_table(("Name", "Type", "Status", "", "Found"), rows)
    for finding in checked.findings:
        say(f"\n{described(finding)}")
    good = sum(verdict.status is RecordStatus.OK for verdict in checked.records)
    verdict = "every needed record is right" if checked.ok else "a needed record is missing or wrong"
    if not checked.heard:
        verdict = "the DNS cannot be asked"
    say(f"\n{checked.domain}: {good} of {len(checked.records)} records are ok; {verdict}")


def described(finding: Finding) -> str:
    """A finding for people: the fact, why it matters, and what to do."""
    why, remedy = finding.kind.why.in_language("en"), finding.kind.remedy.in_language("en")
    lines = [
        f"{finding.severity}: {finding.code}: {finding.server}",
        f"  {visible(finding.seen)}",
        f"  {why}",
        f"  {remedy}",
    ]
    if advice := finding.advice.in_language("en"):
        lines.append(f"  {advice}")
    return "\n".join(lines)
