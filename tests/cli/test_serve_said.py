"""What `serve` says as it starts: each thing once."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from tests.cli.conftest import Server, answers, poll

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Serve, Start

TERM = signal.SIGTERM


def test_bad_plans(serve: Serve, start: Start, demo: Path, tmp_path: Path) -> None:
    """That the last good copy of the plans is served is said by who serves it, not by who checks that it can."""
    serve().program.end(TERM)
    (demo / "plans.toml").write_text("[plans.x", encoding="utf-8")
    program = start("serve", "--uds", tmp_path / "s")
    program.line("plans.toml is bad; serving the last good copy")
    poll(lambda: answers(Server(program, f"unix:{tmp_path / 's'}")))

    assert "the last good copy" not in program.end(TERM).err


def test_variables_of_others(start: Start) -> None:
    """Variables that are no settings are named."""
    program = start("serve", "--port", "0", env=os.environ | {"AUTOCONFIG_SERVICE_HOST": "10.0.0.1"})

    assert "names=AUTOCONFIG_SERVICE_HOST" in program.line("ignoring unknown AUTOCONFIG_* variables")


def test_file_that_everybody_can_read(start: Start, demo: Path) -> None:
    """That others can read autoconfig.toml, in which a password may stand, is said; `init` makes it otherwise."""
    quiet = start("serve", "--port", "0")
    quiet.line("serving")
    (demo / "autoconfig.toml").chmod(0o644)
    said = start("serve", "--port", "0").line("every user of this machine can read")

    assert "can read" not in quiet.end(TERM).err
    assert "file=autoconfig.toml" in said
