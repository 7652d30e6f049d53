from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.dns.answer import MXStatus
from autoconfig.mail.domain import Domain
from autoconfig.settings import Settings
from autoconfig.web.exchangers import TOLD_EVERY, ExchangersLog, exchangers_of
from tests.servers.knot import silent

if TYPE_CHECKING:
    from tests.servers.knot import Knot
    from tests.web.conftest import LogLines


def test_settings(knot: Knot) -> None:
    """The settings say who is asked, how often in a minute, and which name is the provider's own."""
    settings = Settings(
        mx_nameservers=(knot.address,), mx_timeout=20, mx_budget=1, public_url="https://setup.customer.co.jp"
    )
    exchangers = exchangers_of(settings)

    async def steps() -> list[MXStatus]:
        names = ("setup.customer.co.jp", "customer.co.jp", "second.co.jp")
        return [(await exchangers.of(Domain(name))).status for name in names]

    assert asyncio.run(steps()) == [MXStatus.NOT_ASKED, MXStatus.FOUND, MXStatus.OVER_BUDGET]


def test_time_limit() -> None:
    """And how long it may take."""
    with silent() as dead:
        exchangers = exchangers_of(Settings(mx_nameservers=(dead.getsockname(),), mx_timeout=0.1))

        assert asyncio.run(exchangers.of(Domain("customer.co.jp"))).status is MXStatus.TIMED_OUT


def test_log(knot: Knot, log_lines: LogLines) -> None:
    """What goes wrong is told at once, and what comes then once a minute; without trouble there is no line."""
    exchangers = exchangers_of(Settings(mx_nameservers=(knot.address,), mx_timeout=20, mx_budget=100))
    log, lines = ExchangersLog(exchangers), []
    log.tick()
    for second in range(2 * TOLD_EVERY):
        if second < 5:
            asyncio.run(exchangers.of(Domain(f"a{second}.broken.jp")))
        log.tick()
        lines += [(second, line["failed"], line["over_budget"], line["example"]) for line in log_lines()]

    assert lines == [(0, 1, 0, "a0.broken.jp"), (TOLD_EVERY, 4, 0, "a4.broken.jp")]
