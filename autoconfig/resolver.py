"""
Decide which plan answers: the only place with policy.

In this order:

1. The row of the mail domain, or of the nearest domain above it whose row has `subdomains`.
2. A host rule that matches the asked host.
3. The row of the asked host, if it has `exchanger`: the host takes mail for other domains.
4. With `mx`, a host rule that matches one of the domain's mail exchangers.
5. The default plan.

A name that was ended is unknown, whatever a rule or default would say: the operator decided that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

from autoconfig.errors import DNSUnavailable, Fault, PlanUnusable, UnknownDomain
from autoconfig.mail.domain import Domain
from autoconfig.mail.params import EXCHANGER, NONE, SUBDOMAINS, says

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from autoconfig.dns.mx_answer import MXAnswer
    from autoconfig.mail.binding import BoundPlan
    from autoconfig.mapping.timeline import Finder, Row
    from autoconfig.plans import Plans
    from autoconfig.plans.plan_set import Shared
    from autoconfig.settings import BrandTable, Settings


NEAREST = 5
"""How many domains above a name are looked up."""


class How(StrEnum):
    """What led to the plan."""

    ROW = "row"
    """The mapping has a row of the domain, or of one above it."""
    HOST_RULE = "host rule"
    """A host rule matches the asked host, one of the provider's own."""
    EXCHANGER = "exchanger row"
    """The asked host has a row, and takes mail for other domains."""
    MX = "MX"
    """The domain's mail goes to one of the provider's own hosts."""
    DEFAULT = "default plan"


class MXSource(Protocol):
    """Looks up where mail goes (`dns.lookups`)."""

    async def of(self, domain: Domain, client: Hashable = None) -> MXAnswer:
        """The mail exchangers of a domain, or why they are unknown; a lookup counts against the share of `client`."""
        ...


class PlansSource(Protocol):
    """Where a resolver finds the plans: `plans.reload.PlansFile` in a server, `FixedPlans` in a command."""

    @property
    def current(self) -> Plans:
        """The current plans."""
        ...


class FixedPlans(NamedTuple):
    """Plans that were read once."""

    current: Plans


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that decide who gets which plan."""

    default_plan: str | None = None
    """The key of the plan for names for which nothing else decides."""
    query_plans: Mapping[str, str] = field(default_factory=dict)
    """The plan's key for each value that a query returns; an empty key means no plan."""
    parents: bool = field(default=True, compare=False)
    """Whether rows of domains above a name are looked up. Not with a query, which decides for each name itself."""
    tls_subdomains: bool = False
    """Whether names that such a row answers for may have certificates on demand."""
    brands: tuple[BrandTable, ...] = field(default=(), compare=False)
    """They name plans and params."""

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The policy of a server with these settings."""
        return cls(
            settings.default_plan,
            settings.query_plans or {},
            settings.query is None,
            settings.tls_subdomains,
            settings.brand,
        )

    def faults(self, plans: Plans) -> list[Fault]:
        """
        Why these plans cannot be served under this policy; empty if they can.

        Every start, every reload and all commands check this, so that none serves or approves plans that another one
        refuses.
        """
        faults = []
        if self.default_plan is not None:
            try:
                plans.check_default(self.default_plan)
            except PlanUnusable as error:
                place = f"default_plan = {self.default_plan!r}"
                faults.append(Fault(place, str(error), "name a plan that requires no param"))
        known = ", ".join(plans.plans)
        faults += [
            Fault("query_plans", f"{value!r} is on the plan {key!r}, which does not exist", f"plans are {known}")
            for value, key in self.query_plans.items()
            if key and key not in plans.plans
        ]
        for number, brand in enumerate(self.brands, 1):
            faults += [
                Fault(f"brand {number}: plans", f"there is no plan {key!r}", f"plans are {known}")
                for key in brand.plans
                if key not in plans.plans
            ]
            name = brand.param.name if brand.param else None
            if name is not None and not any(name in plan.params for plan in plans.plans.values()):
                problem = f"no plan has the param {name!r}"
                faults.append(Fault(f"brand {number}: param", problem, "add it to the plans' params"))
        return faults


class Resolution(NamedTuple):
    """The plan that answers for a domain, with its params."""

    domain: Domain
    """The domain answered for."""
    plan: str
    params: str
    """Canonical JSON, as in a row."""
    bound: BoundPlan
    how: How
    row: int | None
    """The id of the row that answers, if one does; rows of a query have none."""
    until: int | None
    """Unix seconds at which a scheduled row of the name, or of one above it, takes effect; `None` if none is."""
    exchanger: Domain | None = None
    """The mail exchanger that a host rule matched, if the MX decided."""
    asked: Domain | None = None
    """The asked host, without a label such as `autoconfig.`."""
    row_of: Domain | None = None
    """The name whose row answers, if that is not the domain itself."""

    @property
    def vouched_for(self) -> bool:
        """
        Whether the operator has chosen every host, by a row or by a host rule without `{domain}` in a host.

        Other profiles are not signed. Otherwise strangers could get the provider's signature for hosts of their own
        domains.
        """
        return self.how is How.ROW or (self.how is not How.DEFAULT and not self.bound.host_names_domain)


class _Spoken(NamedTuple):
    """The row that decides for a name."""

    row: Row | None
    until: int | None
    """Unix seconds at which that may change by a scheduled row."""
    parent: Domain | None = None
    """The name whose row it is, if that is a domain above the name."""


class _FoundRow(NamedTuple):
    """What decides for a name: a row, a rule or the default."""

    how: How
    plan: str
    params: str
    row: Row | None = None
    row_of: Domain | None = None
    """The name whose row it is, if that is another name."""
    exchanger: Domain | None = None

    @property
    def id(self) -> int | None:
        """The id of the row; rows of a query have none."""
        return (self.row.id or None) if self.row else None


class Resolver:
    """Finds the plan for a mail domain and the host that was asked."""

    def __init__(self, finder: Finder, plans: PlansSource, policy: Policy, mx_lookups: MXSource | None = None) -> None:
        """
        Store the arguments.

        Args:
            finder: finds the rows.
            plans: has the current plans, which the caller has checked with `policy.faults`.
            policy: the settings that decide.
            mx_lookups: looks up the MX of domains without a row; `None`: they are not looked up.
        """
        self._finder, self._plans = finder, plans
        self._default, self._mx_lookups = policy.default_plan, mx_lookups
        self._parents, self._tls_subdomains = policy.parents, policy.tls_subdomains

    async def resolve(
        self,
        mail_domain: Domain | None,
        asked: Domain | None,
        now: float,
        client: Hashable = None,
        *,
        by_exchanger: bool = False,
    ) -> Resolution:
        """
        Find the plan that answers.

        Args:
            mail_domain: the domain of the address, or of the URL; `None` if only the host tells which domain is meant.
            asked: the asked host, without a label such as `autoconfig.`; `None` if it tells nothing.
            now: Unix seconds.
            client: the client to count DNS lookups for; `None` for no particular one.
            by_exchanger: whether an `exchanger` row of `asked` may answer for an address of another domain, if no row
                or rule does.

        Raises:
            UnknownDomain: no row, rule or default answers for the domain.
            DNSUnavailable: the MX would decide, but cannot be looked up now.
            PlanUnusable: the plan is missing, or the params or the domain do not make an account of it.
            RowInvalid: the answer of a query for the domain cannot be read.
            MappingUnavailable: the mapping cannot be asked.
        """
        domain = mail_domain or asked
        if domain is None:
            raise UnknownDomain("neither an address nor the host says which domain is meant")
        plans, spoken = self._plans.current, await self._spoken(domain, now)
        row = spoken.row
        if row is None:
            found = await self._without_row(plans, domain, asked, client, now if by_exchanger and mail_domain else None)
        else:
            found = _FoundRow(How.ROW, row.plan, row.params, row, spoken.parent) if row.plan is not None else None
        if found is None:
            raise UnknownDomain(f"{domain} is not ours", self._why_nobody(row))
        bound = _bound(plans, found, domain)
        if found.how is How.HOST_RULE and mail_domain is None and bound.needs_domain:
            raise UnknownDomain(f"{domain} is one of our hosts, and its plan depends on the mail domain")
        return Resolution(
            domain,
            found.plan,
            found.params,
            bound,
            found.how,
            found.id,
            spoken.until,
            found.exchanger,
            asked,
            found.row_of,
        )

    def settled(self, name: str, now: float) -> Shared | None:
        """
        The plan that `resolve` would find for a mail domain, with stand-ins for hosts, if the domain's own row decides,
        is available without waiting, and no other row is scheduled. `None`: call `resolve`.

        The domain's `name` has to be a host name; `now` is in Unix seconds.

        Raises:
            PlanUnusable: the plan is missing, or the params do not make an account of it.
            RowInvalid, MappingUnavailable: as `resolve`.
        """
        settled = self._finder.settled(name, now)
        if settled is None:
            return None
        shared = self._plans.current.share(settled)
        return shared if len(name) <= shared.bound.longest_domain else None

    async def is_ours(self, name: Domain, now: float) -> bool:
        """
        Whether a name may have a certificate on demand: a row or a host rule answers for it now.

        Its MX and the default plan do not count, and the row of a domain above it only with `tls_subdomains`.

        Raises:
            MappingUnavailable: the mapping cannot be asked.
        """
        spoken = await self._spoken(name, now, parents=self._tls_subdomains)
        return spoken.row.plan is not None if spoken.row else self._plans.current.rule_for(name) is not None

    async def _spoken(self, domain: Domain, now: float, *, parents: bool = True) -> _Spoken:
        """The row that decides for a name: its own, or that of the nearest domain above it with `subdomains`."""
        timeline = await self._finder.find(domain)
        row, later = timeline.at(now), timeline.next_after(now)
        if timeline.rows or not (parents and self._parents):
            return _Spoken(row, later.valid_from if later else None)
        changes = []
        for parent in _above(domain):
            timeline = await self._finder.find(parent)
            row, later = timeline.at(now), timeline.next_after(now)
            changes += [later.valid_from] if later else []
            if row is not None and row.plan is not None and says(row.params, SUBDOMAINS):
                return _Spoken(row, min(changes, default=None), parent)
        return _Spoken(None, min(changes, default=None))

    async def _without_row(
        self, plans: Plans, domain: Domain, asked: Domain | None, client: Hashable, exchanging: float | None
    ) -> _FoundRow | None:
        """
        What decides for a name without a row: a host rule, an `exchanger` row of the asked host, its MX, the default.

        `exchanging` is the time at which the `exchanger` row has to be in effect; `None`: such a row does not count.
        """
        if asked is not None and (matched := plans.rule_for(asked)):
            rule, params = matched
            return _FoundRow(How.HOST_RULE, rule.plan, params)
        if asked is not None and asked != domain and exchanging is not None:
            row = (await self._finder.find(asked)).at(exchanging)
            if row is not None and row.plan is not None and says(row.params, EXCHANGER):
                return _FoundRow(How.EXCHANGER, row.plan, row.params, row, asked)
        if placed := await self._by_mx(plans, domain, client):
            return placed
        return None if self._default is None else _FoundRow(How.DEFAULT, self._default, NONE)

    def _why_nobody(self, row: Row | None) -> str:
        """Why a name is unknown: its row says so, or nothing decides for it."""
        if row is None:
            matched = "matches it or its MX" if self._mx_lookups else "matches"
            return f"no row holds now, no host rule {matched}, and there is no default plan"
        if row.id:
            return f"row {row.id} says that the domain is not ours"
        return "the query gives no plan for the domain"

    async def _by_mx(self, plans: Plans, domain: Domain, client: Hashable) -> _FoundRow | None:
        """
        The first host rule that matches an exchanger, in order of their preference.

        Raises:
            DNSUnavailable: the exchangers cannot be looked up now. The name must not count as unknown then, nor get
                the default plan, since it may be a customer's.
        """
        # One of our own hosts is not placed by its MX.
        if self._mx_lookups is None or not plans.rules or plans.rule_for(domain):
            return None
        answer = await self._mx_lookups.of(domain, client)
        if answer.temporary:
            raise DNSUnavailable(f"the MX of {domain} {answer.status}; see `mx_nameservers`, `mx_timeout`, `mx_budget`")
        for _, host in answer.hosts:
            exchanger = Domain(host)
            if matched := plans.rule_for(exchanger):
                rule, params = matched
                return _FoundRow(How.MX, rule.plan, params, exchanger=exchanger)
        return None


def _bound(plans: Plans, found: _FoundRow, domain: Domain) -> BoundPlan:
    """
    The plan with the params of the row or rule that decides for a domain.

    Raises:
        UnknownDomain, PlanUnusable: as `Resolver.resolve`.
    """
    row_of = found.row_of
    try:
        # The domain's own row: the same arguments as in `settled`, so that both find the same cached plan.
        if row_of is None:
            bound = plans.bind(found.plan, found.params)
        else:
            of_row = found.how is How.EXCHANGER
            bound = plans.bind(found.plan, found.params, row_of.name, hosts_of_parent=of_row)
    except PlanUnusable as error:
        raise error.found_at((row_of or domain).name, found.id) from None
    try:
        if row_of is None:
            bound.check(domain)
        else:
            bound.check_row(domain)
    except PlanUnusable as error:
        if found.how is not How.ROW or row_of:  # a stranger's name: the operator need not correct a row or plan for it
            raise UnknownDomain(f"{domain} does not fit the plan {found.plan!r}") from error
        raise error.found_at(domain.name, found.id) from None
    return bound


def _above(domain: Domain) -> Iterator[Domain]:
    """The domains above a name, the nearest first, without top-level domains."""
    name = domain.name
    for _ in range(NEAREST):
        name = name.partition(".")[2]
        if "." not in name:
            return
        yield Domain(name)
