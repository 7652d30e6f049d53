"""What tests see of a running server: the plans that it serves, and its workers."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Program, Server


def imap_port(server: Server) -> str:
    """The port of IMAP in the document of a maintained domain."""
    answer = server.get()
    assert answer.status_code == 200
    return answer.text.partition('type="imap"')[2].partition("<port>")[2].partition("</port>")[0]


def change_port(demo: Path, port: int) -> None:
    """Another port of IMAP in plans.toml."""
    plans = demo / "plans.toml"
    plans.write_text(plans.read_text(encoding="utf-8").replace("993", str(port)), encoding="utf-8")


def workers_of(program: Program) -> list[int]:
    """The worker processes of a server that has several."""
    parent = program.process.pid
    found = []
    for number in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        process = Path("/proc") / number
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            if "spawn_main" in (process / "cmdline").read_text() and " Z " not in (process / "stat").read_text():
                found.append(int(number))
    return sorted(found)


def answers_alone(server: Server, workers: list[int], one: int, port: str = "993") -> bool:
    """Whether a worker answers while the others stand still."""
    others = [worker for worker in workers if worker != one]
    for other in others:
        os.kill(other, signal.SIGSTOP)
    try:
        return imap_port(server) == port
    finally:
        for other in others:
            os.kill(other, signal.SIGCONT)
