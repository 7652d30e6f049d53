"""All that is known about the answer for one address: the row, its history, what is scheduled, servers, records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.explain.account_json import servers_json, services_json
from autoconfig.formats import zone
from autoconfig.formats.zone_purposes import Purpose
from autoconfig.mapping.clocks import now_for
from autoconfig.mapping.times import format_time
from autoconfig.resolver import How

if TYPE_CHECKING:
    from autoconfig.dns.mx_answer import MXAnswer
    from autoconfig.mail.account import Account
    from autoconfig.mail.address import EmailAddress
    from autoconfig.mail.plan import Plan
    from autoconfig.mapping.record import Record
    from autoconfig.mapping.timeline import Timeline
    from autoconfig.plans import Plans
    from autoconfig.resolver import Resolution
    from autoconfig.results.domain_result import DomainResult
    from autoconfig.settings import Settings


@dataclass(frozen=True, slots=True)
class Facts:
    """What was looked up about an answer."""

    resolution: Resolution
    timeline: Timeline[Record]
    """The rows of the name whose row answers; without such a row, those of the domain."""
    exchangers: MXAnswer
    last_check: DomainResult | None
    copy_age: float | None
    """The age of the local copy in seconds, if the database server is away and its copy answered."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer with its reasons. Times are ISO 8601 in the provider's time zone."""

    settings: Settings
    facts: Facts
    plan: Plan
    account: Account
    mailbox: EmailAddress | None
    rule: str | None
    """The expression of the host rule that matched."""
    outlook_url: str | None
    """Where Outlook is sent: the same answer under `public_url`."""
    now: int
    """The present in Unix seconds (`clocks.now_for`)."""

    @classmethod
    def of(
        cls,
        settings: Settings,
        plans: Plans,
        facts: Facts,
        mailbox: EmailAddress | None,
        outlook_url: str,
        now: int,
    ) -> Explanation:
        """
        Explain an answer.

        Args:
            settings: the server's.
            plans: the plans that the answer was found with.
            facts: what was looked up.
            mailbox: the address asked for; `None` for a domain alone.
            outlook_url: the URL of Autodiscover below `public_url` that leads to the same answer.
            now: Unix seconds.
        """
        found = facts.resolution
        host = {How.HOST_RULE: found.asked, How.MX: found.exchanger}.get(found.how)
        rule = plans.rule_for(host) if host else None
        return cls(
            settings,
            facts,
            plans.get(found.plan),
            found.bound.account(found.domain, mailbox),
            mailbox,
            rule[0].expression if rule else None,
            None if found.how is How.EXCHANGER else outlook_url,
            now_for(facts.timeline, now),
        )

    @property
    def resolution(self) -> Resolution:
        """What the resolver found."""
        return self.facts.resolution

    @property
    def row(self) -> Record | None:
        """The row that holds now."""
        return self.facts.timeline.at(self.now)

    @property
    def next(self) -> Record | None:
        """The row that is scheduled next."""
        return self.facts.timeline.next_after(self.now)

    def time(self, seconds: int) -> str:
        """Unix seconds as ISO 8601."""
        return format_time(seconds, self.settings.timezone)

    def servers(self) -> list[dict[str, object]]:
        """The mail servers, in the order of the documents; without an address the user name is a pattern."""
        return servers_json(self.account)

    def services(self) -> list[dict[str, object]]:
        """Calendars and the like."""
        return services_json(self.account)

    def records(self) -> list[str]:
        """The DNS records by which mail programs find this answer."""
        places = zone.Places.of(self.settings.public_url, self.settings.dns_target)
        name, how = self.resolution.domain.name, self.resolution.how
        found = [f"{name} MX"] if how in {How.MX, How.EXCHANGER} else []
        if how is How.EXCHANGER:
            return found
        if self.account.redirects:  # only Autodiscover can say that a domain has moved
            return [*found, f"autodiscover.{name} CNAME"]
        ways = {Purpose.AUTOCONFIG, Purpose.AUTODISCOVER, Purpose.AUTODISCOVER_SRV}
        return [*found, *(f"{r.name} {r.type}" for r in zone.records(self.account, places) if r.purpose in ways)]

    def check(self) -> str:
        """The command that checks whether the records exist."""
        return f"autoconfig dns {self.resolution.domain} --check"

    def moved_to(self) -> str | None:
        """The URL or domain that a domain moved to."""
        domain = self.account.redirect_domain
        return self.account.redirect_url or (domain.name if domain else None)
