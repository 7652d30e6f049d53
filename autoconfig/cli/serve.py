"""`autoconfig serve`: checks everything, binds the socket, and only then hands over to uvicorn."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import uvicorn
from uvicorn.supervisors import Multiprocess

from autoconfig import log
from autoconfig.cli.options import settings_of
from autoconfig.cli.sockets import inherited_socket, note_place, place_of, tcp_socket, unix_socket
from autoconfig.errors import SettingsInvalid
from autoconfig.settings import FILE_VARIABLE, Settings
from autoconfig.web.context import Context

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

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
    # From here on SIGHUP never ends us; each worker reloads on it once it has loaded.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    asyncio.run(_check(settings))
    os.environ[FILE_VARIABLE] = str(Path(context.obj).absolute())
    with _listening(host, port, uds, fd) as bound:
        place = place_of(bound)
        note_place(settings.state_dir, place)
        log.logger().info("serving", at=place, workers=workers, database=settings.database, plans=str(settings.plans))
        config = uvicorn.Config(
            "autoconfig.web.app:create",
            factory=True,
            workers=workers,
            loop="uvloop",
            http="httptools",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # `web.peers` judges proxies, Unix sockets too
            timeout_graceful_shutdown=GRACE,
        )
        if workers > 1:
            Workers(config, [bound]).run()
        else:
            uvicorn.Server(config).run([bound])
    log.logger().info("stopped")


class Workers(Multiprocess):
    """uvicorn's supervisor, except that SIGHUP is passed on: workers reload the plans instead of being replaced."""

    def handle_hup(self) -> None:
        """Pass SIGHUP on to every worker."""
        for process in self.processes:
            if process.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGHUP)


async def _check(settings: Settings) -> None:
    """Whatever would stop a worker stops us here, with a sentence."""
    checked = Context.of(settings)
    try:
        await checked.start()
        default = settings.default_plan
        if default is not None and default not in checked.plans.current.plans:
            raise SettingsInvalid(f"default_plan = {default!r}: there is no such plan in {settings.plans}")
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
