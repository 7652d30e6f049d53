"""Everything that is checked about one domain, as one list of findings."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.check.domain_records import check_records
from autoconfig.check.domain_servers import check_servers, combined
from autoconfig.check.finding import Finding, Severity
from autoconfig.check.login import try_logins
from autoconfig.check.own_names.check import check_own_names

if TYPE_CHECKING:
    from autoconfig.check.advice import RowSource
    from autoconfig.check.domain_records import DomainCheck
    from autoconfig.check.own_names.check import WebOptions
    from autoconfig.check.prober import Prober
    from autoconfig.dns.question import Asker
    from autoconfig.formats.zone import Places
    from autoconfig.mail.account import Account
    from autoconfig.mail.address import EmailAddress


@dataclass(frozen=True, slots=True)
class Checked:
    """The result for a domain."""

    domain: str
    findings: tuple[Finding, ...]
    servers: int
    """Announced servers that were asked."""
    has_records: bool
    """Whether every needed record is right."""
    heard: bool
    """Whether any name server answered."""

    @property
    def ok(self) -> bool:
        """Whether programs can be set up, and can then connect."""
        return self.has_records and all(finding.severity is not Severity.ERROR for finding in self.findings)

    @property
    def summary(self) -> str:
        """The result in one line."""
        if not self.heard:
            return "the DNS cannot be asked"
        asked = f"{self.servers} {'server' if self.servers == 1 else 'servers'} asked"
        if not self.findings:
            return f"{asked}; nothing is wrong"
        found = f"{len(self.findings)} {'finding' if len(self.findings) == 1 else 'findings'}"
        return f"{asked}; {found}; {'programs can be set up' if self.ok else 'some programs cannot be set up'}"


async def check_domain(
    account: Account,
    places: Places,
    source: RowSource,
    asker: Asker,
    prober: Prober,
    web: WebOptions,
    *,
    mailbox: tuple[EmailAddress, str] | None = None,
) -> Checked:
    """
    Check the domain's records, its announced servers, and the names under which programs ask for its documents.

    Args:
        account: what the documents say.
        places: where records have to lead.
        source: where the announced hosts come from.
        asker: asks the DNS about this domain.
        prober: asks servers; what it has seen already is not asked again.
        web: how names are asked over HTTP, and whether to connect to addresses that are not public.
        mailbox: an address and its password, to log in with.

    Raises:
        Inexpressible: the domain moved away.
    """
    (dns, names), (checks, found) = await asyncio.gather(
        _check_names(account, places, asker, web),
        check_servers(account, source, asker, prober, allow_private=web.allow_private),
    )
    if mailbox is not None:
        found = [*found, *await try_logins(account, checks, prober, *mailbox)]
    findings = [*combined(dns, found), *names]
    return Checked(account.domain.name, tuple(findings), len(checks), dns.ok, dns.heard)


async def _check_names(
    account: Account, places: Places, asker: Asker, web: WebOptions
) -> tuple[DomainCheck, list[Finding]]:
    """Check the records, and ask the names whose records are right."""
    dns = await check_records(account, places, asker)
    if not dns.exists or not web.ask_names:
        return dns, []
    told = {finding.server for finding in dns.findings}
    return dns, await check_own_names(account, places, asker, web, told)
