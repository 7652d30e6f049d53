"""A server with plans and rows of a test module's own, in a process of its own, asked as clients ask: byte for byte."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.clients.readers.wire import Answer, Request, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

LIMIT = 60.0
"""Seconds after which a command or the server gives up."""


@dataclass(frozen=True, slots=True)
class Served:
    """A running server and its files."""

    port: int
    folder: Path
    environment: Mapping[str, str]

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a GET; the URL goes out as it stands, TLS ends at a proxy in front of the server."""
        return self.send(Request(url, headers=headers or {}))

    def send(self, request: Request) -> Answer:
        """The answer to any request."""
        return Wire(self.port).send(request)

    def run(self, *arguments: str | Path, code: int = 0, **settings: object) -> str:
        """What a command writes to both streams, with other settings if need be; it ends with this exit code."""
        return _run(self.folder, {**self.environment, **_variables(settings)}, *arguments, code=code)

    def json(self, *arguments: str | Path, code: int = 0, **settings: object) -> Any:
        """What a command writes to standard output, read as JSON."""
        command = [*_command(self.folder), *map(str, arguments), "--json"]
        environment = {**self.environment, **_variables(settings)}
        done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=LIMIT)
        assert done.returncode == code, done.stderr.decode()
        return json.loads(done.stdout)


@contextlib.contextmanager
def serving(folder: Path, plans: str, rows: str, settings: Mapping[str, object]) -> Iterator[Served]:
    """
    Serve `plans` and `rows` from `folder`.

    Args:
        folder: an empty or missing one.
        plans: the text of plans.toml.
        rows: the mapping, as `autoconfig mapping sync` reads it; empty for none.
        settings: settings as in the environment, in lower case.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTOCONFIG_")}
    environment |= {**_variables(settings), "COLUMNS": "200"}
    command = [sys.executable, "-m", "autoconfig", "init", str(folder)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    (folder / "plans.toml").write_text(plans, encoding="utf-8")
    if rows:
        (folder / "rows.csv").write_text(rows, encoding="utf-8")
        _run(folder, environment, "mapping", "sync", folder / "rows.csv")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        # Connections wait in the socket's queue until the server takes it, so nobody has to look whether it is up.
        serve = [*_command(folder), "serve", "--fd", str(listening.fileno())]
        process = subprocess.Popen(serve, env=environment, pass_fds=[listening.fileno()], stderr=subprocess.PIPE)
    try:
        yield Served(port, folder, environment)
    finally:
        process.terminate()
        _, log = process.communicate(timeout=LIMIT)
        assert process.returncode == 0, log.decode()


def _variables(settings: Mapping[str, object]) -> dict[str, str]:
    return {f"AUTOCONFIG_{name.upper()}": str(value) for name, value in settings.items()}


def _command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "autoconfig", "--config", str(folder / "autoconfig.toml")]


def _run(folder: Path, environment: Mapping[str, str], *arguments: str | Path, code: int = 0) -> str:
    command = [*_command(folder), *map(str, arguments)]
    done = subprocess.run(
        command, env=dict(environment), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=LIMIT
    )
    said = done.stdout.decode()
    assert done.returncode == code, said
    return said
