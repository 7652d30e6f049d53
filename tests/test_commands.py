"""What `tests.support.commands` starts is as good as `python -m autoconfig`."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import socket
import subprocess
import sys
import tempfile
from typing import IO, TYPE_CHECKING

import pytest

from tests.support import commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a demo in it."""
    made = tmp_path_factory.mktemp("commands")
    commands.run("init", "demo", "--demo", folder=made)
    return made


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """No setting from outside; a width, a time zone and a configuration that commands read."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("AUTOCONFIG_")}
    given.pop("PYTHONUNBUFFERED", None)
    return {**given, "COLUMNS": "50", "TZ": "Asia/Tokyo", "AUTOCONFIG_CONFIG": "demo/autoconfig.toml"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "taro@sample.co.jp"], 0),
        (["show", "taro@unknown.example"], 1),
        (["mapping", "history", "sample.co.jp", "--json"], 0),
        (["mapping", "--nonsense"], 2),
        (["mapping", "list", "--help"], 0),
        (["--config", "missing.toml", "plans", "check"], 2),
        (["init", "demo", "--demo"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_as_real(folder: Path, environment: dict[str, str], arguments: list[str], code: int) -> None:
    """Exit code and both streams are those of a real start in the same folder with the same environment."""
    command = [sys.executable, "-m", "autoconfig", *arguments]
    real = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    forked = commands.run(*arguments, folder=folder, environment=environment, code=None)

    assert real.returncode == code
    assert (forked.returncode, forked.stdout, forked.stderr) == (code, real.stdout.decode(), real.stderr.decode())


def test_told_apart(folder: Path, environment: dict[str, str]) -> None:
    """Each has its own environment, and leaves nothing to the next."""
    narrow, wide = (
        commands.run("mapping", "--help", folder=folder, environment={**environment, "COLUMNS": width}).stdout
        for width in ("50", "80")
    )
    again = commands.run("mapping", "--help", folder=folder, environment=environment).stdout

    assert max(map(len, narrow.splitlines())) <= 50 < max(map(len, wide.splitlines()))
    assert again == narrow


def test_exit_code(folder: Path) -> None:
    """A command that ends otherwise than expected fails the test, with what it said."""
    with pytest.raises(AssertionError, match="No such command 'nonsense'"):
        commands.run("nonsense", folder=folder)


def test_interpreter(environment: dict[str, str]) -> None:
    """What only a new interpreter would read is refused."""
    with pytest.raises(ValueError, match="PYTHONUTF8"):
        commands.run("--version", environment={**environment, "PYTHONUTF8": "0"})


@pytest.mark.parametrize("opened", [pty.openpty, os.pipe], ids=["terminal", "pipe"])
def test_streams(folder: Path, environment: dict[str, str], opened: Callable[[], tuple[int, int]]) -> None:
    """It writes the same to a terminal, and to a pipe, as a real one does."""
    written = []
    for start in (_real, commands.Command):
        reading, writing = opened()
        with os.fdopen(writing, "wb", buffering=0) as theirs:
            arguments = ["mapping", "show", "sample.co.jp"]
            process = start(arguments, theirs, theirs, environment=environment, folder=folder, inherited=[])
        written.append(b"")
        with os.fdopen(reading, "rb", buffering=0) as ours, contextlib.suppress(OSError):  # so a terminal ends
            while data := ours.read(65536):
                written[-1] += data
        assert process.wait(commands.LIMIT) == 0

    assert written[0]
    assert written[0] == written[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_signals(folder: Path, environment: dict[str, str], number: int) -> None:
    """A server has a number of its own, serves on an inherited socket, and ends by a signal as a real one does."""
    ends = []
    for start in (_real, commands.Command):
        with socket.create_server(("127.0.0.1", 0)) as listening, tempfile.TemporaryFile() as log:
            place, inherited = listening.getsockname(), listening.fileno()
            arguments = ["serve", "--fd", str(inherited)]
            process = start(arguments, log, log, environment=environment, folder=folder, inherited=[inherited])
            listening.close()
            with socket.create_connection(place, commands.LIMIT) as asking:
                asking.sendall(b"GET /internal/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                assert asking.recv(65536).startswith(b"HTTP/1.1 200 ")
            assert process.poll() is None
            process.send_signal(number)
            ends.append(process.wait(commands.LIMIT))

    assert ends[0] == ends[1]


@pytest.mark.parametrize("number", range(3, 40))
def test_inherited(number: int) -> None:
    """A command has the descriptor that it is given, whatever had its number in the process that forks."""
    with contextlib.ExitStack() as stack:
        out = stack.enter_context(tempfile.TemporaryFile())
        try:
            os.fstat(number)
        except OSError:  # else it is one of this process, and as good
            os.dup2(out.fileno(), number)
            stack.callback(os.close, number)
        once = ["-n", "1", "-r", "1", f"import os; os.fstat({number})"]
        command = commands.Command(once, out, out, module="timeit", inherited=[number])
        code = command.wait(commands.LIMIT)
        out.seek(0)

        assert code == 0, out.read().decode()


def _real(
    arguments: list[str],
    out: IO[bytes],
    err: IO[bytes],
    *,
    environment: dict[str, str],
    folder: Path,
    inherited: list[int],
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "autoconfig", *arguments]
    return subprocess.Popen(command, stdout=out, stderr=err, env=environment, cwd=folder, pass_fds=inherited)
