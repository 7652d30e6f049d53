from __future__ import annotations

import http.client
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.cli.init import init

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = ["sqlalchemy", "alembic", "rich", "jinja2", "babel", "segno", "cryptography", "OpenSSL", "dns"]
HEAVY += ["psycopg", "pymysql", "prometheus_client"]
"""What costs tens of megabytes and half a second, and no mail program's request needs."""

# Serves as the command does; what it has loaded goes to a file at the end.
PROGRAM = """
import sys, json, atexit, signal
from pathlib import Path
sys.argv[0] = "autoconfig"
out = Path(sys.argv.pop(1))
atexit.register(lambda: out.write_text(json.dumps(sorted(sys.modules))))
signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # uvicorn ends us by the signal, and atexit would not happen
from autoconfig.cli.main import run
run()
"""

POST = b"<Autodiscover><Request><EMailAddress>taro@sample.co.jp</EMailAddress></Request></Autodiscover>"


@pytest.fixture
def loaded(tmp_path: Path) -> list[str]:
    """The modules of a serving process that has answered its first hot requests and was then stopped."""
    init(tmp_path / "demo", demo=True)
    out, config = tmp_path / "modules.json", tmp_path / "demo" / "autoconfig.toml"
    command = [sys.executable, "-c", PROGRAM, str(out), "serve", "--port", "0", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        listening = tmp_path / "demo" / "state" / "listening.json"
        deadline = time.monotonic() + 20
        while not listening.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        place = json.loads(listening.read_text())["place"]
        connection = http.client.HTTPConnection(place.removeprefix("http://"), timeout=20)
        for method, host, path, body in (
            ("GET", "autoconfig", "/mail/config-v1.1.xml", None),
            ("POST", "autodiscover", "/autodiscover/autodiscover.xml", POST),
        ):
            connection.request(method, path, body, {"Host": f"{host}.sample.co.jp"})
            answer = connection.getresponse()
            assert (answer.status, b"sample.co.jp" in answer.read()) == (200, True)
        connection.close()
        process.terminate()
        process.wait(20)
    modules = json.loads(out.read_text())
    assert isinstance(modules, list)
    return modules


def test_light(loaded: list[str]) -> None:
    """A process that serves from SQLite loads nothing heavy before something needs it."""
    assert "autoconfig.mapping.sqlite_finder" in loaded
    assert [name for name in HEAVY if name in loaded] == []
