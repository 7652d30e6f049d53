"""Load what requests need, keep it up to date, and log what an operator wants to know about it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.dns.failure_log import MXFailureLog
from autoconfig.errors import AutoconfigError
from autoconfig.log import logger
from autoconfig.web.desk.validation import check_desk
from autoconfig.web.health import COPY_AGE, Health
from autoconfig.web.pages.validation import check_pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from autoconfig.web.services import Services


async def load(services: Services, *, keep: bool = True) -> None:
    """
    Check that pages can be made, then load `services`. With `keep` a copy of good plans is kept for a later start.

    Raises:
        SettingsInvalid: see `check_pages`.
        MappingUnavailable, ConfigurationInvalid, PlansInvalid, SigningInvalid: see `Services.load`.
    """
    check_pages(services.settings)
    check_desk(services.settings)
    await services.load(keep=keep)


class Upkeep:
    """
    Loads the services of one process, keeps them up to date while it answers requests, and closes them.

    Subclasses add what a process reports to its supervisor or to systemd.
    """

    def __init__(self, services: Services) -> None:
        self.services = services
        self._health = Health({})
        """As it was last logged."""
        self._mx_log = MXFailureLog(services.mx_lookups) if services.mx_lookups else None

    async def start(self) -> None:
        """Load everything; log what differs from plans.toml and the settings. Raises as `load` does."""
        await load(self.services)
        self.services.signer.log_fault()
        if self.services.plans.fault:
            logger().error("plans.toml is bad; serving the last good copy", faults=str(self.services.plans.fault))

    async def tick(self) -> None:
        """Once a second: notice another certificate and how the mapping database is; write the counters down."""
        services = self.services
        await services.signer.tick()
        if self._mx_log:
            self._mx_log.tick()
        try:
            await services.finder.watch()
            services.finder_fault = None
        except AutoconfigError as error:
            services.finder_fault = str(error)
        self._log_health(services.health())
        await asyncio.to_thread(self._write_counters, services.counters.named(), services.gauges())

    async def tick_plans(self) -> None:
        """Once a second: notice another plans.toml. A database may take long to say which plans are in use."""
        if await self.services.plans.tick():
            self._log_plans()

    async def reload(self) -> None:
        """Load plans.toml and the signing certificate now, on SIGHUP."""
        await self.services.plans.reload()
        self._log_plans()
        await self.services.signer.reload()

    async def close(self) -> None:
        """Release everything, also after a start that failed."""
        await self.services.close()

    def _write_counters(self, counts: Mapping[str, int], gauges: Mapping[str, float]) -> None:
        self.services.counter_file.write(counts, {**gauges, **self.services.measured()})

    def _log_health(self, now: Health) -> None:
        """Log how it differs from the last time."""
        before, self._health = self._health, now
        if before.reasons.keys() != now.reasons.keys():
            if now.ready:
                logger().info("ready again")
            else:
                logger().error("not ready", reasons=now.mapping)
        # The follower logs what is wrong with its copy.
        if (before.mapping_note is None) != (
            now.mapping_note is None
        ) and COPY_AGE not in self.services.finder.gauges():
            if now.mapping_note:
                logger().warning("the mapping database has a problem; still serving", problem=now.mapping_note)
            elif now.ready:
                logger().info("the mapping database can be used again")

    def _log_plans(self) -> None:
        plans = self.services.plans
        self.services.counters.reloaded(refused=plans.fault is not None)
        if plans.fault:
            logger().error("plans.toml is bad; serving the plans from before", faults=str(plans.fault))
        else:
            logger().info("plans.toml was loaded", plans=len(plans.current.plans))
