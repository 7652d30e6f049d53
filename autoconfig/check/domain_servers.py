"""Check all servers that a domain's documents announce, and tell what is wrong with each."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.check.advice import Advisor
from autoconfig.check.announced import AnnouncedCheck, announced, finding_of
from autoconfig.check.dns_codes import Code
from autoconfig.check.domain_view import DomainView
from autoconfig.check.finding import NOTHING
from autoconfig.check.server_codes import ServerCode
from autoconfig.check.tls_codes import TLSCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from autoconfig.check.advice import RowSource
    from autoconfig.check.announced import ServerCheck
    from autoconfig.check.domain_records import DomainCheck
    from autoconfig.check.finding import Finding
    from autoconfig.check.prober import Prober
    from autoconfig.dns.question import Asker
    from autoconfig.mail.account import Account

_OF_CERTIFICATE = frozenset(code for code in TLSCode if code.startswith("certificate-"))


_WITHOUT_ADDRESS = frozenset({ServerCode.UNRESOLVED, ServerCode.LOOKUP_FAILED})


async def check_servers(
    account: Account, source: RowSource, asker: Asker, prober: Prober, *, allow_private: bool
) -> tuple[list[ServerCheck], list[Finding]]:
    """
    Check every announced server over IPv4 and IPv6; at most one finding of a code for each server.

    `allow_private`: also connect to addresses that are not public.
    """
    view = DomainView(asker)
    checker = AnnouncedCheck(view, prober, allow_private=allow_private)
    checks = list(await asyncio.gather(*map(checker.check, announced(account))))
    advice = await Advisor(source, checker, view).advise(checks)
    findings: dict[tuple[str, str], Finding] = {}
    for check in checks:
        for flaw in check.flaws:
            own = advice.get(check.server, NOTHING) if flaw.code in _OF_CERTIFICATE else NOTHING
            finding = finding_of(flaw, account.domain.name, check.server.place, own)
            once = flaw.code == ServerCode.IPV6_NOT_CHECKED  # about this machine, not about a server
            findings.setdefault((finding.code, "" if once else finding.server), finding)
    return checks, list(findings.values())


def combined(dns: DomainCheck, servers: Sequence[Finding]) -> list[Finding]:
    """The findings of both checks, without those that another one causes."""
    gone = any(finding.code == Code.DOMAIN_MISSING for finding in dns.findings)
    kept = [f for f in servers if not (f.code in _WITHOUT_ADDRESS and _is_consequence(f, dns, gone=gone))]
    # Report a host without addresses once, and not again for each record that leads to it.
    unresolved = {finding.server.rpartition(":")[0] for finding in kept if finding.code == ServerCode.UNRESOLVED}
    told = [
        finding
        for finding in dns.findings
        if not (finding.code == Code.NO_ADDRESS and unresolved & set(finding.seen.replace(",", " ").split()))
    ]
    return told + kept


def _is_consequence(finding: Finding, dns: DomainCheck, *, gone: bool) -> bool:
    """Whether a name cannot be resolved because its domain does not exist, or because no name server answers."""
    host = finding.server.rpartition(":")[0]
    own = host == dns.domain or host.endswith(f".{dns.domain}")
    return (gone and own) or not dns.heard
