"""`autoconfig ready`: ask the running server whether it can answer, for health checks of containers and units."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from autoconfig.cli.exits import Exit
from autoconfig.cli.options import AsJSON, settings_of
from autoconfig.cli.output import print_json, say
from autoconfig.errors import InputInvalid
from autoconfig.server.sockets import noted_address

if TYPE_CHECKING:
    from collections.abc import Mapping

TIME_LIMIT = 5.0
"""Seconds until the server counts as not answering."""


def ready(
    context: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="http://HOST:PORT or unix:PATH; default: where `serve` listens."),
    ] = None,
    as_json: AsJSON = False,
) -> None:
    """
    Ask the running server whether it can answer.

    Exit code 0: it can; 1: it cannot, or no server is running.
    """
    address = url or noted_address(settings_of(context).state_dir)
    status, answer = _ask(address) if address else (0, {"status": "not running"})
    if as_json:
        print_json(answer)
    else:
        say(f"{address or 'nowhere'}: {answer.get('status')}")
        for line in _explained(answer):
            say(f"  {line}")
    if status != 200:
        raise typer.Exit(Exit.NO)


def _explained(answer: Mapping[str, object]) -> list[str]:
    """Why it is not ready, and what is wrong even if it is."""
    reasons, certificate = answer.get("reasons"), answer.get("profile_certificate")
    lines = list(map(str, reasons.values())) if isinstance(reasons, dict) else []
    if not lines and answer.get("mapping", "ok") != "ok":
        lines.append(str(answer["mapping"]))
    if fault := answer.get("plans_fault"):
        lines.append(f"the last good plans are served: {fault}")
    if isinstance(certificate, dict) and certificate.get("state") != "good":
        lines.append(f"certificate for profiles: {certificate.get('fault') or certificate.get('state')}")
    return [" ".join(line.split()) for line in lines]


def _ask(address: str) -> tuple[int, dict[str, object]]:
    connection = _connection(address)
    try:
        connection.request("GET", "/internal/readyz")
        response = connection.getresponse()
        body = response.read()
        if response.status == http.HTTPStatus.NOT_FOUND:
            return 404, {"status": "answers, but not to this machine; is it in the setting internal_networks?"}
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
