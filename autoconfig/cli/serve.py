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
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from autoconfig import log
from autoconfig.cli.checking import check_default
from autoconfig.cli.options import settings_of
from autoconfig.cli.sockets import inherited_socket, note_place, place_of, tcp_socket, unix_socket
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
    signal.signal(signal.SIGTERM, _terminate)
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
            with contextlib.suppress(Terminated):
                uvicorn.Server(config).run([bound])
        log.logger().info("stopped")


class Terminated(BaseException):
    """
    SIGTERM, which is how a server ends. uvicorn sends itself the signal again after it has stopped, and would die of it
    before the socket is removed.
    """


def _terminate(_signal: int, _frame: object) -> None:
    raise Terminated


class Workers(Multiprocess):
    """
    uvicorn's supervisor, except that SIGHUP is passed on: workers reload the plans instead of being replaced.

    It ends as a single server does: Ctrl-C is an interruption, and a worker that cannot start is a failure.
    """

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.ended_by: int | None = None

    def run(self) -> None:
        """Serve until a signal or a failure ends it."""
        super().run()
        if self.ended_by == signal.SIGINT:
            raise KeyboardInterrupt
        if self.ended_by is None:
            raise SystemExit(STARTUP_FAILURE)

    def init_processes(self) -> None:
        """Start the workers."""
        with _hangup_waits():
            super().init_processes()

    def keep_subprocess_alive(self) -> None:
        """Replace workers that died."""
        with _hangup_waits():
            super().keep_subprocess_alive()

    def handle_int(self) -> None:
        """Stop."""
        self.ended_by = signal.SIGINT
        super().handle_int()

    def handle_term(self) -> None:
        """Stop."""
        self.ended_by = signal.SIGTERM
        super().handle_term()

    def handle_hup(self) -> None:
        """Pass SIGHUP on to every worker."""
        for process in self.processes:
            if process.pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGHUP)


@contextlib.contextmanager
def _hangup_waits() -> Iterator[None]:
    """
    Hold SIGHUP back, for us and for the processes that are started meanwhile: a worker receives it only once it can
    reload (`web.app`), and does not die of one that comes while it starts.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


async def _check(settings: Settings) -> None:
    """Whatever would stop a worker stops us here, with a sentence."""
    checked = Context.of(settings)
    try:
        await checked.start()
        check_default(checked.plans.current, settings)
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
