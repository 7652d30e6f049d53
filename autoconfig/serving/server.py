"""Serves on a socket that listens, until a signal or a failure ends it: uvicorn as this program wants it."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from autoconfig.log import logger
from autoconfig.mapping.place import Place
from autoconfig.serving import notify, worker
from autoconfig.serving.connection import Connection
from autoconfig.serving.processes import Server, Terminated, Workers, terminate
from autoconfig.serving.sockets import address_of, note_address

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from autoconfig.settings import Settings
    from autoconfig.web.app import Lifecycle

GRACE = 10
"""Seconds that requests under way have to end when the server stops."""


def take_signals() -> None:
    """From here on SIGHUP never ends us, each worker reloads on it once it has loaded; SIGTERM ends us with 0."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, terminate)


def run(bound: socket.socket, file: Path, settings: Settings, workers: int) -> None:
    """
    Serve what the settings say with so many processes; each of them reads the settings from `file` itself.

    Raises:
        KeyboardInterrupt: SIGINT ended it.
        SystemExit: it could not start, or SIGTERM ended it before it served.
    """
    address = address_of(bound)
    note_address(settings.state_dir, address)
    database = Place.parse(settings.database).shown  # without the password
    logger().info("serving", at=address, workers=workers, database=database, plans=str(settings.plans))
    if workers > 1:
        received, sent = multiprocessing.get_context("spawn").Pipe(duplex=False)
        Workers(_config(file, worker.Supervised(sent), workers), [bound], address, received).run()
    else:
        with contextlib.suppress(Terminated):
            Server(_config(file, worker.Alone(address)), address).run([bound])
    logger().info("stopped")


def _config(file: Path, lifecycle: Lifecycle, workers: int = 1) -> uvicorn.Config:
    watchdog = notify.watchdog_seconds() if workers == 1 else None  # the supervisor speaks for its workers
    return uvicorn.Config(
        partial(worker.create, file, lifecycle),
        factory=True,
        workers=workers,
        loop="uvloop",
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # `web.peers` judges proxies, Unix sockets too
        timeout_graceful_shutdown=GRACE,
        callback_notify=_alive if watchdog else None,
        timeout_notify=watchdog or 0,
    )


async def _alive() -> None:
    """From the event loop, so that one that is stuck says nothing."""
    notify.alive()
