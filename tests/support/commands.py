"""
`autoconfig` as a process of its own that has nothing to load: it is forked from one that has.

It has its own folder, environment, streams and exit code, takes signals, and is measured by coverage. A test of the
start itself, of imports or of the installed command needs a real start: `python -m autoconfig`.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LIMIT = 300.0
"""Seconds after which a command is given up."""
_ROOT = Path(__file__).parents[2]
# Output is kept in a file until the end, and shows no difference.
_AT_START = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
_OF_INTERPRETER = ("PYTHON", "LC_", "LANG")
"""How variables begin that an interpreter reads when it starts."""


def run(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    module: str = "autoconfig",
    together: bool = False,
    code: int | None = 0,
) -> subprocess.CompletedProcess[str]:
    """
    A command, to its end; standard input is empty.

    Args:
        arguments: those after `autoconfig`.
        environment: the whole of it; `None`: as here.
        folder: where it runs; `None`: here.
        module: another program, as after `python -m`.
        together: standard error goes to standard output.
        code: the exit code that it has to have; `None`: any.

    Raises:
        AssertionError: it has another one.
        subprocess.TimeoutExpired: it did not end in time, and was killed.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        streams = out, out if together else err
        with Command(arguments, *streams, environment=environment, folder=folder, module=module) as command:
            ended = command.wait(LIMIT)
        out.seek(0)
        err.seek(0)
        done = subprocess.CompletedProcess(command.arguments, ended, out.read().decode(), err.read().decode())
    assert code in (None, ended), f"{done.args}: {ended}\n{done.stdout}{done.stderr}"
    return done


@contextlib.contextmanager
def serving(*arguments: str | Path, environment: Mapping[str, str]) -> Iterator[int]:
    """The port of a server with these arguments before `serve`; told to end, it has to do so without fault."""
    with socket.create_server(("127.0.0.1", 0)) as listening, tempfile.TemporaryFile() as log:
        port: int = listening.getsockname()[1]
        # Connections wait in the socket's queue until the server takes it, so nobody has to look whether it is up.
        fd = listening.fileno()
        command = [*arguments, "serve", "--fd", str(fd)]
        with Command(command, log, log, environment=environment, inherited=[fd]) as server:
            listening.close()
            try:
                yield port
            finally:
                server.send_signal(signal.SIGTERM)
                code = server.wait(LIMIT)
                log.seek(0)
                assert code == 0, log.read().decode()


class Command:
    """
    A running command, with the part of `subprocess.Popen` that tests need.

    As a context manager it is killed at the end, if it still runs.
    """

    def __init__(
        self,
        arguments: Sequence[str | Path],
        out: IO[bytes],
        err: IO[bytes],
        *,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        module: str = "autoconfig",
        inherited: Sequence[int] = (),
    ) -> None:
        """`inherited`: descriptors that it has with the same numbers."""
        self.arguments = [module, *map(str, arguments)]
        self.returncode: int | None = None
        environment = dict(os.environ if environment is None else environment)
        environment.pop("PYTHONUNBUFFERED", None)
        request = {
            "module": module,
            "arguments": self.arguments[1:],
            "environment": environment,
            "folder": str(folder or Path.cwd()),
            "descriptors": [0, 1, 2, *inherited],
        }
        read = [name for name in environment.keys() | _AT_START.keys() if name.startswith(_OF_INTERPRETER)]
        if changed := [name for name in read if environment.get(name) != _AT_START.get(name)]:
            raise ValueError(f"an interpreter reads {', '.join(changed)} when it starts: start a real one")
        self._answers, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, Path(os.devnull).open("rb") as nothing:
            given = [theirs.fileno(), nothing.fileno(), out.fileno(), err.fileno(), *inherited]
            socket.send_fds(_control(), [json.dumps(request).encode()], given)
        self.pid = self._answer()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.send_signal(signal.SIGKILL)
        self.wait(LIMIT)

    def wait(self, timeout: float) -> int:
        """
        Its exit code, as soon as it has ended.

        Raises:
            subprocess.TimeoutExpired: it did not in time.
        """
        if self.returncode is None:
            if not select.select([self._answers], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.arguments, timeout)
            self.returncode = self._answer()
            self._answers.close()
        return self.returncode

    def poll(self) -> int | None:
        """Its exit code; `None` while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def _answer(self) -> int:
        answer = self._answers.recv(64)
        assert answer, "the process that forks commands has ended"
        return int(answer)


_STARTING = threading.Lock()


def _control() -> socket.socket:
    with _STARTING:
        return _started()


@cache
def _started() -> socket.socket:
    """Where requests go to the process that forks; it ends when this process ends."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    left_out = ("AUTOCONFIG_", "COVERAGE_")  # coverage begins in each child
    environment = {name: value for name, value in _AT_START.items() if not name.startswith(left_out)}
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forking", str(theirs.fileno())],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,  # Ctrl-C is not for it
        )

    def end() -> None:
        ours.close()
        process.wait(LIMIT)

    atexit.register(end)
    return ours
