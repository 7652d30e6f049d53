"""The real `autoconfig serve` on a demo folder."""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import TYPE_CHECKING

from tests.clients.thunderbird.processes import running, until_up
from tests.support import commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = [sys.executable, "-m", "autoconfig"]


@contextlib.contextmanager
def served(folder: Path, plans: str = "", rows: str = "") -> Iterator[Path]:
    """
    The Unix socket on which the demo is served.

    Args:
        folder: where it may be made.
        plans: what stands in plans.toml after the demo's plans.
        rows: CSV of rows that hold instead of the demo's rows of the same names.
    """
    demo = folder / "demo"
    commands.run("init", demo, "--demo")
    if plans:
        with (demo / "plans.toml").open("a", encoding="utf-8") as file:
            file.write(plans)
    configuration = ["--config", str(demo / "autoconfig.toml")]
    if rows:
        table = folder / "rows.csv"
        table.write_text(rows, encoding="utf-8")
        commands.run(*configuration, "mapping", "sync", str(table))
    place, log = folder / "socket", folder / "serve.log"
    with running([*PROGRAM, *configuration, "serve", "--uds", str(place)], log) as process:
        until_up("autoconfig serve", process, log, lambda: _answers(place))
        yield place


def _answers(place: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(place)) == 0
