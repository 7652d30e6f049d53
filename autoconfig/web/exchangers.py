"""What the log hears of asking the DNS where mail goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autoconfig.log import logger

if TYPE_CHECKING:
    from autoconfig.dns.lookups import MailExchangers

TOLD_EVERY = 60
"""Looks (about seconds) between two log lines about the DNS."""


class ExchangersLog:
    """Says what goes wrong with the DNS once a minute: strangers can make any number of questions fail."""

    def __init__(self, exchangers: MailExchangers) -> None:
        self._exchangers = exchangers
        self._looks = 0

    def tick(self) -> None:
        """Once a second: the first trouble is told at once, what comes then after a minute."""
        self._looks -= 1
        if self._looks <= 0 and (troubles := self._exchangers.troubles()):
            self._looks = TOLD_EVERY
            logger().warning(
                "the DNS was not asked, or did not answer, where mail goes",
                failed=troubles.failed,
                over_budget=troubles.refused,
                example=troubles.example,
                remedy="see `mx_nameservers`, `mx_timeout` and `mx_budget`",
            )
