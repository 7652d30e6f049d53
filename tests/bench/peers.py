"""Other servers of this kind under measurement, from the package index, in an environment of their own."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.processes import running
from tests.bench.sites import name_of
from tests.support.servers.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.processes import Server

_SCHEMA = Path(__file__).parent.parent / "migrate" / "automx2" / "schema.sql"
_CONFIGURATION = "[automx2]\nloglevel = WARNING\ndb_echo = no\ndb_uri = sqlite:///{file}\n"


@contextlib.contextmanager
def automx2(folder: Path, names: int) -> Iterator[Server]:
    """automx2 with one provider and its two servers for all domains, under gunicorn with one worker."""
    python = folder / "venv" / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "automx2==2026.2", "gunicorn==23.0.0"], check=True)
        (folder / "installed").touch()
    file, port = folder / "automx2.sqlite", free_port()
    file.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.executescript(_SCHEMA.read_text(encoding="utf-8"))
        database.execute("INSERT INTO provider (id, name, short_name) VALUES (1, 'Provider', 'Provider')")
        for number, (kind, socket) in enumerate((("imap", 993), ("smtp", 465)), 1):
            row = (number, f"{kind}.provider.example", socket, kind, "SSL", "%EMAILADDRESS%", "plain")
            database.execute("INSERT INTO server VALUES (?, 10, ?, ?, ?, ?, ?, ?)", row)
        for number in range(names):
            database.execute("INSERT INTO domain (id, name, provider_id) VALUES (?, ?, 1)", (number, name_of(number)))
            database.executemany("INSERT INTO server_domain VALUES (?, ?)", ((1, number), (2, number)))
        database.commit()
    (folder / "automx2.conf").write_text(_CONFIGURATION.format(file=file.absolute()), encoding="utf-8")
    set_up: list[str | Path] = ["env", f"AUTOMX2_CONF={folder / 'automx2.conf'}"]
    serve: list[str | Path] = [
        python,
        "-m",
        "gunicorn",
        "--log-level",
        "error",
        "--bind",
        f"127.0.0.1:{port}",
        "automx2.server:app",
    ]
    with running([*set_up, *serve], port) as server:
        yield server
