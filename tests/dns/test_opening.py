from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.dns.answer import MXStatus
from autoconfig.dns.opening import open_exchangers
from autoconfig.mail.domain import Domain
from autoconfig.settings import Settings
from tests.servers.knot import silent

if TYPE_CHECKING:
    from tests.servers.knot import Knot


def test_settings(knot: Knot) -> None:
    """The settings say who is asked, how often in a minute, and which name is the provider's own."""
    settings = Settings(
        mx_nameservers=(knot.address,), mx_timeout=20, mx_budget=1, public_url="https://setup.customer.co.jp"
    )
    exchangers = open_exchangers(settings)

    async def steps() -> list[MXStatus]:
        names = ("setup.customer.co.jp", "customer.co.jp", "second.co.jp")
        return [(await exchangers.of(Domain(name))).status for name in names]

    assert asyncio.run(steps()) == [MXStatus.NOT_ASKED, MXStatus.FOUND, MXStatus.OVER_BUDGET]


def test_time_limit() -> None:
    """And how long it may take."""
    with silent() as dead:
        exchangers = open_exchangers(Settings(mx_nameservers=(dead.getsockname(),), mx_timeout=0.1))

        assert asyncio.run(exchangers.of(Domain("customer.co.jp"))).status is MXStatus.TIMED_OUT
