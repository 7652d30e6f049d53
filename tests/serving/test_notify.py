from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autoconfig.serving import notify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Serve

LIMIT = 60
READY, RELOADING, STOPPING, WATCHDOG = "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1"


class Manager:
    """The socket on which systemd hears what a service says."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(LIMIT)
        self.socket.bind(address)

    def heard(self) -> dict[str, str]:
        """The next message."""
        lines = self.socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def first(self, *, but: str = WATCHDOG) -> str:
        """What the next message is about, those of one kind left out."""
        while True:
            about = next(f"{name}={value}" for name, value in self.heard().items())
            if about != but:
                return about


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    """systemd, as far as a service can see."""
    address = str(tmp_path / "notify")
    monkeypatch.setenv(notify.SOCKET, address)
    listening = Manager(address)
    with contextlib.closing(listening.socket):
        yield listening


def test_ready(manager: Manager) -> None:
    """Readiness comes with a sentence for `systemctl status`."""
    notify.ready("serving at unix:/run/x")

    assert manager.heard() == {"READY": "1", "STATUS": "serving at unix:/run/x"}


def test_reloading_has_the_clock(manager: Manager) -> None:
    """A reload carries the monotonic clock in microseconds, as Type=notify-reload asks for."""
    before = time.monotonic_ns() // 1000
    notify.reloading()
    heard = manager.heard()

    assert heard["RELOADING"] == "1"
    assert before <= int(heard["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000


def test_abstract_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address with @ is a name without a file."""
    name = f"autoconfig-test-{os.getpid()}"
    listening = Manager(f"\0{name}")
    monkeypatch.setenv(notify.SOCKET, f"@{name}")
    with contextlib.closing(listening.socket):
        notify.alive()

        assert listening.heard() == {"WATCHDOG": "1"}


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "@nobody-listens-here"], ids=["unset", "no file", "nobody"])
def test_without_systemd(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Without a service manager that listens nothing happens."""
    monkeypatch.setenv(notify.SOCKET, address)
    notify.stopping()


@pytest.mark.parametrize(
    ("wanted", "process", "expected"),
    [
        ("30000000", None, 15),
        ("30000000", str(os.getpid()), 15),
        ("30000000", "1", None),
        ("1", None, 1),
        ("", None, None),
        ("soon", None, None),
    ],
    ids=["for anybody", "for us", "for another process", "never faster than a second", "not wanted", "no number"],
)
def test_watchdog_seconds(
    monkeypatch: pytest.MonkeyPatch, wanted: str, process: str | None, expected: int | None
) -> None:
    """We speak twice in the time that systemd waits, if it waits for us."""
    monkeypatch.setenv(notify.WATCHDOG, wanted)
    monkeypatch.delenv(notify.WATCHDOG_PID, raising=False)
    if process is not None:
        monkeypatch.setenv(notify.WATCHDOG_PID, process)

    assert expected == notify.watchdog_seconds()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_tells(manager: Manager, serve: Serve, workers: str) -> None:
    """`serve` says when it answers, when a reload begins and has ended, and when it stops; with workers too."""
    server = serve("--workers", workers)

    assert manager.first() == READY
    assert server.get().status_code == 200
    for _ in range(2):
        server.program.signal(signal.SIGHUP)

        assert manager.first() == RELOADING
        assert manager.first() == READY
    assert server.program.end(signal.SIGTERM).code == 0
    assert manager.first() == STOPPING


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_feeds_the_watchdog(
    manager: Manager, serve: Serve, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    """`serve` says again and again that it is not stuck, if systemd wants to know."""
    monkeypatch.setenv(notify.WATCHDOG, "2000000")
    serve("--workers", workers)

    assert [manager.first(but=READY) for _ in range(3)] == [WATCHDOG] * 3


def test_reload_ends_with_a_worker_that_died(manager: Manager, serve: Serve) -> None:
    """A worker that dies within a reload does not leave the service reloading for ever."""
    server = serve("--workers", "2")
    assert manager.first() == READY
    children = _children(server.program.process.pid)
    os.kill(children[-1], signal.SIGSTOP)
    server.program.signal(signal.SIGHUP)
    assert manager.first() == RELOADING
    os.kill(children[-1], signal.SIGKILL)

    assert manager.first() == READY


def _children(process: int) -> list[int]:
    """The workers, without multiprocessing's own helpers."""
    numbers = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return [int(number) for number in numbers if b"spawn_main" in Path(f"/proc/{number}/cmdline").read_bytes()]
