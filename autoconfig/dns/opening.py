"""Opens the way to the DNS that the settings describe, for requests and commands. Nobody else loads dnspython."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from autoconfig.dns.lookups import MailExchangers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from autoconfig.dns.answer import MXStatus


class Asking(Protocol):
    """The settings that say whom to ask, and within which bounds."""

    @property
    def mx_nameservers(self) -> Sequence[tuple[str, int]] | None:
        """Addresses and ports; `None`: the machine's own."""
        ...

    @property
    def mx_timeout(self) -> float:
        """Seconds that a question may take."""
        ...

    @property
    def mx_budget(self) -> int:
        """How many names are asked for in any minute."""
        ...

    @property
    def public_url(self) -> str:
        """Where this server is reached: its host is the provider's own."""
        ...


def open_exchangers(asking: Asking, count: Callable[[MXStatus], None] = lambda _status: None) -> MailExchangers:
    """
    Asks the name servers of the settings, within their bounds; dnspython is imported now.

    `count` is told what came of each question.
    """
    from autoconfig.dns.mx import mail_exchangers
    from autoconfig.dns.nameservers import Nameservers

    ask = partial(mail_exchangers, nameservers=Nameservers(asking.mx_nameservers or ()), limit=asking.mx_timeout)
    own = frozenset({urlsplit(asking.public_url).hostname or ""})
    return MailExchangers(ask, budget=asking.mx_budget, limit=asking.mx_timeout, own=own, count=count)
