"""`autoconfig ready`: asks the running instance whether it can answer; for health checks of containers and units."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Annotated
from urllib.parse import urlsplit

import typer

from autoconfig.cli.exits import Exit
from autoconfig.cli.options import AsJSON, settings_of
from autoconfig.cli.output import print_json
from autoconfig.errors import InputInvalid
from autoconfig.serving.sockets import noted_address

TIME_LIMIT = 5.0
"""Seconds."""


def ready(
    context: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="http://HOST:PORT or unix:PATH; else where `serve` listens."),
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """Ask the running instance's readyz. Exit code 0: it can answer; 1: it cannot, or none is running."""
    address = url or noted_address(settings_of(context).state_dir)
    status, answer = _ask(address) if address else (0, {"status": "not running"})
    if as_json:
        print_json(answer)
    else:
        typer.echo(f"{address or 'nowhere'}: {answer.get('status')}")
    if status != 200:
        raise typer.Exit(Exit.NO)


def _ask(address: str) -> tuple[int, dict[str, object]]:
    connection = _connection(address)
    try:
        connection.request("GET", "/internal/readyz")
        response = connection.getresponse()
        body = response.read()
        if response.status == http.HTTPStatus.NOT_FOUND:
            return 404, {"status": "answers, but tells us nothing; is this machine in its setting internal_networks?"}
        answer = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return 0, {"status": f"not answering: {' '.join(str(error).split())}"}
    finally:
        connection.close()
    if not isinstance(answer, dict) or "status" not in answer:
        return 0, {"status": "another program answers there"}
    return response.status, answer


def _connection(address: str) -> http.client.HTTPConnection:
    if address.startswith("unix:"):
        return _UnixConnection(address.removeprefix("unix:"))
    try:
        parts = urlsplit(address)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(address)
        return http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=TIME_LIMIT)
    except ValueError as error:
        raise InputInvalid(f"--url {address}: is neither http://HOST:PORT nor unix:PATH") from error


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=TIME_LIMIT)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's path."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIME_LIMIT)
        self.sock.connect(self._path)
