"""`autoconfig serve`: check everything, bind the socket, and only then hand over to the server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from autoconfig import log
from autoconfig.cli.options import settings_of
from autoconfig.cli.start_check import settings_remarks, start_remarks
from autoconfig.server import server
from autoconfig.server.sockets import listening


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="TCP port to listen on.", min=0, max=65535)] = 8080,
    uds: Annotated[Path | None, typer.Option(metavar="PATH", help="Listen on a Unix socket instead.")] = None,
    fd: Annotated[
        int | None, typer.Option(metavar="N", help="Listen on an open socket instead: its descriptor.", min=0)
    ] = None,
    workers: Annotated[int, typer.Option(help="Number of processes that answer.", min=1, max=256)] = 1,
) -> None:
    """
    Answer mail programs.

    A changed plans.toml is reloaded within about two seconds, or at once by SIGHUP.
    """
    if uds is not None and fd is not None:
        raise typer.BadParameter("choose one of --uds and --fd")
    settings = settings_of(context)
    log.configure(settings.log_format, queued=True)
    for remark in settings_remarks(context.obj, settings):
        log.logger().warning(remark.sentence, **remark.fields)
    server.take_signals()
    # Whatever would stop a worker stops the command here, with a sentence.
    for remark in asyncio.run(start_remarks(settings)):
        log.logger().warning(remark.sentence, **remark.fields)
    with listening(host, port, uds, fd) as bound:
        server.run(bound, settings, workers)
