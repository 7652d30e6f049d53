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
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.processes import Server

_SCHEMA = Path(__file__).parent.parent / "migrate" / "automx2" / "schema.sql"
_CONFIGURATION = "[automx2]\nloglevel = WARNING\ndb_echo = no\ndb_uri = sqlite:///{file}\n"


@contextlib.contextmanager
def automx2(folder: Path, names: int) -> Iterator[Server]:
    """automx2 with a provider for each domain, which is its fastest form, under gunicorn with one worker."""
    python = folder / "venv" / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "automx2==2026.2", "gunicorn==23.0.0"], check=True)
        (folder / "installed").touch()
    file, port = folder / "automx2.sqlite", free_port()
    file.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(file)) as database:
        database.executescript(_SCHEMA.read_text(encoding="utf-8"))
        for number, (kind, socket) in enumerate((("imap", 993), ("smtp", 465)), 1):
            row = (number, f"{kind}.provider.example", socket, kind, "SSL", "%EMAILADDRESS%", "plain")
            database.execute("INSERT INTO server VALUES (?, 10, ?, ?, ?, ?, ?, ?)", row)
        for number in range(names):
            database.execute("INSERT INTO provider VALUES (?, 'Provider', 'Provider')", (number,))
            database.execute("INSERT INTO domain VALUES (?, ?, ?, NULL)", (number, name_of(number), number))
            database.executemany("INSERT INTO server_domain VALUES (?, ?)", ((1, number), (2, number)))
        database.commit()
    (folder / "automx2.conf").write_text(_CONFIGURATION.format(file=file.absolute()), encoding="utf-8")
    # gunicorn's usual class of workers keeps no connection.
    options = ["--log-level", "error", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "1"]
    command: list[str | Path] = ["env", f"AUTOMX2_CONF={folder / 'automx2.conf'}", python, "-m", "gunicorn", *options]
    with running([*command, "automx2.server:app"], port) as server:
        yield server
