from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.cli.init import init
from tests.conftest import needs
from tests.deploy import hammer
from tests.deploy.programs import PATIENCE, Program, until
from tests.support.ports import free_port, listens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(600)  # the first test may have to install packages

HOST = "autoconfig.sample.co.jp"
RESTARTS = 3


@pytest.fixture
def serve(tmp_path: Path) -> list[str]:
    """The command that the unit runs, over the demo."""
    init(tmp_path / "demo", demo=True)
    return [sys.executable, "-m", "autoconfig", "serve", "--config", str(tmp_path / "demo" / "autoconfig.toml")]


@pytest.fixture(params=["tcp", "unix"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A socket that somebody holds over our restarts, as systemd does, and how it is reached."""
    if request.param == "tcp":
        bound = socket.create_server(("127.0.0.1", 0), backlog=4096)
        place = str(bound.getsockname()[1])
    else:
        bound = socket.socket(socket.AF_UNIX)
        bound.bind(str(tmp_path / "held.sock"))
        bound.listen(4096)
        place = f"unix:{tmp_path / 'held.sock'}"
    with bound:
        yield bound, place


@pytest.mark.parametrize("workers", ["1", "2"])
def test_restart_refuses_nobody(
    held: tuple[socket.socket, str], serve: list[str], tmp_path: Path, workers: str
) -> None:
    """While the server is stopped and started under load, every connection gets its answer."""
    bound, place = held
    stop = tmp_path / "stop"
    server = Program([*serve, "--fd", str(bound.fileno()), "--workers", workers], tmp_path / "server.log")
    command = [sys.executable, hammer.__file__, place, HOST, str(stop)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as hammering:
        try:
            for _ in range(RESTARTS):
                server.start(bound.fileno())
                server.wait_for("an answer", lambda: hammer.ask(place, HOST) == "200")
                time.sleep(0.5)  # under load, with all connections at some step of a request
                assert server.stop() == 0
            server.start(bound.fileno())
            assert hammer.ask(place, HOST) == "200"
        finally:
            stop.touch()
            said, _ = hammering.communicate(timeout=PATIENCE)
            server.stop()

    counted = json.loads(said)
    assert set(counted) == {"200"}, counted
    assert counted["200"] > RESTARTS


@pytest.mark.parametrize("workers", ["1", "2"])
def test_socket_activation(serve: list[str], tmp_path: Path, workers: str) -> None:
    """The first request starts the server, which takes the socket that systemd opened as descriptor 3."""
    port = free_port()
    listen = [needs("systemd-socket-activate", "systemd"), "--listen", f"127.0.0.1:{port}"]
    keep = [f"--setenv={name}" for name in ("PATH", "PYTHONPATH")]
    server = Program([*listen, *keep, *serve, "--fd", "3", "--workers", workers], tmp_path / "server.log")
    server.start()
    try:
        server.wait_for("its port", lambda: listens(port))

        assert hammer.ask(str(port), HOST) == "200"
        until("the log", lambda: f"at=http://127.0.0.1:{port}" in server.said())
        assert hammer.ask(str(port), HOST) == "200"
    finally:
        assert server.stop() == 0
