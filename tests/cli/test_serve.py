from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Feed, Program, Result, Serve, Server, Start

    Wait = Callable[[Callable[[], bool]], None]

HAS_IPV6 = Path("/proc/net/if_inet6").exists() and "0" * 31 + "1 " in Path("/proc/net/if_inet6").read_text()
TERM, HUP, INT = signal.SIGTERM, signal.SIGHUP, signal.SIGINT
HOST = "cs312.xbit.jp"


def imap_port(server: Server) -> str:
    """The port of IMAP in the document of a maintained domain."""
    answer = server.get()
    assert answer.status_code == 200
    return answer.text.partition('type="imap"')[2].partition("<port>")[2].partition("</port>")[0]


def change_port(demo: Path, port: int) -> None:
    """Another port of IMAP in plans.toml."""
    plans = demo / "plans.toml"
    plans.write_text(plans.read_text(encoding="utf-8").replace("993", str(port)), encoding="utf-8")


def spoil(demo: Path) -> None:
    """A plans.toml that was saved in half."""
    plans = demo / "plans.toml"
    text = plans.read_text(encoding="utf-8")
    plans.write_text(text[: len(text) // 2], encoding="utf-8")


def workers_of(program: Program) -> list[int]:
    """The worker processes of a server that has several."""
    parent = program.process.pid
    found = []
    for number in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
        process = Path("/proc") / number
        if "spawn_main" in (process / "cmdline").read_text() and " Z " not in (process / "stat").read_text():
            found.append(int(number))
    return sorted(found)


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


@pytest.mark.timeout(120)
def test_stuck_worker(serve: Serve, tmp_path: Path, wait_until: Wait) -> None:
    """A worker whose event loop is stuck is ended and replaced, and the log says so; the other one stays."""
    (tmp_path / "sitecustomize.py").write_text(
        "import signal, time\n"
        "import autoconfig.cli.worker\n"
        "autoconfig.cli.worker.STUCK = 3\n"
        "signal.signal(signal.SIGUSR1, lambda *_: time.sleep(600))\n",
        encoding="utf-8",
    )
    server = serve("--workers", "2", env=os.environ | {"PYTHONPATH": str(tmp_path)})
    wait_until(lambda: len(workers_of(server.program)) == 2)
    first, second = workers_of(server.program)
    wait_until(lambda: answers_alone(server, [first, second], first))
    os.kill(first, signal.SIGUSR1)
    line = server.program.line("a worker was stuck and has been replaced")
    wait_until(lambda: len(workers_of(server.program)) == 2)

    assert f"pid={first}" in line
    assert first not in workers_of(server.program)
    assert second in workers_of(server.program)
    assert server.program.end(TERM).code == 0


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


def test_workers(serve: Serve, demo: Path, wait_until: Wait) -> None:
    """Of two workers each answers alone; SIGHUP reloads the plans in both, and neither is replaced."""
    server = serve("--workers", "2")
    wait_until(lambda: len(workers_of(server.program)) == 2)
    workers = workers_of(server.program)
    wait_until(lambda: all(answers_alone(server, workers, one) for one in workers))
    server.program.signal(HUP)  # over an unchanged file, so that nothing else makes them load it
    for _ in workers:
        server.program.line("plans.toml was loaded")
    change_port(demo, 9993)
    server.program.signal(HUP)
    for _ in workers:
        server.program.line("plans.toml was loaded")
    for one in workers:
        assert answers_alone(server, workers, one, port="9993")

    assert workers == workers_of(server.program)
    assert server.program.end(TERM).code == 0


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


def test_hangup_of_starting_workers(start: Start, wait_until: Wait) -> None:
    """Workers that are only starting do not die of SIGHUP; they reload as soon as they can."""
    program = start("serve", "--workers", "2", "--port", "0")
    program.line("serving")
    wait_until(lambda: len(workers_of(program)) == 2)
    workers = workers_of(program)
    for process in (program.process.pid, *workers):
        os.kill(process, HUP)
    for _ in workers:
        program.line("plans.toml was loaded")

    assert workers == workers_of(program)


def test_killed_worker(serve: Serve, wait_until: Wait) -> None:
    """A worker that is killed is replaced, and the other answers meanwhile."""
    server = serve("--workers", "2")
    wait_until(lambda: len(workers_of(server.program)) == 2)
    killed, left = workers_of(server.program)
    os.kill(killed, signal.SIGKILL)
    assert imap_port(server) == "993"
    wait_until(lambda: len(set(workers_of(server.program)) - {killed}) == 2)

    assert left in workers_of(server.program)
    assert imap_port(server) == "993"


def test_workers_that_cannot_start(start: Start, demo: Path, feed: Feed) -> None:
    """Where no worker can start, the server ends, and not with 0."""
    plans = demo / "plans.toml"
    good = plans.read_bytes()
    plans.unlink()
    os.mkfifo(plans)
    environment = os.environ | {"AUTOCONFIG_STATE_DIR": "/dev/null/state"}  # no copy is kept
    program = start("serve", "--workers", "2", "--port", "0", env=environment)
    feed(plans, good)  # read by the check
    program.line("serving")
    feed(plans, b"[plans", last=True)  # read by the first worker
    ended = program.end()

    assert ended.code == 3
    assert "is not TOML" in ended.err


def test_unix_socket(serve: Serve, tmp_path: Path) -> None:
    """A Unix socket is for user and group; a stale one is replaced, and its own is removed at the end."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    server = serve("--uds", path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert server.place == f"unix:{path}"
    assert imap_port(server) == "993"
    assert server.program.end(TERM).code == 0
    assert not path.exists()


def test_unix_socket_with_workers(serve: Serve, tmp_path: Path) -> None:
    """Several workers share it."""
    server = serve("--uds", tmp_path / "s", "--workers", "2")

    assert imap_port(server) == "993"
    assert server.program.end(TERM).code == 0
    assert not (tmp_path / "s").exists()


def test_inherited_socket(serve: Serve, listening: socket.socket) -> None:
    """A socket that a supervisor opened is served, and stays the supervisor's."""
    number = listening.fileno()
    server = serve("--fd", str(number), pass_fds=[number])

    assert server.place == f"http://127.0.0.1:{listening.getsockname()[1]}"
    assert imap_port(server) == "993"
    assert server.program.end(TERM).code == 0
    assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1


@pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6 loopback address")
def test_ipv6(serve: Serve) -> None:
    """It serves on IPv6 too, where ::1 is one of the operator's machines."""
    server = serve("--host", "::1")

    assert server.place.startswith("http://[::1]:")
    assert server.ready()["status"] == "ready"


def test_log_as_json(serve: Serve) -> None:
    """With log_format json every line is an object, from the first to the last."""
    server = serve(env=os.environ | {"AUTOCONFIG_LOG_FORMAT": "json"})
    server.program.signal(HUP)
    server.program.line("plans.toml was loaded")
    said = [json.loads(line) for line in server.program.end(TERM).err.splitlines()]

    assert [line["event"] for line in said] == ["stopped"]


def test_configuration_of_the_command_line(serve: Serve, demo: Path, tmp_path: Path) -> None:
    """Workers serve what the command line names, wherever it was started."""
    server = serve("--config", Path("demo") / "autoconfig.toml", "--workers", "2", cwd=tmp_path)

    assert imap_port(server) == "993"
    assert (demo / "state" / "listening.json").exists()


def test_state_folder_that_cannot_be_written(serve: Serve) -> None:
    """Serving goes on without a state folder."""
    server = serve(env=os.environ | {"AUTOCONFIG_STATE_DIR": "/dev/null/state"})

    assert imap_port(server) == "993"


def refused(start: Start, listening: socket.socket, *arguments: str, **environment: str) -> Result:
    """How `serve` ends that cannot start, on a port that is in use too."""
    port = str(listening.getsockname()[1])
    ended = start("serve", "--port", port, *arguments, env=os.environ | environment).end()
    assert "Address already in use" not in ended.err
    return ended


def test_faults_before_binding(start: Start, listening: socket.socket, demo: Path) -> None:
    """Whatever is wrong is found before the socket is bound, in one line: settings, default plan, database."""
    bad = refused(start, listening, AUTOCONFIG_TIMEZONE="Tokyo")
    default = refused(start, listening, AUTOCONFIG_DEFAULT_PLAN="xserver")
    for path in demo.glob("mapping.db*"):
        path.unlink()
    missing = refused(start, listening)

    assert (bad.code, bad.err[:45]) == (2, "autoconfig: AUTOCONFIG_TIMEZONE: timezone = '")
    assert (default.code, default.err[:45]) == (2, "autoconfig: default_plan = 'xserver': plan 'x")
    assert (missing.code, missing.err.partition(": ")[2][:50]) == (3, f"{demo / 'mapping.db'}: there is no such"[:50])
    assert [len(ended.err.splitlines()) for ended in (bad, default, missing)] == [1, 1, 1]


def test_live_unix_socket(start: Start, tmp_path: Path) -> None:
    """A socket on which another server listens is refused: exit code 2."""
    path = tmp_path / "s"
    with closing(socket.socket(socket.AF_UNIX)) as other:
        other.bind(str(path))
        other.listen()
        ended = start("serve", "--uds", path).end()

    assert (ended.code, ended.err) == (2, f"autoconfig: --uds {path}: somebody listens there already\n")
    assert path.exists()


def test_two_places(start: Start, tmp_path: Path) -> None:
    """One server listens in one place."""
    ended = start("serve", "--uds", tmp_path / "s", "--fd", "3").end()

    assert ended.code == 2
    assert "choose one of --uds and --fd" in ended.err
