from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.dns.opening import open_exchangers
from autoconfig.mail.domain import Domain
from autoconfig.settings import Settings
from autoconfig.web.exchangers import TOLD_EVERY, ExchangersLog

if TYPE_CHECKING:
    from tests.servers.knot import Knot
    from tests.web.conftest import LogLines


def test_log(knot: Knot, log_lines: LogLines) -> None:
    """What goes wrong is told at once, and what comes then once a minute; without trouble there is no line."""
    exchangers = open_exchangers(Settings(mx_nameservers=(knot.address,), mx_timeout=20, mx_budget=100))
    log, lines = ExchangersLog(exchangers), []
    log.tick()
    for second in range(2 * TOLD_EVERY):
        if second < 5:
            asyncio.run(exchangers.of(Domain(f"a{second}.broken.jp")))
        log.tick()
        lines += [(second, line["failed"], line["over_budget"], line["example"]) for line in log_lines()]

    assert lines == [(0, 1, 0, "a0.broken.jp"), (TOLD_EVERY, 4, 0, "a4.broken.jp")]
