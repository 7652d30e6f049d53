"""The settings' way to ask the DNS where mail goes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from autoconfig.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from autoconfig.dns.answer import MXStatus
    from autoconfig.dns.lookups import MailExchangers
    from autoconfig.settings import Settings

TOLD_EVERY = 60
"""Looks (about seconds) between two log lines about the DNS."""


def exchangers_of(settings: Settings, count: Callable[[MXStatus], None] = lambda _status: None) -> MailExchangers:
    """
    Asks the name servers of the settings, within their bounds; the first call loads dnspython.

    `count` is told what came of each question.
    """
    from autoconfig.dns.lookups import MailExchangers
    from autoconfig.dns.mx import mail_exchangers
    from autoconfig.dns.nameservers import Nameservers

    ask = partial(mail_exchangers, nameservers=Nameservers(settings.mx_nameservers or ()), limit=settings.mx_timeout)
    own = frozenset({urlsplit(settings.public_url).hostname or ""})
    return MailExchangers(ask, budget=settings.mx_budget, limit=settings.mx_timeout, own=own, count=count)


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
