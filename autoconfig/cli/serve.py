"""`autoconfig serve`: checks everything, binds the socket, and only then hands over to the server."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from autoconfig import log
from autoconfig.cli.checking import check_default, check_query_plans, undeclared
from autoconfig.cli.options import settings_of
from autoconfig.serving import server
from autoconfig.serving.sockets import listening
from autoconfig.settings import Settings, foreign_variables
from autoconfig.web.context import Context


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
    server.take_signals()
    asyncio.run(_check(settings))
    with listening(host, port, uds, fd) as bound:
        server.run(bound, Path(context.obj).absolute(), settings, workers)


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
