"""What every request needs, made once a process: settings, plans, the finder, the documents prepared so far."""

from __future__ import annotations

import asyncio
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from autoconfig import resolve
from autoconfig.dns.opening import open_exchangers
from autoconfig.errors import AutoconfigError
from autoconfig.formats.prepared import Prepared
from autoconfig.log import logger
from autoconfig.mapping.opening import open_finder
from autoconfig.plans.reload import PlansFile
from autoconfig.web import pages
from autoconfig.web.exchangers import ExchangersLog
from autoconfig.web.ledger import Ledger
from autoconfig.web.limits import network_of
from autoconfig.web.peers import Peer, is_internal, peer_of
from autoconfig.web.signing import ProfileSigner
from autoconfig.web.tally import Tally

if TYPE_CHECKING:
    from autoconfig.formats.prepared import Document
    from autoconfig.mail.bound import BoundPlan
    from autoconfig.mail.domain import Domain
    from autoconfig.mapping.timeline import Finder
    from autoconfig.settings import Settings
    from autoconfig.web.asgi import Scope

PREPARED = 4096
"""
How many prepared documents of all kinds are kept, for the hot path and the endpoints together. Each is as large as the
document, about 2 KiB, and keeps the bound plan that it was made of, which is as large again.
"""


class Context:
    """The parts of a running server, and the few questions that all endpoints ask."""

    def __init__(self, settings: Settings, finder: Finder, plans: PlansFile) -> None:
        self.settings, self.finder, self.plans = settings, finder, plans
        self.finder_fault: str | None = None
        """What the last look at the mapping database found wrong."""
        self.signer = ProfileSigner.of(settings)
        self.tally, self.ledger = Tally(), Ledger(settings.state_dir / "workers")
        self.exchangers = open_exchangers(settings, self.tally.asked_dns) if settings.mx else None
        """Where mail goes, if the MX of domains without a row is to be looked at."""
        self._exchangers_log = ExchangersLog(self.exchangers) if self.exchangers else None
        self._started = time.time()
        self._prepared = lru_cache(PREPARED)(_prepare)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """
        The context that the settings describe; the plans are not loaded before `start`.

        Raises:
            ConfigurationInvalid, MappingUnavailable: see `open_finder`.
            SettingsInvalid: see `pages.check`.
        """
        pages.check(settings)
        finder = open_finder(
            settings.database, settings.state_dir, settings, known=settings.cache_known, unknown=settings.cache_unknown
        )
        plans = PlansFile(settings.plans, settings.state_dir, finder.in_use, default=settings.default_plan)
        return cls(settings, finder, plans)

    async def load(self) -> None:
        """
        See that the mapping can be used; load the plans, and what signs profiles.

        Raises:
            MappingUnavailable, ConfigurationInvalid: see `Finder.start`.
            PlansInvalid: plans.toml is bad, and there is no copy of an earlier one.
            SigningInvalid: profiles are to be signed, and key and certificate cannot.
        """
        await self.finder.start()
        await self.plans.start()
        self.signer.start()

    async def start(self) -> None:
        """As `load`, to serve from now on; the log hears of plans that are not those of plans.toml."""
        await self.load()
        if self.plans.fault:
            logger().warning("plans.toml is bad; serving the last good copy", faults=str(self.plans.fault))

    async def resolve(
        self, scope: Scope, mail_domain: Domain | None, asked: Domain | None, now: float | None = None
    ) -> resolve.Resolution:
        """See `resolve.resolve`; what it asks the DNS counts for the client of `scope`."""
        moment = time.time() if now is None else now
        plans, default, exchangers = self.plans.current, self.settings.default_plan, None
        if self.exchangers:
            exchangers = self.exchangers.asked_by(network_of(self.peer(scope).address, self.settings))
        found = await resolve.resolve(self.finder, plans, mail_domain, asked, moment, default, exchangers)
        self.tally.resolved(found.how)
        return found

    async def is_ours(self, name: Domain) -> bool:
        """See `resolve.is_ours`."""
        return await resolve.is_ours(self.finder, self.plans.current, name, time.time())

    def prepared(self, document: Document, bound: BoundPlan, *, with_address: bool) -> Prepared:
        """The document of a bound plan as bytes with slots, kept for the next name with the same plan and params."""
        return self._prepared(document, bound, with_address)

    def peer(self, scope: Scope) -> Peer:
        """Who asks, and by which scheme."""
        return peer_of(scope, self.settings.trusted_proxies)

    def internal(self, scope: Scope) -> bool:
        """Whether the client may see /internal/."""
        return is_internal(self.peer(scope), self.settings.internal_networks)

    async def tick(self) -> None:
        """Once a second: notice another certificate, and what became of the mapping database."""
        self.signer.tick()
        if self._exchangers_log:
            self._exchangers_log.tick()
        try:
            await self.finder.watch()
            if self.finder_fault is not None:
                logger().info("the mapping database can be used again")
            self.finder_fault = None
        except AutoconfigError as error:
            if self.finder_fault is None:
                logger().error("the mapping database cannot be used", problem=str(error))
            self.finder_fault = str(error)
        await asyncio.to_thread(self.ledger.write, self.tally.named(), self.gauges())

    def gauges(self) -> dict[str, float]:
        """How this process is, for metrics (`web.exposition`)."""
        expires = self.signer.expires
        return {
            "start_time_seconds": self._started,
            "mapping_available": float(self.finder_fault is None),
            "plans_fault": float(self.plans.fault is not None),
            **({} if expires is None else {"profile_certificate_expiry_seconds": expires}),
            **self.finder.gauges(),
        }

    async def tick_plans(self) -> None:
        """Once a second: notice another plans.toml. A database may take long to say which plans are in use."""
        if await self.plans.tick():
            self._tell_of_plans()

    async def reload_plans(self) -> None:
        """Load plans.toml now, and what signs profiles: SIGHUP asks for it."""
        await self.plans.reload()
        self._tell_of_plans()
        self.signer.reload()

    def _tell_of_plans(self) -> None:
        self.tally.reloaded(refused=self.plans.fault is not None)
        if self.plans.fault:
            logger().error("plans.toml is bad; serving the plans from before", faults=str(self.plans.fault))
        else:
            logger().info("plans.toml was loaded", plans=len(self.plans.current.plans))

    async def close(self) -> None:
        """Give back what is held."""
        if self.exchangers:
            await self.exchangers.close()
        await self.finder.close()
        self.ledger.close(self.tally.named())


def _prepare(document: Document, bound: BoundPlan, with_address: bool) -> Prepared:
    return Prepared(document, bound, with_address=with_address)
