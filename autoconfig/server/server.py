"""Serve on a listening socket until a signal or a failure: uvicorn's configuration."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from autoconfig.log import logger
from autoconfig.mapping.database_location import DatabaseLocation
from autoconfig.server import systemd, worker
from autoconfig.server.follower_supervisor import followed
from autoconfig.server.http_protocol import Connection
from autoconfig.server.sockets import address_of, note_address
from autoconfig.server.supervisor import SingleServer, Terminated, Workers, terminate

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from autoconfig.server.upkeep import Upkeep
    from autoconfig.settings import Settings
    from autoconfig.web.services import Services

HEALTHCHECK = 10
"""
Seconds for a worker to answer its supervisor, from a thread that does nothing else, before it is replaced. The
supervisor does nothing else meanwhile, so this is well below systemd's `WatchdogSec`.
"""

GRACE = 10
"""Seconds for requests under way to end when the server stops."""


def take_signals() -> None:
    """From now on ignore SIGHUP, on which each worker reloads once it has loaded, and exit with 0 on SIGTERM."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, terminate)


def run(bound: socket.socket, settings: Settings, workers: int) -> None:
    """
    Serve with `workers` processes.

    Each gets these settings, also one that replaces another: the files may have changed by then.

    Raises:
        KeyboardInterrupt: SIGINT.
        SystemExit: it could not start, or SIGTERM came before it served.
    """
    address = address_of(bound)
    note_address(settings.state_dir, address)
    database = DatabaseLocation.parse(settings.database).shown  # without the password
    logger().info("serving", at=address, workers=workers, database=database, plans=str(settings.plans))
    with followed(settings):
        if workers > 1:
            received, sent = multiprocessing.get_context("spawn").Pipe(duplex=False)
            Workers(
                _config(settings, partial(worker.WorkerUpkeep, supervisor=sent), workers), [bound], address, received
            ).run()
        else:
            with contextlib.suppress(Terminated):
                SingleServer(_config(settings, partial(worker.SingleUpkeep, address=address)), address).run([bound])
    logger().info("stopped")


def _config(settings: Settings, upkeep: Callable[[Services], Upkeep], workers: int = 1) -> uvicorn.Config:
    watchdog = systemd.watchdog_seconds() if workers == 1 else None  # the supervisor reports for its workers
    return uvicorn.Config(
        partial(worker.create, settings, upkeep, labelled=workers > 1),
        factory=True,
        workers=workers,
        loop="uvloop",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # `web.client_address` judges proxies, Unix sockets too
        timeout_graceful_shutdown=GRACE,
        timeout_worker_healthcheck=HEALTHCHECK,
        callback_notify=_alive if watchdog else None,
        timeout_notify=watchdog or 0,
    )


async def _alive() -> None:
    """Run on the event loop, so that a stuck one is silent."""
    systemd.alive()
