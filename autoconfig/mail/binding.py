"""
Bind a plan: put a row's params into its patterns, and make the account of a domain from the result.

`bind` has the rules for what a row's params may be; `BoundPlan` is what requests use.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from autoconfig.errors import DomainInvalid, PatternInvalid, PlanUnusable
from autoconfig.mail.account import Account, Text, variables
from autoconfig.mail.address import carriable
from autoconfig.mail.domain import MAX_OCTETS, Domain, is_host_name, to_host_name
from autoconfig.mail.pattern import DOMAIN, OF_MAILBOX, PARENT, VARIABLES, Pattern, Slot, order_of
from autoconfig.mail.server import Server, ServerTemplate, imap_first
from autoconfig.mail.service import Service
from autoconfig.mail.url import is_https_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from autoconfig.mail.address import EmailAddress
    from autoconfig.mail.plan import Plan
    from autoconfig.mail.service import ServiceTemplate

ANY_DOMAIN = "slot--for--a--domain.invalid"
"""A domain to check patterns with; at least as long as the marker of `formats.template`."""


@dataclass(frozen=True, slots=True, eq=False)
class BoundPlan:
    """A plan with a row's params put in. All domains with this plan and these params share one object."""

    plan: Plan
    servers: tuple[ServerTemplate, ...]
    """Host patterns have only `{domain}` left, if anything; user names only variables."""
    services: tuple[ServiceTemplate, ...]
    """URLs and user names have only variables left; in a URL those of the mailbox stand in the path."""
    redirect_url: Pattern | None
    redirect_domain: Pattern | None
    longest_domain: int
    """Octets of the longest domain with which every host name has at most 253."""
    host_names_domain: bool
    """Whether a host name, also one in a URL, contains the domain."""
    needs_domain: bool
    """Whether a host, a user name, a URL or a redirect depends on the domain asked for."""
    notes: tuple[Mapping[str, Pattern], ...] = ()
    """By language; the patterns have only `{domain}` left, if anything."""

    def with_hosts_of(self, domain: Domain) -> BoundPlan:
        """
        Fill the hosts and URLs for one domain, for addresses of any domain.

        Raises:
            PlanUnusable: as `check`.
        """
        self.check(domain)
        values = {DOMAIN: Pattern((domain.name,))}
        return _measured(
            self.plan,
            tuple(replace(server, host=server.host.bound(values)) for server in self.servers),
            tuple(replace(service, url=service.url.bound(values)) for service in self.services),
            self.redirect_url and self.redirect_url.bound(values),
            self.redirect_domain and self.redirect_domain.bound(values),
        )

    def check(self, domain: Domain) -> None:
        """
        Check that the domain makes host names that mail programs accept.

        Raises:
            PlanUnusable: with this domain a host name is too long or has characters that it may not have.
        """
        if self.host_names_domain:
            if len(domain.name) > self.longest_domain:
                raise PlanUnusable("with this domain a host name is longer than 253 octets", plan=self.plan.key)
            if not is_host_name(domain.name):
                raise PlanUnusable("the domain's spelling is not allowed in a host name", plan=self.plan.key)

    def check_row(self, domain: Domain) -> None:
        """
        Check that the domain may be on this plan with these params. Commands check rows; requests do not.

        Raises:
            PlanUnusable: as `check`, or the domain would redirect to itself forever.
        """
        self.check(domain)
        if self.redirect_domain is not None and self.redirect_domain.expand({DOMAIN: domain.name}) == domain.name:
            problem = "its redirect_domain is this domain, which would move to itself; put it on a plan with servers"
            raise PlanUnusable(problem, plan=self.plan.key)

    def account(self, domain: Domain, address: EmailAddress | None) -> Account:
        """
        Make the account of `domain`, for one address or for all; for all, leave out services whose URL names a mailbox.

        Raises:
            PlanUnusable: as `check`.
        """
        self.check(domain)
        values = {DOMAIN: domain.name}
        plan = self.plan
        return Account(
            domain=domain,
            address=address,
            name=plan.customer_name or plan.name,
            short_name=plan.short_name,
            servers=tuple(
                Server(s.protocol, s.host.expand(values), s.port, s.tls, s.login, s.username) for s in self.servers
            ),
            documentation=plan.documentation,
            webmail=plan.webmail,
            services=_services(self.services, domain, address),
            oauth2=plan.oauth2,
            redirect_url=self.redirect_url.expand(values) if self.redirect_url else None,
            redirect_domain=Domain(self.redirect_domain.expand(values)) if self.redirect_domain else None,
            notes=tuple(Text({key: text.expand(values) for key, text in note.items()}) for note in self.notes),
            recommend=plan.recommend,
        )


def _services(
    templates: tuple[ServiceTemplate, ...], domain: Domain, address: EmailAddress | None
) -> tuple[Service, ...]:
    """
    The services for the address, or those that all addresses share.

    The mailbox is a segment of a URL's path or part of one, so all its characters except unreserved ones are
    percent-encoded (RFC 3986 section 2.3). A local part of dots alone would lead out of the folder, encoded or not.
    """
    values = {name: quote(value, safe="") for name, value in variables(domain, address).items()}
    fits = address is not None and address.local.strip(".") != ""
    return tuple(
        Service(s.kind, s.url.expand(values), s.login, s.username, s.principal, s.of_mailbox)
        for s in templates
        if fits or not s.of_mailbox
    )


def bind(
    plan: Plan, given: Mapping[str, str], parent: str | None = None, *, hosts_of_parent: bool = False
) -> BoundPlan:
    """
    Put a row's params into a plan, and as `{parent}` the row's name; `None`: the row is that of the domain itself.

    With `hosts_of_parent` the row's name also stands for `{domain}` in hosts and URLs, but not in user names.

    Raises:
        PlanUnusable: a param is missing, unknown, or makes a host name or user name that no document can carry.
    """
    binder = _Binder(plan, _values(plan, given, Pattern((parent or Slot(DOMAIN),))))
    bound = _measured(
        plan,
        tuple(binder.servers(plan.servers)),
        tuple(binder.service(template) for template in plan.services),
        binder.url(plan.redirect_url) if plan.redirect_url else None,
        binder.redirect_domain(plan.redirect_domain) if plan.redirect_domain else None,
    )
    if parent is not None and hosts_of_parent:
        bound = bound.with_hosts_of(Domain(parent))
    return replace(bound, notes=tuple(binder.note(note) for note in plan.notes)) if plan.notes else bound


def _measured(
    plan: Plan,
    servers: tuple[ServerTemplate, ...],
    services: tuple[ServiceTemplate, ...],
    redirect_url: Pattern | None,
    redirect_domain: Pattern | None,
) -> BoundPlan:
    """Measure the patterns once, so that no request has to."""
    urls = [service.url for service in services] + ([redirect_url] if redirect_url else [])
    hosts = [server.host for server in servers] + ([redirect_domain] if redirect_domain else [])
    hosts += [_host_of_url(url) for url in urls]
    with_domain = [host for host in hosts if DOMAIN in host.names]
    usernames = [server.username for server in servers] + [service.username for service in services]
    return BoundPlan(
        plan=plan,
        servers=servers,
        services=services,
        redirect_url=redirect_url,
        redirect_domain=redirect_domain,
        longest_domain=min((_room_for_domain(host) for host in with_domain), default=MAX_OCTETS),
        host_names_domain=bool(with_domain),
        needs_domain=any(DOMAIN in pattern.names for pattern in [*hosts, *usernames, *urls]),
    )


def _values(plan: Plan, given: Mapping[str, str], parent: Pattern) -> dict[str, Pattern]:
    """`{parent}` and every param of the plan, as patterns with only variables of the request left."""
    for name in given:
        if name not in plan.params:
            known = ", ".join(plan.params) or "none"
            raise PlanUnusable(f"the plan has no such param, only {known}", plan=plan.key, param=name)
    patterns: dict[str, Pattern] = {}
    for name, default in plan.params.items():
        if name in given:
            patterns[name] = _given(plan, name, given[name])
        elif default is None:
            raise PlanUnusable("the plan requires it and the row does not give it", plan=plan.key, param=name)
        else:
            patterns[name] = default
    values = {PARENT: parent}
    try:
        for name in order_of(patterns):
            values[name] = patterns[name].bound(values)
    except (PatternInvalid, KeyError) as error:
        raise PlanUnusable(f"its default cannot be worked out: {error}", plan=plan.key) from error
    return values


def _given(plan: Plan, name: str, text: str) -> Pattern:
    """The value that a row gives a param."""
    try:
        pattern = Pattern.parse(text)
    except PatternInvalid as error:
        raise PlanUnusable(str(error), plan=plan.key, param=name) from error
    if pattern.params:
        slots = ", ".join(f"{{{variable}}}" for variable in sorted(VARIABLES))
        raise PlanUnusable(f"a row's value may use only {slots}", plan=plan.key, param=name)
    if not text or not carriable(text):
        raise PlanUnusable("its value is empty or has control characters", plan=plan.key, param=name)
    return pattern


@dataclass(frozen=True, slots=True)
class _Binder:
    """Puts the values of a plan's params into its patterns, and checks each result."""

    plan: Plan
    values: Mapping[str, Pattern]

    def servers(self, templates: Iterable[ServerTemplate]) -> Iterator[ServerTemplate]:
        """
        The servers in the order of documents. Of these, most have the same host. Not by `replace`: that takes a
        quarter of the time of binding.
        """
        hosts: dict[Pattern, Pattern] = {}
        for server in imap_first(templates):
            host = hosts.get(server.host)
            if host is None:
                host = hosts[server.host] = self.host(server.host)
            username = server.username.bound(self.values)
            yield ServerTemplate(server.protocol, host, server.port, server.tls, server.login, username)

    def host(self, pattern: Pattern) -> Pattern:
        """The host in A-labels, with only `{domain}` left, if anything."""
        host = pattern.bound(self.values)
        if host.names - {DOMAIN}:
            raise self._unusable(f"a host name may use only {{domain}}, and {str(host)!r} uses more", pattern)
        if not host.slots_are_labels:
            raise self._unusable(f"in {str(host)!r} a dot has to stand on each side of {{domain}}", pattern)
        try:
            spelled = to_host_name(host.expand({DOMAIN: ANY_DOMAIN}))
        except DomainInvalid as error:
            raise self._unusable(f"{str(host)!r} is not a host name", pattern) from error
        return Pattern.parse(spelled.replace(ANY_DOMAIN, f"{{{DOMAIN}}}"))

    def service(self, template: ServiceTemplate) -> ServiceTemplate:
        url = self.url(template.url, of_mailbox=template.kind.has_mailbox_urls)
        return replace(template, url=url, username=template.username.bound(self.values))

    def url(self, pattern: Pattern, *, of_mailbox: bool = False) -> Pattern:
        """The URL, with only `{domain}` left, and with `of_mailbox` the mailbox's slots in its path."""
        url = pattern.bound(self.values)
        if url.needs_mailbox and not of_mailbox:
            raise self._unusable(f"this URL may use only {{domain}}, and {str(url)!r} uses more", pattern)
        if url.needs_mailbox and _mailbox_slots(url) != _mailbox_slots(_path_of_url(url)):
            raise self._unusable(f"in {str(url)!r} the mailbox may stand only in the path", pattern)
        if not is_https_url(url.expand({DOMAIN: ANY_DOMAIN, **dict.fromkeys(OF_MAILBOX, "mailbox")})):
            raise self._unusable(f"{str(url)!r} is not an https URL", pattern)
        if not _host_of_url(url).slots_are_labels:
            raise self._unusable(f"in the host of {str(url)!r} a dot has to stand on each side of {{domain}}", pattern)
        return url

    def note(self, note: Mapping[str, Pattern]) -> dict[str, Pattern]:
        """The note, with only `{domain}` left, if anything."""
        texts = {language: pattern.bound(self.values) for language, pattern in note.items()}
        for text in texts.values():
            if text.names - {DOMAIN}:
                raise self._unusable(f"a note may use only {{domain}}, and {str(text)!r} uses more")
        return texts

    def redirect_domain(self, pattern: Pattern) -> Pattern:
        """The domain that domains on this plan moved to; `{domain}` may stand in it, but not alone."""
        domain = self.host(pattern)
        if domain.parts == (Slot(DOMAIN),):
            raise self._unusable("the domain would move to itself", pattern)
        return domain

    def _unusable(self, problem: str, pattern: Pattern | None = None) -> PlanUnusable:
        """Make the error; it names a param that `pattern` uses, if there is one."""
        return PlanUnusable(problem, plan=self.plan.key, param=min(pattern.params, default=None) if pattern else None)


def _mailbox_slots(pattern: Pattern) -> int:
    return sum(isinstance(part, Slot) and part.name in OF_MAILBOX for part in pattern.parts)


def _host_of_url(url: Pattern) -> Pattern:
    """The host in an https URL."""
    host = str(url).partition("://")[2].partition("/")[0].partition("?")[0].partition("#")[0]
    return Pattern.parse(host.partition(":")[0])


def _path_of_url(url: Pattern) -> Pattern:
    """The path in an https URL, without its first slash."""
    return Pattern.parse(str(url).partition("://")[2].partition("?")[0].partition("#")[0].partition("/")[2])


def _room_for_domain(host: Pattern) -> int:
    slots = sum(isinstance(part, Slot) for part in host.parts)
    literal = sum(len(part) for part in host.parts if isinstance(part, str))
    return (MAX_OCTETS - literal) // slots
