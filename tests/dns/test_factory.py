from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.dns.factory import open_mx_lookups
from autoconfig.dns.mx_answer import MXStatus
from autoconfig.mail.domain import Domain
from autoconfig.settings import Settings
from tests.support.servers.knot import silent

if TYPE_CHECKING:
    from tests.support.servers.knot import Knot


def test_settings(knot: Knot) -> None:
    """The settings say who is asked, how often in a minute, and which name is the provider's own."""
    settings = Settings(
        mx_nameservers=(knot.address,), mx_timeout=20, mx_budget=1, public_url="https://setup.customer.co.jp"
    )
    mx_lookups = open_mx_lookups(settings)

    async def steps() -> list[MXStatus]:
        names = ("setup.customer.co.jp", "customer.co.jp", "second.co.jp")
        return [(await mx_lookups.of(Domain(name))).status for name in names]

    assert asyncio.run(steps()) == [MXStatus.NOT_ASKED, MXStatus.FOUND, MXStatus.OVER_BUDGET]


def test_time_limit() -> None:
    """And how long it may take."""
    with silent() as dead:
        mx_lookups = open_mx_lookups(Settings(mx_nameservers=(dead.getsockname(),), mx_timeout=0.1))

        assert asyncio.run(mx_lookups.of(Domain("customer.co.jp"))).status is MXStatus.TIMED_OUT
