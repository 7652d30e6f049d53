"""The served application: the demo of `autoconfig init --demo`, with some rows more, in a process of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

ROWS = """\
name,plan,server,username,username_outgoing
local-name.example,shared-standard,cs312.xbit.jp,{local},
dotted-name.example,shared-standard,cs312.xbit.jp,{local}.{domain},
two-names.example,shared-standard,cs312.xbit.jp,,{local}
"""
"""User names that provider.md allows a row and that its example domains do not have."""


@contextlib.contextmanager
def serving(folder: Path, changes: Mapping[str, str] | None = None, **settings: str) -> Iterator[int]:
    """
    Serve the demo from `folder`, and give the port.

    Args:
        folder: an empty or missing one.
        changes: texts of plans.toml, each of which stands there once, and what is there instead.
        settings: settings as in the environment, in lower case.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTOCONFIG_")}
    environment |= {f"AUTOCONFIG_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "autoconfig"]
    at = ["--config", str(folder / "autoconfig.toml")]
    subprocess.run([*command, "init", str(folder), "--demo"], env=environment, check=True, capture_output=True)
    rows = folder / "rows.csv"
    rows.write_text(ROWS, encoding="utf-8")
    subprocess.run([*command, *at, "mapping", "sync", str(rows)], env=environment, check=True, capture_output=True)
    plans = folder / "plans.toml"
    text = plans.read_text(encoding="utf-8")
    for old, new in (changes or {}).items():
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in plans.toml"
        text = text.replace(old, new)
    plans.write_text(text, encoding="utf-8")
    with served(folder, environment) as port:
        yield port


@contextlib.contextmanager
def served(folder: Path, environment: Mapping[str, str]) -> Iterator[int]:
    """Serve what `init` made in a folder, and give the port."""
    command = [sys.executable, "-m", "autoconfig", "--config", str(folder / "autoconfig.toml")]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        # Connections wait in the socket's queue until the server takes it, so nobody has to look whether it is up.
        fd = listening.fileno()
        serve = [*command, "serve", "--fd", str(fd)]
        process = subprocess.Popen(serve, env=environment, pass_fds=[fd], stderr=subprocess.PIPE)
    try:
        yield port
    finally:
        process.terminate()
        _, log = process.communicate(timeout=60)
        assert process.returncode == 0, log.decode()
