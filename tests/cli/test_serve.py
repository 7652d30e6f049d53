from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import Server, answers
from tests.cli.serving import change_port, imap_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Result, Serve, Start

    Wait = Callable[[Callable[[], bool]], None]

TERM, HUP, INT = signal.SIGTERM, signal.SIGHUP, signal.SIGINT
HOST = "cs312.xbit.jp"


def spoil(demo: Path) -> None:
    """A plans.toml that was saved in half."""
    plans = demo / "plans.toml"
    text = plans.read_text(encoding="utf-8")
    plans.write_text(text[: len(text) // 2], encoding="utf-8")


class UnderWay:
    """A request whose body has not been sent yet, and which the server waits for."""

    def __init__(self, server: Server) -> None:
        host, _, port = server.place.removeprefix("http://").partition(":")
        self.body = b"<Autodiscover><Request><EMailAddress>a@sample.co.jp</EMailAddress></Request></Autodiscover>"
        head = "POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: autodiscover.sample.co.jp\r\n"
        head += f"Content-Type: text/xml\r\nContent-Length: {len(self.body)}\r\nExpect: 100-continue\r\n\r\n"
        self.socket = socket.create_connection((host, int(port)), timeout=60)
        self.socket.sendall(head.encode())
        assert self.socket.recv(65536).startswith(b"HTTP/1.1 100 ")

    def end(self) -> bytes:
        """The answer, after the body was sent."""
        self.socket.sendall(self.body)
        answer = b""
        with self.socket:
            while data := self.socket.recv(65536):
                answer += data
        return answer


def test_port(serve: Serve, demo: Path) -> None:
    """With port 0 the system chooses one; where the server listens is logged, and kept for `ready`."""
    server = serve()

    assert server.place.startswith("http://127.0.0.1:")
    assert not server.place.endswith(":0")
    assert json.loads((demo / "state" / "listening.json").read_text()) == {"place": server.place}
    assert imap_port(server) == "993"
    assert server.get(host="autoconfig.stranger.example").status_code == 404
    assert server.get(host=f"autoconfig.{HOST}").status_code == 200


@pytest.mark.parametrize("workers", ["1", "2"])
def test_stop(serve: Serve, wait_until: Wait, workers: str) -> None:
    """After SIGTERM requests under way are answered, and nobody else; then the server ends with 0."""
    server = serve("--workers", workers)
    request = UnderWay(server)
    server.program.signal(TERM)
    wait_until(lambda: refuses(server))
    answer = request.end()
    ended = server.program.end()

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"<Server>sample.co.jp</Server>" in answer
    assert ended.code == 0
    assert "stopped" in ended.err.splitlines()[-1]
    assert "Traceback" not in ended.err


def refuses(server: Server) -> bool:
    """Whether nobody accepts connections any more, or at least nobody answers."""
    host, _, port = server.place.removeprefix("http://").partition(":")
    with socket.socket() as client:
        client.settimeout(0.2)
        try:
            client.connect((host, int(port)))
            client.sendall(b"GET /internal/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return client.recv(1) == b""
        except OSError:
            return True


def test_stop_before_it_serves(start: Start, demo: Path, wait_until: Wait) -> None:
    """SIGTERM while everything is still being checked ends it with 0, and without a word."""
    plans = demo / "plans.toml"
    good = plans.read_bytes()
    plans.unlink()
    os.mkfifo(plans)
    program = start("serve", "--port", "0")
    opened: list[int] = []

    def is_read() -> bool:
        with contextlib.suppress(OSError):  # ENXIO: nobody reads
            opened.append(os.open(plans, os.O_WRONLY | os.O_NONBLOCK))
        return bool(opened)

    wait_until(is_read)
    program.signal(TERM)
    with contextlib.suppress(BrokenPipeError), os.fdopen(opened[0], "wb") as file:  # perhaps it has ended by now
        file.write(good)
    ended = program.end()

    assert (ended.code, ended.err) == (0, "")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_interrupt(serve: Serve, tmp_path: Path, workers: str) -> None:
    """Ctrl-C ends with 130 and one line; the socket is gone."""
    server = serve("--workers", workers, "--uds", tmp_path / "s")
    ended = server.program.end(INT)

    assert ended.code == 130
    assert ended.err.splitlines()[-1] == "autoconfig: interrupted"
    assert "Traceback" not in ended.err
    assert not (tmp_path / "s").exists()


def test_reload(serve: Serve, demo: Path, wait_until: Wait) -> None:
    """SIGHUP reloads plans.toml, even an unchanged one; the process stays."""
    server = serve()
    server.program.signal(HUP)
    assert "plans=6" in server.program.line("plans.toml was loaded")
    change_port(demo, 9993)
    server.program.signal(HUP)
    wait_until(lambda: imap_port(server) == "9993")

    assert server.program.process.poll() is None


def test_reload_without_a_signal(serve: Serve, demo: Path, wait_until: Wait) -> None:
    """A changed plans.toml is taken over by itself."""
    server = serve()
    change_port(demo, 9993)
    wait_until(lambda: imap_port(server) == "9993")


def test_bad_plans(serve: Serve, demo: Path, wait_until: Wait) -> None:
    """A bad plans.toml changes nothing but what readyz and the log say; a good one afterwards is taken."""
    server = serve()
    good = (demo / "plans.toml").read_text(encoding="utf-8")
    spoil(demo)
    server.program.signal(HUP)
    assert "is not TOML" in server.program.line("plans.toml is bad; serving the plans from before")
    assert imap_port(server) == "993"
    assert server.ready()["status"] == "ready"
    assert "is not TOML" in server.ready()["plans_fault"]
    (demo / "plans.toml").write_text(good.replace("993", "9993"), encoding="utf-8")
    server.program.signal(HUP)
    wait_until(lambda: imap_port(server) == "9993")

    assert server.ready()["plans_fault"] is None


def test_start_with_bad_plans(serve: Serve, demo: Path) -> None:
    """A server that starts while plans.toml is bad serves the plans that were good last, and says so."""
    serve().program.end(TERM)
    spoil(demo)
    server = serve()

    assert imap_port(server) == "993"
    assert "is not TOML" in server.ready()["plans_fault"]
    assert "plans.toml is bad; serving the last good copy" in server.program.end(TERM).err


def test_log_as_json(start: Start, wait_until: Wait) -> None:
    """With log_format json every line is an object, from the first to the last."""
    program = start("serve", "--port", "0", env=os.environ | {"AUTOCONFIG_LOG_FORMAT": "json"})
    said = [program.line("")]
    server = Server(program, json.loads(said[0])["at"])
    wait_until(lambda: answers(server))
    program.signal(HUP)
    said.append(program.line(""))
    said += program.end(TERM).err.splitlines()

    assert [json.loads(line)["event"] for line in said] == ["serving", "plans.toml was loaded", "stopped"]


def test_configuration_of_the_command_line(serve: Serve, demo: Path, tmp_path: Path) -> None:
    """Workers serve what the command line names, wherever it was started."""
    server = serve("--config", Path("demo") / "autoconfig.toml", "--workers", "2", cwd=tmp_path)

    assert imap_port(server) == "993"
    assert (demo / "state" / "listening.json").exists()


def test_state_folder_that_cannot_be_written(start: Start, wait_until: Wait) -> None:
    """Serving goes on without a state folder; the log says that `ready` will not find the server."""
    program = start("serve", "--port", "0", env=os.environ | {"AUTOCONFIG_STATE_DIR": "/dev/null/state"})
    warning = program.line("`autoconfig ready` will not find this server by itself")
    server = Server(program, program.line("serving").partition(" at=")[2].split()[0])
    wait_until(lambda: answers(server))

    assert "file=/dev/null/state/listening.json" in warning
    assert f"call ready --url {server.place}" in warning
    assert imap_port(server) == "993"


def refused(start: Start, listening: socket.socket, *arguments: str, **environment: str) -> Result:
    """How `serve` ends that cannot start, on a port that is in use too."""
    port = str(listening.getsockname()[1])
    ended = start("serve", "--port", port, *arguments, env=os.environ | environment).end()
    assert "Address already in use" not in ended.err
    return ended


def test_faults_before_binding(start: Start, listening: socket.socket, demo: Path) -> None:
    """Whatever is wrong is found before the socket is bound: settings, default plan, database."""
    bad = refused(start, listening, AUTOCONFIG_TIMEZONE="Tokyo")
    default = refused(start, listening, AUTOCONFIG_DEFAULT_PLAN="xserver")
    for path in demo.glob("mapping.db*"):
        path.unlink()
    missing = refused(start, listening)

    assert (bad.code, bad.err[:45]) == (2, "autoconfig: AUTOCONFIG_TIMEZONE: timezone = '")
    assert default.code == 2
    assert default.err.startswith(
        f"autoconfig: {demo / 'plans.toml'}: 1 fault\n  default_plan = 'xserver': plan 'xserver'"
    )
    assert missing.code == 3
    assert missing.err.startswith(f"autoconfig: {demo / 'mapping.db'}: there is no such database; ")
    assert [len(ended.err.splitlines()) for ended in (bad, default, missing)] == [1, 2, 1]
