from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from autoconfig.cli.init import init
from tests.deploy.page import sections
from tests.support import commands

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages

COPY = "/var/backups/autoconfig/mapping.db"
NAMES, ROUNDS = 500, 6


def test_backup_while_written(tmp_path: Path) -> None:
    """The page's command copies whole transactions while customers are written, and each copy can be read."""
    (line,) = [line for block in sections()["Backup"] for line in block.splitlines() if "mapping backup" in line]
    database, copy = tmp_path / "demo" / "mapping.db", tmp_path / "copy.db"
    init(tmp_path / "demo", demo=True)
    with closing(sqlite3.connect(database)) as opened:
        (before,) = opened.execute("SELECT count(*) FROM mapping").fetchone()
    program = f"""
import sys
from autoconfig.cli.main import app
from pathlib import Path
for number in range({ROUNDS}):
    lines = [f"n{{name}}.example,shared-standard,cs{{number}}.xbit.jp" for name in range({NAMES})]
    Path("rows.csv").write_text("\\n".join(["name,plan,server", *lines]))
    app(["--config", "demo/autoconfig.toml", "mapping", "sync", "rows.csv"], standalone_mode=False)
"""
    words = line.replace(COPY, str(copy)).split()
    assert words[0] == "autoconfig"
    backup = [*words[1:], "--force", "--config", "demo/autoconfig.toml"]
    counted = []
    with subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.DEVNULL) as writing:
        ended = False
        while not ended:
            ended = writing.poll() is not None
            commands.run(*backup, folder=tmp_path)
            with closing(sqlite3.connect(copy)) as opened:
                assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                counted.append(opened.execute("SELECT count(*) FROM mapping").fetchone()[0] - before)

    assert writing.returncode == 0
    assert {count % NAMES for count in counted} == {0}, counted
    assert counted[-1] == NAMES * ROUNDS
