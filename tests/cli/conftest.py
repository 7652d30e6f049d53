from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

import httpx
import pytest

from autoconfig.cli.main import run
from tests.support import commands

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

LIMIT = 100.0
"""Seconds after which a test gives up waiting for a process."""


class Result(NamedTuple):
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)


class Command(Protocol):
    """Runs `autoconfig` in this process."""

    def __call__(self, *arguments: str | Path, code: int = 0) -> Result:
        """Run it to its end, which has to be this exit code."""
        ...


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting comes from outside, no configuration lies in the working directory, and no DNS is asked."""
    for name in [name for name in os.environ if name.startswith("AUTOCONFIG_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    monkeypatch.setattr("autoconfig.dns.nameservers.RESOLV_CONF", tmp_path / "no-resolv.conf")


def ended(arguments: tuple[str | Path, ...]) -> int:
    """The exit code of a command in this process."""
    with pytest.raises(SystemExit) as caught:
        run([str(argument) for argument in arguments])
    code = caught.value.code
    assert code is None or isinstance(code, int)
    return code or 0


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """The command line, in this process."""

    def run_(*arguments: str | Path, code: int = 0) -> Result:
        capsys.readouterr()
        result = Result(ended(arguments), *capsys.readouterr())
        assert code == result.code, result.err + result.out
        assert "Traceback" not in result.err or code == 70
        return result

    return run_


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `init --demo` writes, to be copied and not to be used."""
    folder = tmp_path_factory.mktemp("made") / "demo"
    assert ended(("init", folder, "--demo")) == 0
    return folder


@pytest.fixture
def demo(made: Path, tmp_path: Path) -> Path:
    """A demo of the test's own."""
    return Path(shutil.copytree(made, tmp_path / "demo"))


@pytest.fixture
def on_demo(command: Command, demo: Path) -> Command:
    """The command line, with the demo's configuration."""

    def run_(*arguments: str | Path, code: int = 0) -> Result:
        return command("--config", demo / "autoconfig.toml", *arguments, code=code)

    return run_


PYTHON = [sys.executable, "-m", "autoconfig"]
"""How a program is started whose interpreter has to read something first, such as PYTHONPATH."""


class Program:
    """A running `autoconfig`, forked from a process that has loaded it; or started, where it could not be had so."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        folder: Path,
        *,
        env: Mapping[str, str] | None = None,
        stdout: IO[bytes] | None = None,
        pass_fds: Sequence[int] = (),
        python: Sequence[str] = (),
        **options: Any,
    ) -> None:
        """
        Start it, without waiting for it.

        Args:
            arguments: those of `autoconfig`.
            folder: where it runs.
            env: the whole environment; `None`: as here.
            stdout: where its output goes; `None`: into its `Result`.
            pass_fds: descriptors that it inherits.
            python: the command before the arguments of a program that is started, as by `options`; it may be `PYTHON`.
            options: more of those of `subprocess.Popen`.
        """
        self.said = ""
        self._kept = tempfile.TemporaryFile() if stdout is None else None  # noqa: SIM115 (until `kill`)
        reading, writing = os.pipe()
        self._heard = os.fdopen(reading, "rb", buffering=0)
        out = stdout or self._kept
        assert out is not None
        self.process: subprocess.Popen[bytes] | commands.Command
        with os.fdopen(writing, "wb") as err:
            if python or options:
                self.process = subprocess.Popen(
                    [*(python or PYTHON), *map(str, arguments)],
                    cwd=folder,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    pass_fds=pass_fds,
                    **options,
                )
            else:
                self.process = commands.Command(arguments, out, err, environment=env, folder=folder, inherited=pass_fds)

    def line(self, containing: str) -> str:
        """Wait for a line on standard error; those before it are skipped."""
        deadline = time.monotonic() + LIMIT
        while True:
            *lines, rest = self.said.split("\n")
            for number, line in enumerate(lines):
                if containing in line:
                    self.said = "\n".join([*lines[number + 1 :], rest])
                    return line
            data = self._more(deadline)
            assert data, f"no line with {containing!r}: {self.said}"
            self.said += data.decode()

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end(self, number: int | None = None) -> Result:
        """Wait for its end, after a signal if one is given."""
        if number is not None:
            self.signal(number)
        deadline, rest = time.monotonic() + LIMIT, b""
        while data := self._more(deadline, rest):
            rest += data
        code, out = self.process.wait(LIMIT), b""
        if self._kept is not None:
            self._kept.seek(0)
            out = self._kept.read()
        return Result(code, out.decode(), self.said + rest.decode())

    def kill(self) -> None:
        """Whatever the test left behind ends here."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGKILL)
                self.process.wait(LIMIT)
        self._heard.close()
        if self._kept is not None:
            self._kept.close()

    def _more(self, deadline: float, before: bytes = b"") -> bytes:
        """What comes next on standard error, after what came before; nothing where it has ended."""
        readable, _, _ = select.select([self._heard], [], [], max(0, deadline - time.monotonic()))
        assert readable, (
            f"nothing more was said, and it did not end: {self.said}{before.decode()}\n{state_of(self.process.pid)}"
        )
        return self._heard.read(65536)


def state_of(process: int) -> str:
    """What the kernel says of a process that hangs: whether it runs or waits, for what, and for which signals."""
    folder, found = Path(f"/proc/{process}"), ""
    with contextlib.suppress(OSError):
        lines = (folder / "status").read_text().splitlines()
        found = "\n".join(line for line in lines if line.startswith(("State", "Threads", "Sig", "ShdPnd")))
        for name in ("wchan", "stack"):
            found += f"\n{name}: {(folder / name).read_text()}"
    return found


class Start(Protocol):
    """Starts `autoconfig` as a process of its own."""

    def __call__(self, *arguments: str | Path, **options: Any) -> Program:
        """Without waiting for it."""
        ...


@pytest.fixture
def start(demo: Path) -> Iterator[Start]:
    """`autoconfig` as a process, in the demo's folder; stopped at the end of the test."""
    started: list[Program] = []

    def start_(*arguments: str | Path, **options: Any) -> Program:
        started.append(Program(arguments, options.pop("cwd", demo), **options))
        return started[-1]

    yield start_
    for program in started:
        program.kill()


class Server(NamedTuple):
    """A running `autoconfig serve`."""

    program: Program
    place: str
    """As `serve` logs it."""

    @property
    def client(self) -> httpx.Client:
        """Asks it, on a new connection each time."""
        headers = {"Connection": "close"}
        if self.place.startswith("unix:"):
            transport = httpx.HTTPTransport(uds=self.place.removeprefix("unix:"))
            return httpx.Client(transport=transport, base_url="http://localhost", headers=headers, timeout=LIMIT)
        return httpx.Client(base_url=self.place, headers=headers, timeout=LIMIT, trust_env=False)

    def get(self, path: str = "/mail/config-v1.1.xml", host: str = "autoconfig.sample.co.jp") -> httpx.Response:
        """The answer to one request."""
        with self.client as client:
            return client.get(path, headers={"Host": host})

    def ready(self) -> dict[str, Any]:
        """What readyz says."""
        answer: dict[str, Any] = self.get("/internal/readyz", "localhost").json()
        return answer


class Serve(Protocol):
    """Starts `autoconfig serve`."""

    def __call__(self, *arguments: str | Path, **options: Any) -> Server:
        """And waits until it answers. Without a place to listen it takes a free port."""
        ...


@pytest.fixture
def serve(start: Start) -> Serve:
    """`autoconfig serve` over the demo."""

    def serve_(*arguments: str | Path, **options: Any) -> Server:
        placed = {"--uds", "--fd", "--port"} & set(arguments)
        program = start("serve", *arguments, *([] if placed else ["--port", "0"]), **options)
        line = program.line("at=" if "AUTOCONFIG_LOG_FORMAT" not in options.get("env", {}) else '"at"')
        place = json.loads(line)["at"] if line.startswith("{") else line.partition("at=")[2].split()[0]
        server = Server(program, place)
        poll(lambda: answers(server))
        return server

    return serve_


def answers(server: Server) -> bool:
    """Whether it answers; a program that ended instead fails the test."""
    assert server.program.process.poll() is None, server.program.end().err
    try:
        return server.get("/internal/healthz", "localhost").status_code == 200
    except httpx.TransportError:
        return False


def poll(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + LIMIT
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


class Feed(Protocol):
    """Writes into a named pipe."""

    def __call__(self, pipe: Path, content: bytes, *, last: bool = False) -> None:
        """Once somebody reads; the last time, the pipe is gone before anybody else can open it."""
        ...


@pytest.fixture
def feed() -> Feed:
    """Writes into a named pipe, and gives up where nobody ever reads."""

    def feed_(pipe: Path, content: bytes, *, last: bool = False) -> None:
        opened: list[int] = []

        def is_open() -> bool:
            with contextlib.suppress(OSError):  # ENXIO: nobody reads
                opened.append(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
            return bool(opened)

        poll(is_open)
        if last:
            pipe.unlink()
        os.set_blocking(opened[0], True)
        with os.fdopen(opened[0], "wb") as file:
            file.write(content)

    return feed_


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Waits until something holds."""
    return poll


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """A socket of somebody else that listens on loopback."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as bound:
        yield bound
