"""The application as a process of `serve` runs it: it also says when a reload has ended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from autoconfig import log, settings
from autoconfig.cli import notify
from autoconfig.web.app import application
from autoconfig.web.context import Context

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from autoconfig.web.entry import Entry


def create(place: str, supervisor: Connection | None) -> Entry:
    """The application of a process that serves at `place`, alone or for a supervisor that wants to know of reloads."""
    configured = settings.load(settings.find_file(None))
    log.configure(configured.log_format)
    context = Reporting.of(configured)
    context.place, context.supervisor = place, supervisor
    return application(context)


class Reporting(Context):
    """A context whose reloads are known to systemd."""

    place = ""
    supervisor: Connection | None = None

    async def reload_plans(self) -> None:
        """As `Context`; the only process tells systemd, one of several tells the supervisor."""
        if self.supervisor is None:
            notify.reloading()
        await super().reload_plans()
        if self.supervisor is None:
            notify.ready(serving(self.place))
        else:
            self.supervisor.send(os.getpid())


def serving(place: str) -> str:
    """What `systemctl status` shows."""
    return f"serving at {place}"
