"""A server with plans and rows of a test module's own, in a process of its own, asked as clients ask: byte for byte."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.clients.readers.wire import Answer, Request, Wire
from tests.support import commands

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


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
        environment = {**self.environment, **_variables(settings)}
        return commands.run(*_on(self.folder), *arguments, environment=environment, together=True, code=code).stdout

    def json(self, *arguments: str | Path, code: int = 0, **settings: object) -> Any:
        """What a command writes to standard output, read as JSON."""
        environment = {**self.environment, **_variables(settings)}
        done = commands.run(*_on(self.folder), *arguments, "--json", environment=environment, code=code)
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
    commands.run("init", folder, environment=environment)
    (folder / "plans.toml").write_text(plans, encoding="utf-8")
    if rows:
        (folder / "rows.csv").write_text(rows, encoding="utf-8")
        commands.run(*_on(folder), "mapping", "sync", folder / "rows.csv", environment=environment)
    with commands.serving(*_on(folder), environment=environment) as port:
        yield Served(port, folder, environment)


def _variables(settings: Mapping[str, object]) -> dict[str, str]:
    return {f"AUTOCONFIG_{name.upper()}": str(value) for name, value in settings.items()}


def _on(folder: Path) -> tuple[str, Path]:
    return "--config", folder / "autoconfig.toml"
