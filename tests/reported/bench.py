"""What reproductions work with: a demo, commands on it, a server of it, and a client that compares its answers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple, Self

from tests.cli.conftest import LIMIT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command, Serve, Server

NAME = "sample.co.jp"
"""A customer of the demo."""


class Bench(NamedTuple):
    """What a reproduction works with: a demo in a folder, commands on it, and a server of it."""

    demo: Path
    folder: Path
    command: Command
    serve: Serve

    def set(self, line: str) -> None:
        """Add a line to autoconfig.toml."""
        with (self.demo / "autoconfig.toml").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def add_plans(self, text: str) -> None:
        """Add something to plans.toml."""
        with (self.demo / "plans.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n{text}\n")


class Load:
    """Another client, whose every answer is compared with the first one; as a context, it asks without a pause."""

    def __init__(self, server: Server) -> None:
        self._server, self._expected, self._ended = server, server.get().content, threading.Event()
        self.right = self.wrong = 0
        self.later = 0
        """How many of the wrong ones only say that it is to be asked again later: 503 with Retry-After."""
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        self._thread.join(LIMIT)

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                answer = self._server.get()
            except OSError:
                self.wrong += 1
                continue
            if (answer.status_code, answer.content) == (200, self._expected):
                self.right += 1
            else:
                self.wrong += 1
                self.later += answer.status_code == 503 and "retry-after" in answer.headers
