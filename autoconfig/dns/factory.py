"""Make the objects that ask the DNS, from the settings. dnspython is loaded only when one is made."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from autoconfig.dns.lookups import MXLookups

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from autoconfig.dns.exchange_pool import ExchangePool
    from autoconfig.dns.mx_answer import MXStatus
    from autoconfig.dns.question import Asker
    from autoconfig.mail.domain import Domain


class DNSSettings(Protocol):
    """The settings for asking the DNS."""

    @property
    def mx_nameservers(self) -> Sequence[tuple[str, int]] | None:
        """Addresses and ports of name servers; `None` for the machine's own."""
        ...

    @property
    def mx_timeout(self) -> float:
        """Seconds that a question may take."""
        ...

    @property
    def mx_budget(self) -> int:
        """Questions that may be sent in any minute."""
        ...

    @property
    def public_url(self) -> str:
        """This server's URL; its host is the provider's own and not looked up."""
        ...


def open_mx_lookups(settings: DNSSettings, count: Callable[[MXStatus], None] = lambda _status: None) -> MXLookups:
    """
    Make what looks up MX records with the name servers and limits of the settings.

    `count` is called with the status of each question.
    """
    from autoconfig.dns.mx import mail_exchangers
    from autoconfig.dns.nameservers import Nameservers

    ask = partial(mail_exchangers, nameservers=Nameservers(settings.mx_nameservers or ()), limit=settings.mx_timeout)
    own = frozenset({urlsplit(settings.public_url).hostname or ""})
    return MXLookups(ask, budget=settings.mx_budget, limit=settings.mx_timeout, own=own, count=count)


def open_asker(
    settings: DNSSettings,
    domain: Domain,
    nameservers: Sequence[tuple[str, int]] = (),
    turns: asyncio.Semaphore | None = None,
    pool: ExchangePool | None = None,
) -> Asker:
    """
    Make what asks for a domain's records: the zone's own name servers, and the resolvers of the settings.

    With `nameservers`, only these are asked, in place of both. `turns` limits the questions of several askers together;
    `pool` has processes that ask them.
    """
    from autoconfig.dns.asker import DomainAsker
    from autoconfig.dns.nameservers import Nameservers

    resolvers = nameservers or Nameservers(settings.mx_nameservers or ()).addresses()
    return DomainAsker(domain.name, resolvers, settings.mx_timeout, given=bool(nameservers), turns=turns, pool=pool)
