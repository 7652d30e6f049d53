"""A plan with a row's params put in, and the account that a domain makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from autoconfig.errors import PlanUnusable
from autoconfig.mail.account import Account, Text
from autoconfig.mail.domain import MAX_OCTETS, Domain, is_host_name
from autoconfig.mail.pattern import DOMAIN, Pattern, Slot
from autoconfig.mail.server import Server
from autoconfig.mail.service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.mail.address import EmailAddress
    from autoconfig.mail.plan import Plan
    from autoconfig.mail.server import ServerTemplate
    from autoconfig.mail.service import ServiceTemplate

ANY_DOMAIN = "slot--for--a--domain.invalid"
"""Stands for the domain while a pattern is checked; no shorter than the marker of `formats.prepared`."""


@dataclass(frozen=True, slots=True, eq=False)
class BoundPlan:
    """A plan with a row's params in it: what all domains with this plan and these params share; one object for each."""

    plan: Plan
    servers: tuple[ServerTemplate, ...]
    """Host patterns have at most `{domain}` left, user names only variables."""
    services: tuple[ServiceTemplate, ...]
    """URLs have at most `{domain}` left, user names only variables."""
    redirect_url: Pattern | None
    redirect_domain: Pattern | None
    longest_domain: int
    """Octets of the longest domain with which all host names fit into 253."""
    host_names_domain: bool
    """Whether a host name, also one in a URL, has the domain in it."""
    needs_domain: bool
    """Whether a host, a user name, a URL or a redirect depends on which domain is asked for."""
    notes: tuple[Mapping[str, Pattern], ...] = ()
    """By language; the patterns have at most `{domain}` left."""

    @classmethod
    def of(
        cls,
        plan: Plan,
        servers: tuple[ServerTemplate, ...],
        services: tuple[ServiceTemplate, ...],
        url: Pattern | None,
        domain: Pattern | None,
    ) -> BoundPlan:
        """Measure the patterns once, so that a request need not."""
        urls = [service.url for service in services] + ([url] if url else [])
        hosts = [server.host for server in servers] + ([domain] if domain else []) + [host_of_url(u) for u in urls]
        with_domain = [host for host in hosts if DOMAIN in host.names]
        longest = min((_room_for_domain(host) for host in with_domain), default=MAX_OCTETS)
        usernames = [server.username for server in servers] + [service.username for service in services]
        needs = any(DOMAIN in pattern.names for pattern in [*hosts, *usernames, *urls])
        return cls(plan, servers, services, url, domain, longest, bool(with_domain), needs)

    def check(self, domain: Domain) -> None:
        """
        See that the domain makes host names that mail programs accept.

        Raises:
            PlanUnusable: with this domain a host name is too long, or has characters that host names may not have.
        """
        if self.host_names_domain:
            if len(domain.name) > self.longest_domain:
                raise PlanUnusable("with this domain a host name is longer than 253 octets", plan=self.plan.key)
            if not is_host_name(domain.name):
                raise PlanUnusable("the domain's spelling is not allowed in a host name", plan=self.plan.key)

    def check_row(self, domain: Domain) -> None:
        """
        See that the domain may be on this plan with these params. No request asks: its row was seen to before.

        Raises:
            PlanUnusable: as `check`, or the domain would be redirected to itself, over and over.
        """
        self.check(domain)
        if self.redirect_domain is not None and self.redirect_domain.expand({DOMAIN: domain.name}) == domain.name:
            problem = "its redirect_domain is this domain, which would move to itself; put it on a plan with servers"
            raise PlanUnusable(problem, plan=self.plan.key)

    def account(self, domain: Domain, address: EmailAddress | None) -> Account:
        """
        The settings of `domain`, for one address or for all.

        Raises:
            PlanUnusable: as `check`.
        """
        self.check(domain)
        values = {DOMAIN: domain.name}
        plan = self.plan
        return Account(
            domain=domain,
            address=address,
            name=plan.name,
            short_name=plan.short_name,
            servers=tuple(
                Server(s.protocol, s.host.expand(values), s.port, s.tls, s.login, s.username) for s in self.servers
            ),
            documentation=plan.documentation,
            webmail=plan.webmail,
            services=tuple(Service(s.kind, s.url.expand(values), s.login, s.username) for s in self.services),
            oauth2=plan.oauth2,
            redirect_url=self.redirect_url.expand(values) if self.redirect_url else None,
            redirect_domain=Domain(self.redirect_domain.expand(values)) if self.redirect_domain else None,
            notes=tuple(Text({key: text.expand(values) for key, text in note.items()}) for note in self.notes),
        )


def whole_labels(host: Pattern) -> bool:
    """Whether `{domain}` has a dot or an end of the name on each side, so that any domain fits but for its length."""
    for index, part in enumerate(host.parts):
        if isinstance(part, Slot):
            before, after = host.parts[index - 1 : index], host.parts[index + 1 : index + 2]
            if any(isinstance(other, Slot) or not other.endswith(".") for other in before):
                return False
            if any(isinstance(other, Slot) or not other.startswith(".") for other in after):
                return False
    return True


def host_of_url(url: Pattern) -> Pattern:
    """The host in an https URL."""
    host = str(url).partition("://")[2].partition("/")[0].partition("?")[0].partition("#")[0]
    return Pattern.parse(host.partition(":")[0])


def _room_for_domain(host: Pattern) -> int:
    slots = sum(isinstance(part, Slot) for part in host.parts)
    literal = sum(len(part) for part in host.parts if isinstance(part, str))
    return (MAX_OCTETS - literal) // slots
