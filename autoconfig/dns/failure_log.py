"""Log failures of the DNS when the server looks up MX records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.log import logger

if TYPE_CHECKING:
    from autoconfig.dns.lookups import MXLookups

TOLD_EVERY = 60
"""Ticks (about seconds) between two log lines about the DNS."""


class MXFailureLog:
    """Log failures once a minute: strangers can make any number of questions fail."""

    def __init__(self, mx_lookups: MXLookups) -> None:
        self._mx_lookups = mx_lookups
        self._looks = 0

    def tick(self) -> None:
        """Call once a second: log the first failure at once, later ones after a minute."""
        self._looks -= 1
        if self._looks <= 0 and (failures := self._mx_lookups.failures()):
            self._looks = TOLD_EVERY
            logger().warning(
                "MX lookups failed, or were skipped to stay within the budget",
                failed=failures.failed,
                over_budget=failures.refused,
                example=failures.example,
                remedy="see `mx_nameservers`, `mx_timeout` and `mx_budget`",
            )
