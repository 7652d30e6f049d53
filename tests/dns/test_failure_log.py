from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from autoconfig.dns.factory import open_mx_lookups
from autoconfig.dns.failure_log import TOLD_EVERY, MXFailureLog
from autoconfig.mail.domain import Domain
from autoconfig.settings import Settings

if TYPE_CHECKING:
    from tests.support.log_lines import LogLines
    from tests.support.servers.knot import Knot


def test_log(knot: Knot, log_lines: LogLines) -> None:
    """The first failure is logged at once, further ones once a minute; without failures there is no line."""
    mx_lookups = open_mx_lookups(Settings(mx_nameservers=(knot.address,), mx_timeout=20, mx_budget=100))
    log, lines = MXFailureLog(mx_lookups), []
    log.tick()
    for second in range(2 * TOLD_EVERY):
        if second < 5:
            asyncio.run(mx_lookups.of(Domain(f"a{second}.broken.jp")))
        log.tick()
        lines += [(second, line["failed"], line["over_budget"], line["example"]) for line in log_lines()]

    assert lines == [(0, 1, 0, "a0.broken.jp"), (TOLD_EVERY, 4, 0, "a4.broken.jp")]
