"""Plans, and what becomes of one when a row's params are put in: plan → bound plan → account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from autoconfig.errors import DomainInvalid, PatternInvalid, PlanUnusable
from autoconfig.mail.account import Account, Documentation, Text
from autoconfig.mail.address import carriable
from autoconfig.mail.domain import MAX_OCTETS, Domain, is_host_name, to_host_name
from autoconfig.mail.pattern import DOMAIN, Pattern, Slot, order_of
from autoconfig.mail.server import Protocol, Server, ServerTemplate
from autoconfig.mail.url import is_https_url

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

    from autoconfig.mail.address import EmailAddress

# Stands for the domain while a host pattern is checked and spelled in A-labels.
_ANY_DOMAIN = "slot--for--a--domain.invalid"


@dataclass(frozen=True, slots=True)
class Plan:
    """A product of the provider: its servers with patterns in them, and the params that its rows may or must give."""

    key: str
    name: Text
    short_name: Text | None
    params: Mapping[str, Pattern | None]
    """Default of each param; `None` where every row has to give it."""
    servers: tuple[ServerTemplate, ...]
    documentation: tuple[Documentation, ...] = ()
    webmail: str | None = None
    redirect_url: Pattern | None = None
    redirect_domain: Pattern | None = None

    def bind(self, given: Mapping[str, str]) -> BoundPlan:
        """
        Put a row's params in.

        Raises:
            PlanUnusable: a param is missing, unknown, or makes a host name or user name that no document can carry.
        """
        values = self._values(given)
        servers = tuple(self._server(template, values) for template in _imap_first(self.servers))
        domain = self._host(self.redirect_domain, values) if self.redirect_domain else None
        return BoundPlan.of(self, servers, self._redirect_url(values), domain)

    def _values(self, given: Mapping[str, str]) -> dict[str, Pattern]:
        """Every param of the plan as a pattern in which only variables are left."""
        for name in given:
            if name not in self.params:
                raise self._unusable(f"the plan has no such param, only {', '.join(self.params) or 'none'}", name)
        patterns: dict[str, Pattern] = {}
        for name, default in self.params.items():
            if name in given:
                patterns[name] = self._given(name, given[name])
            elif default is None:
                raise self._unusable("the plan requires it and the row does not give it", name)
            else:
                patterns[name] = default
        values: dict[str, Pattern] = {}
        try:
            for name in order_of(patterns):
                values[name] = patterns[name].bound(values)
        except (PatternInvalid, KeyError) as error:
            raise self._unusable(f"its default cannot be worked out: {error}") from error
        return values

    def _given(self, name: str, text: str) -> Pattern:
        try:
            pattern = Pattern.parse(text)
        except PatternInvalid as error:
            raise self._unusable(str(error), name) from error
        if pattern.params:
            raise self._unusable("a row's value may use only {domain}, {local} and {address}", name)
        if not text or not carriable(text):
            raise self._unusable("its value is empty or has control characters", name)
        return pattern

    def _server(self, template: ServerTemplate, values: Mapping[str, Pattern]) -> ServerTemplate:
        return replace(template, host=self._host(template.host, values), username=template.username.bound(values))

    def _host(self, pattern: Pattern, values: Mapping[str, Pattern]) -> Pattern:
        """The pattern with params in, checked and spelled in A-labels; at most `{domain}` is left in it."""
        host = pattern.bound(values)
        param = next(iter(sorted(pattern.params)), None)
        if host.names - {DOMAIN}:
            raise self._unusable(f"a host name may use only {{domain}}, and {str(host)!r} uses more", param)
        if not _whole_labels(host):
            raise self._unusable(f"in {str(host)!r} a dot has to stand on each side of {{domain}}", param)
        try:
            spelled = to_host_name(host.expand({DOMAIN: _ANY_DOMAIN}))
        except DomainInvalid as error:
            raise self._unusable(f"{str(host)!r} is not a host name", param) from error
        return Pattern.parse(spelled.replace(_ANY_DOMAIN, f"{{{DOMAIN}}}"))

    def _redirect_url(self, values: Mapping[str, Pattern]) -> Pattern | None:
        if self.redirect_url is None:
            return None
        url = self.redirect_url.bound(values)
        if url.names - {DOMAIN} or not is_https_url(url.expand({DOMAIN: _ANY_DOMAIN})):
            raise self._unusable(
                f"{str(url)!r} is not an https URL", next(iter(sorted(self.redirect_url.params)), None)
            )
        return url

    def _unusable(self, problem: str, param: str | None = None) -> PlanUnusable:
        return PlanUnusable(problem, plan=self.key, param=param)


@dataclass(frozen=True, slots=True, eq=False)
class BoundPlan:
    """A plan with a row's params in it: what all domains with this plan and these params share; one object for each."""

    plan: Plan
    servers: tuple[ServerTemplate, ...]
    """Host patterns have at most `{domain}` left, user names only variables."""
    redirect_url: Pattern | None
    redirect_domain: Pattern | None
    longest_domain: int
    """Octets of the longest domain with which all host names fit into 253."""
    host_names_domain: bool
    """Whether a host name has the domain in it."""
    needs_domain: bool
    """Whether a host, a user name or a redirect depends on which domain is asked for."""

    @classmethod
    def of(
        cls, plan: Plan, servers: tuple[ServerTemplate, ...], url: Pattern | None, domain: Pattern | None
    ) -> BoundPlan:
        """Measure the patterns once, so that a request need not."""
        hosts = [server.host for server in servers] + ([domain] if domain else [])
        with_domain = [host for host in hosts if DOMAIN in host.names]
        longest = min((_room_for_domain(host) for host in with_domain), default=MAX_OCTETS)
        needs = bool(with_domain) or any(
            DOMAIN in pattern.names for pattern in [*(s.username for s in servers), *([url] if url else [])]
        )
        return cls(plan, servers, url, domain, longest, bool(with_domain), needs)

    @property
    def redirects(self) -> bool:
        """Whether this plan only says where the domain moved to."""
        return self.redirect_url is not None or self.redirect_domain is not None

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
            redirect_url=self.redirect_url.expand(values) if self.redirect_url else None,
            redirect_domain=Domain(self.redirect_domain.expand(values)) if self.redirect_domain else None,
        )


@dataclass(frozen=True, slots=True)
class HostRule:
    """Whoever is asked under a name that `match` matches whole is on this plan."""

    match: re.Pattern[str]
    plan: str

    def params_of(self, host: Domain) -> dict[str, str] | None:
        """The named groups, where the rule matches."""
        found = self.match.fullmatch(host.name)
        return (
            None if found is None else {name: value for name, value in found.groupdict().items() if value is not None}
        )


def _imap_first(servers: tuple[ServerTemplate, ...]) -> list[ServerTemplate]:
    """IMAP, POP3, SMTP; within a protocol the plan's own order of preference."""
    return sorted(servers, key=lambda server: list(Protocol).index(server.protocol))


def _whole_labels(host: Pattern) -> bool:
    """Whether `{domain}` has a dot or an end of the name on each side, so that any domain fits but for its length."""
    for index, part in enumerate(host.parts):
        if isinstance(part, Slot):
            before, after = host.parts[index - 1 : index], host.parts[index + 1 : index + 2]
            if any(isinstance(other, Slot) or not other.endswith(".") for other in before):
                return False
            if any(isinstance(other, Slot) or not other.startswith(".") for other in after):
                return False
    return True


def _room_for_domain(host: Pattern) -> int:
    slots = sum(isinstance(part, Slot) for part in host.parts)
    literal = sum(len(part) for part in host.parts if isinstance(part, str))
    return (MAX_OCTETS - literal) // slots
