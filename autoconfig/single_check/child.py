"""
The process that checks one domain: `python -m autoconfig.single_check.child`.

Its standard input has the settings and the domain, pickled by the process that started it (`start`). It holds the lock
that it got from there until it ends, however it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import sys
from typing import TYPE_CHECKING

from autoconfig import log
from autoconfig.check.inputs import LIMIT, open_prober, places_of, row_source
from autoconfig.errors import AutoconfigError
from autoconfig.mail.address import EmailAddress
from autoconfig.mail.domain import Domain
from autoconfig.settings import PlainHTTP

if TYPE_CHECKING:
    from autoconfig.check.domain_check import Checked
    from autoconfig.results.domain_result import Listed
    from autoconfig.settings import Settings

LONGEST = 300
"""Seconds after which the kernel ends the process: each step of a check has its limit, but servers may be many."""
LOGGED = 3
"""The exit code if the log says already why there is no result."""
NICE = 15
"""Mail programs come first."""


def main() -> None:
    """Check, and keep the result."""
    for number in (signal.SIGALRM, signal.SIGINT):  # a terminal sends the second to all processes
        signal.signal(number, signal.SIG_DFL)
    signal.alarm(LONGEST)
    with contextlib.suppress(OSError):  # a sandbox may forbid it
        os.nice(NICE)
    settings, listed = pickle.load(sys.stdin.buffer)  # noqa: S301 (from the process that started this one)
    log.configure(settings.log_format)
    try:
        keep(settings, listed)
    except (AutoconfigError, OSError) as error:
        log.logger().error("a check that the desk started has no result", domain=listed.name, problem=str(error))
        sys.exit(LOGGED)


def keep(settings: Settings, listed: Listed) -> None:
    """
    Check a domain, and write what was found into the file with results.

    Raises:
        AutoconfigError: the plans, the settings or the file with results do not permit it.
        OSError: the state folder cannot be written.
    """
    from autoconfig.results.single import keep_single

    keep_single(settings.state_dir, listed, asyncio.run(_checked(settings, listed)))


async def _checked(settings: Settings, listed: Listed) -> Checked:
    from autoconfig.check.domain_check import check_domain
    from autoconfig.check.own_names.check import WebOptions
    from autoconfig.check.tls_handshake import Trust
    from autoconfig.dns.factory import open_asker
    from autoconfig.plans import read_file

    domain, trust = Domain(listed.name), Trust(None)
    bound = read_file(settings.plans).bind(listed.plan, listed.params, *([listed.parent] if listed.parent else []))
    return await check_domain(
        bound.account(domain, EmailAddress("any", domain)),
        places_of(settings),
        row_source(settings, domain, bound.plan, listed.params, has_row=not listed.parent),
        open_asker(settings, domain),
        open_prober(settings, trust, LIMIT),
        WebOptions(trust, LIMIT, allow_private=False, refuses_plain=settings.plain_http is PlainHTTP.REFUSE),
    )


if __name__ == "__main__":
    main()
