from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.mapping.copy_status import read_status
from autoconfig.mapping.store import Change, Journal
from tests.cli.conftest import LIMIT, PYTHON

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Serve, Server, Start

    Wait = Callable[[Callable[[], bool]], None]

pytestmark = pytest.mark.timeout(300)

over_workers = pytest.mark.parametrize("workers", ["1", "2"])


@pytest.fixture
def url(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A mapping on a server, which the settings name."""
    monkeypatch.setenv("AUTOCONFIG_DATABASE", postgresql_url)
    move(postgresql_url, "cs1.xbit.jp")
    return postgresql_url


def move(url: str, server: str) -> None:
    """Put a domain on a server."""
    journal = Journal(url)
    with journal.writing() as writing:
        writing.append([Change("sample.co.jp", 1, "shared-standard", f'{{"server":"{server}"}}')])
    journal.close()


def follower_of(demo: Path) -> int:
    """The process that follows now; 0: none has begun."""
    return read_status(demo / "state" / "copy.db").process


def is_there(process: int) -> bool:
    """Whether a process is there, and is no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False


def serves(server: Server, name: str) -> bool:
    """Whether the document names a server."""
    return name in server.get().text


@over_workers
def test_follows(serve: Serve, demo: Path, url: str, wait_until: Wait, workers: str) -> None:
    """With any number of workers one process follows; what it brings is served. It ends with the server."""
    server = serve("--workers", workers)
    wait_until(lambda: serves(server, "cs1.xbit.jp"))
    process = follower_of(demo)
    move(url, "cs2.xbit.jp")
    wait_until(lambda: all(serves(server, "cs2.xbit.jp") for _ in range(9)))
    for ignored in (signal.SIGHUP, signal.SIGINT):
        os.kill(process, ignored)
    move(url, "cs3.xbit.jp")
    wait_until(lambda: all(serves(server, "cs3.xbit.jp") for _ in range(9)))

    assert process == follower_of(demo)
    ended = server.program.end(signal.SIGTERM)
    assert ended.code == 0
    assert "the follower" not in ended.err
    assert not is_there(process)


@over_workers
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_started_again(serve: Serve, demo: Path, url: str, wait_until: Wait, workers: str, how: signal.Signals) -> None:
    """A follower that ended is started again, and the log says so; requests are answered meanwhile."""
    server = serve("--workers", workers)
    wait_until(lambda: all(serves(server, "cs1.xbit.jp") for _ in range(9)))  # both workers have seen the copy
    process = follower_of(demo)
    os.kill(process, how)
    assert serves(server, "cs1.xbit.jp")
    line = server.program.line("the follower ended and is started again")
    move(url, "cs2.xbit.jp")
    wait_until(lambda: serves(server, "cs2.xbit.jp"))

    assert f"pid={process}" in line
    assert f"exit_code=-{how.value}" in line
    assert follower_of(demo) not in {0, process}


@over_workers
def test_ends_with_its_supervisor(serve: Serve, demo: Path, url: str, wait_until: Wait, workers: str) -> None:
    """A follower whose server was killed outright does not stay, so that the next one may follow."""
    server = serve("--workers", workers)
    wait_until(lambda: serves(server, "cs1.xbit.jp"))
    process = follower_of(demo)
    server.program.signal(signal.SIGKILL)
    server.program.process.wait(LIMIT)
    wait_until(lambda: not is_there(process))
    again = serve("--workers", workers)
    move(url, "cs2.xbit.jp")

    wait_until(lambda: serves(again, "cs2.xbit.jp"))


def test_stuck(serve: Serve, demo: Path, url: str, tmp_path: Path, wait_until: Wait) -> None:
    """A follower that says nothing is ended and started again, even one that is stopped."""
    (tmp_path / "sitecustomize.py").write_text(
        "import autoconfig.server.follower_supervisor\nautoconfig.server.follower_supervisor.STUCK = 15\n",
        encoding="utf-8",
    )
    server = serve(env=os.environ | {"PYTHONPATH": str(tmp_path)}, python=PYTHON)
    wait_until(lambda: serves(server, "cs1.xbit.jp"))
    process = follower_of(demo)
    os.kill(process, signal.SIGSTOP)
    while f"pid={process}" not in server.program.line("the follower was stuck and is started again"):
        pass
    move(url, "cs2.xbit.jp")

    wait_until(lambda: serves(server, "cs2.xbit.jp"))


def test_two_servers_on_one_folder(serve: Serve, demo: Path, url: str, wait_until: Wait) -> None:
    """Of two servers on one state folder one follows for both; when it ends, the other one takes over."""
    first = serve()
    wait_until(lambda: serves(first, "cs1.xbit.jp"))
    process = follower_of(demo)
    second = serve()
    second.program.line("another server on this state_dir keeps the copy")
    assert serves(second, "cs1.xbit.jp")
    move(url, "cs2.xbit.jp")
    for server in (first, second):
        wait_until(lambda: serves(server, "cs2.xbit.jp"))  # noqa: B023
    assert process == follower_of(demo)
    first.program.end(signal.SIGTERM)
    move(url, "cs3.xbit.jp")

    wait_until(lambda: serves(second, "cs3.xbit.jp"))
    assert process != follower_of(demo)


def test_interrupted(serve: Serve, demo: Path, url: str, wait_until: Wait) -> None:
    """Ctrl-C, which a terminal sends to all processes, ends all of them without a word of the follower's."""
    server = serve(start_new_session=True)
    wait_until(lambda: serves(server, "cs1.xbit.jp"))
    process = follower_of(demo)
    os.killpg(server.program.process.pid, signal.SIGINT)
    ended = server.program.end()

    assert ended.code == 130
    assert "autoconfig: interrupted" in ended.err.splitlines()
    assert "Traceback" not in ended.err
    assert not is_there(process)
    assert url


def test_a_folder_of_another_machine(start: Start, url: str, tmp_path: Path) -> None:
    """A state folder on a network file system ends the start with one sentence that says what to do."""
    (tmp_path / "mounts").write_text(f"40 28 0:35 / {tmp_path} rw - nfs4 server:/export rw\n")
    (tmp_path / "sitecustomize.py").write_text(
        "import pathlib\nimport autoconfig.mapping.local_disk as module\n"
        f"module.MOUNTS = pathlib.Path({str(tmp_path / 'mounts')!r})\n"
    )
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    ended = start("serve", "--port", "0", env=environment, python=PYTHON).end()

    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1
    assert "is on a network file system (nfs4)" in ended.err
    assert url
