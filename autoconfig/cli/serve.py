"""`autoconfig serve`: checks everything, binds the socket, and only then hands over to uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import uvicorn

from autoconfig import log
from autoconfig.cli import notify, worker
from autoconfig.cli.checking import check_default, check_query_plans, undeclared
from autoconfig.cli.connection import Connection
from autoconfig.cli.options import settings_of
from autoconfig.cli.processes import Server, Terminated, Workers, terminate
from autoconfig.cli.sockets import inherited_socket, note_place, place_of, tcp_socket, unix_socket
from autoconfig.mapping.place import Place
from autoconfig.settings import FILE_VARIABLE, Settings, foreign_variables
from autoconfig.web.context import Context

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from multiprocessing.connection import Connection as Pipe

GRACE = 10
"""Seconds that requests under way have to end when the server stops."""


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port to listen on.", min=0, max=65535)] = 8080,
    uds: Annotated[Path | None, typer.Option(metavar="PATH", help="Listen on a Unix socket instead.")] = None,
    fd: Annotated[int | None, typer.Option(metavar="N", help="Listen on an open socket instead.", min=0)] = None,
    workers: Annotated[int, typer.Option(help="Processes that answer.", min=1, max=256)] = 1,
) -> None:
    """Answer mail programs. SIGHUP reloads plans.toml; so does a change of the file, after two seconds."""
    if uds is not None and fd is not None:
        raise typer.BadParameter("choose one of --uds and --fd")
    settings = settings_of(context)
    log.configure(settings.log_format)
    if foreign := foreign_variables():
        log.logger().warning("variables that are no settings were left out", names=", ".join(foreign))
    # From here on SIGHUP never ends us; each worker reloads on it once it has loaded.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, terminate)
    asyncio.run(_check(settings))
    os.environ[FILE_VARIABLE] = str(Path(context.obj).absolute())
    with _listening(host, port, uds, fd) as bound:
        place = place_of(bound)
        note_place(settings.state_dir, place)
        database = Place.parse(settings.database).shown  # without the password
        log.logger().info("serving", at=place, workers=workers, database=database, plans=str(settings.plans))
        if workers > 1:
            received, sent = multiprocessing.get_context("spawn").Pipe(duplex=False)
            Workers(_config(place, workers, sent), [bound], place, received).run()
        else:
            with contextlib.suppress(Terminated):
                Server(_config(place, workers), place).run([bound])
        log.logger().info("stopped")


def _config(place: str, workers: int, supervisor: Pipe | None = None) -> uvicorn.Config:
    watchdog = notify.watchdog_seconds() if workers == 1 else None  # the supervisor speaks for its workers
    return uvicorn.Config(
        partial(worker.create, place, supervisor),
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


async def _check(settings: Settings) -> None:
    """Whatever would stop a worker stops us here, with a sentence."""
    checked = Context.of(settings)
    try:
        await checked.load()
        check_default(checked.plans.current, settings)
        check_query_plans(checked.plans.current, settings)
        for warning in undeclared(getattr(checked.finder, "columns", ()), checked.plans.current):
            log.logger().warning("some names may get no answer", problem=str(warning))
    finally:
        await checked.close()


@contextlib.contextmanager
def _listening(host: str, port: int, uds: Path | None, fd: int | None) -> Iterator[socket.socket]:
    if uds is not None:
        with unix_socket(uds) as bound:
            yield bound
    else:
        with contextlib.closing(inherited_socket(fd) if fd is not None else tcp_socket(host, port)) as bound:
            yield bound
