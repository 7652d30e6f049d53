"""The worker processes of a server that has several: each answers, each reloads, and one that is gone is replaced."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import LIMIT, PYTHON, Server, answers
from tests.cli.serving import answers_alone, change_port, imap_port, workers_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Feed, Serve, Start

    Wait = Callable[[Callable[[], bool]], None]

TERM, HUP = signal.SIGTERM, signal.SIGHUP


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
    """A worker that is killed is replaced, and the log says so; the other answers meanwhile."""
    server = serve("--workers", "2")
    wait_until(lambda: len(workers_of(server.program)) == 2)
    killed, left = workers_of(server.program)
    os.kill(killed, signal.SIGKILL)
    assert imap_port(server) == "993"
    line = server.program.line("a worker died and has been replaced")
    wait_until(lambda: len(set(workers_of(server.program)) - {killed}) == 2)

    assert f"pid={killed}" in line
    assert "exit_code=-9" in line
    assert left in workers_of(server.program)
    assert imap_port(server) == "993"


def test_killed_supervisor(serve: Serve, start: Start, wait_until: Wait) -> None:
    """Workers end with their supervisor, however that ended: the next server finds the port free."""
    server = serve("--workers", "2")
    wait_until(lambda: len(workers_of(server.program)) == 2)
    workers = workers_of(server.program)
    server.program.signal(signal.SIGKILL)
    server.program.process.wait(LIMIT)
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    again = start("serve", "--port", server.place.rpartition(":")[2])

    again.line("serving")
    assert again.end(TERM).code == 0


@pytest.mark.timeout(120)
def test_stuck_worker(serve: Serve, tmp_path: Path, wait_until: Wait) -> None:
    """A worker whose event loop is stuck is ended and replaced, and the log says so; the other one stays."""
    (tmp_path / "sitecustomize.py").write_text(
        "import signal, time\n"
        "import autoconfig.server.worker\n"
        "autoconfig.server.worker.STUCK = 3\n"
        "signal.signal(signal.SIGUSR1, lambda *_: time.sleep(600))\n",
        encoding="utf-8",
    )
    server = serve("--workers", "2", env=os.environ | {"PYTHONPATH": str(tmp_path)}, python=PYTHON)
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


def test_workers_that_cannot_start(start: Start, demo: Path, feed: Feed, wait_until: Wait) -> None:
    """Workers that cannot start say why, once, and serve when they can."""
    plans = demo / "plans.toml"
    good = plans.read_bytes()
    plans.unlink()
    os.mkfifo(plans)
    environment = os.environ | {"AUTOCONFIG_STATE_DIR": "/dev/null/state"}  # no copy is kept
    program = start("serve", "--workers", "2", "--port", "0", env=environment)
    feed(plans, good)  # read by the check
    server = Server(program, program.line("serving").partition(" at=")[2].split()[0])
    feed(plans, b"[plans", last=True)  # read by the first worker
    problems = [program.line("this process cannot start yet; it tries again")]
    while "No such file" not in problems[-1]:
        problems.append(program.line("this process cannot start yet; it tries again"))
    plans.write_bytes(good)
    wait_until(lambda: answers(server))

    assert any("is not TOML" in line for line in problems)
    assert imap_port(server) == "993"
    assert program.end(TERM).code == 0


def test_replaced_worker(serve: Serve, demo: Path, wait_until: Wait) -> None:
    """A worker that replaces another one serves what its siblings do, whatever the files say by now."""
    plans = demo / "plans.toml"
    good = plans.read_text(encoding="utf-8")
    plans.write_text(f'{good}\n[plans.spare]\nextends = "server-maintenance"\n', encoding="utf-8")
    server = serve("--workers", "2", env=os.environ | {"AUTOCONFIG_DEFAULT_PLAN": "spare"})
    wait_until(lambda: len(workers_of(server.program)) == 2)
    first = workers_of(server.program)
    wait_until(lambda: all(answers_alone(server, first, one) for one in first))
    plans.write_text(good.replace("993", "9993"), encoding="utf-8")
    (demo / "autoconfig.toml").write_text("nonsense", encoding="utf-8")
    for _ in first:
        server.program.line("plans.toml is bad; serving the plans from before")
    os.kill(first[0], signal.SIGKILL)
    assert "default_plan = 'spare'" in server.program.line("plans.toml is bad; serving the last good copy")
    workers = workers_of(server.program)
    (fresh,) = set(workers) - set(first)

    assert answers_alone(server, workers, fresh, port="993")
    assert server.get(host="autoconfig.stranger.example").status_code == 200
    assert server.program.end(TERM).code == 0
