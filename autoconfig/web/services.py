"""What every request needs, made once in a process: settings, plans, the finder, prepared documents."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from autoconfig.dns.factory import open_mx_lookups
from autoconfig.formats.template import Prepared
from autoconfig.last_backup import last_backup
from autoconfig.mapping.finder_factory import open_finder
from autoconfig.plans.reload import PlansFile
from autoconfig.resolver import Policy, Resolver
from autoconfig.results.figures import CheckFigures
from autoconfig.settings import PlainHTTP
from autoconfig.web.brands import Brands
from autoconfig.web.client_address import Peer, is_internal, peer_of
from autoconfig.web.executor import BoundedExecutor
from autoconfig.web.health import Health, Reason, health_of
from autoconfig.web.metrics.counters import Counters
from autoconfig.web.metrics.process import process_gauges
from autoconfig.web.metrics.workers import CounterFile
from autoconfig.web.rate_limit import network_of
from autoconfig.web.signing import ProfileSigner

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.formats.template import Document
    from autoconfig.mail.binding import BoundPlan
    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.timeline import Finder
    from autoconfig.resolver import Resolution
    from autoconfig.settings import Settings
    from autoconfig.web.asgi import Scope

PREPARED = 4096
"""
How many prepared documents of all kinds are kept, for the fast path and the endpoints together. Each takes about 2 KiB
for the document, and as much for its bound plan.
"""


class Services:
    """The parts of a running server, and what all endpoints ask of them."""

    def __init__(self, settings: Settings, finder: Finder, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds, for the checks of plans.toml."""
        self.settings, self.finder = settings, finder
        self.brands = Brands(settings)
        policy = Policy.of(settings)
        self.plans = PlansFile(settings.plans, settings.state_dir, finder.in_use, policy.faults, clock)
        self.finder_fault: str | None = None
        """The problem that the last check of the mapping database found."""
        self.signer = ProfileSigner.of(settings)
        self.page_executor = BoundedExecutor("pages")
        self.counters, self.counter_file = Counters(), CounterFile(settings.state_dir / "workers")
        self.checks = CheckFigures(settings.state_dir)
        """What the last check of all domains found."""
        self.mx_lookups = open_mx_lookups(settings, self.counters.asked_dns) if settings.mx else None
        """Looks up the MX of domains without a row, if the settings say so."""
        self.resolver = Resolver(finder, self.plans, policy, self.mx_lookups)
        self._started = time.time()
        self._prepared = lru_cache(PREPARED)(_prepare)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """
        The services for these settings; nothing is loaded before `load`.

        Raises:
            SettingsInvalid: see `open_finder`.
        """
        finder = open_finder(
            settings.database, settings.state_dir, settings, known=settings.cache_known, unknown=settings.cache_unknown
        )
        return cls(settings, finder)

    async def load(self, *, keep: bool = True) -> None:
        """
        Check that the mapping can be used; load the plans and the signing certificate.
        With `keep` a copy of good plans is kept for a later start.

        Raises:
            MappingUnavailable, ConfigurationInvalid: see `Finder.start`.
            PlansInvalid: see `PlansFile.start`.
            SigningInvalid: see `ProfileSigner.start`.
        """
        await self.finder.start()
        await self.plans.start(keep=keep)
        await self.signer.start()

    async def resolve(
        self,
        scope: Scope,
        mail_domain: Domain | None,
        asked: Domain | None,
        now: float | None = None,
        *,
        by_exchanger: bool = False,
    ) -> Resolution:
        """
        Find the plan that answers a request, and count how it was found.

        Takes and raises what `Resolver.resolve` does; DNS lookups count for the client of `scope`.
        """
        moment = time.time() if now is None else now
        client = network_of(self.peer(scope).address, self.settings) if self.mx_lookups else None
        found = await self.resolver.resolve(mail_domain, asked, moment, client, by_exchanger=by_exchanger)
        self.counters.resolved(found.how)
        return found

    def prepared(self, document: Document, bound: BoundPlan, *, with_address: bool) -> Prepared:
        """The document of a bound plan as bytes with slots; kept for other domains with the same plan and params."""
        return self._prepared(document, bound, with_address)

    def peer(self, scope: Scope) -> Peer:
        """The client, and the scheme of the request."""
        return peer_of(scope, self.settings.trusted_proxies)

    def lacks_tls(self, scope: Scope) -> bool:
        """Whether a request came by plain http although `plain_http` does not let documents be served so."""
        return self.settings.plain_http is not PlainHTTP.SERVE and self.peer(scope).scheme == "http"

    def internal(self, scope: Scope) -> bool:
        """Whether the client may see /internal/."""
        return is_internal(self.peer(scope), self.settings.internal_networks)

    def at_desk(self, scope: Scope) -> bool:
        """Whether the client may see the support desk's page."""
        return is_internal(self.peer(scope), self.settings.desk_clients)

    def measured(self) -> dict[str, float]:
        """More gauges; they take system calls, so call this in a thread."""
        backup = last_backup(self.settings.state_dir)
        return {**process_gauges(), **self.checks.current(), "last_backup_timestamp_seconds": backup}

    def health(self, fault: str | None = None) -> Health:
        """Judge the health now (`web.health`); `fault` is what a test of the database found wrong."""
        return health_of(self.finder, fault or self.finder_fault, self.settings.copy_max_age)

    def gauges(self) -> dict[str, float]:
        """The gauges of this process (`web.metrics.prometheus`)."""
        expires, health = self.signer.expires, self.health()
        return {
            "start_time_seconds": self._started,
            "process_start_time_seconds": self._started,
            "ready": float(health.ready),
            "mapping_available": float(Reason.MAPPING not in health.reasons),
            **{f"not_ready {reason}": float(reason in health.reasons) for reason in Reason},
            "plans_fault": float(self.plans.fault is not None),
            **({"profile_certificate_fault": float(self.signer.fault is not None)} if self.signer.wanted else {}),
            **({} if expires is None else {"profile_certificate_expiry_seconds": expires}),
            **self.finder.gauges(),
        }

    async def close(self) -> None:
        """Release everything."""
        if self.mx_lookups:
            await self.mx_lookups.close()
        await self.finder.close()
        self.counter_file.close(self.counters.named())


def _prepare(document: Document, bound: BoundPlan, with_address: bool) -> Prepared:
    return Prepared(document, bound, with_address=with_address)
