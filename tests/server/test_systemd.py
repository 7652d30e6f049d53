from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from typing import TYPE_CHECKING

import pytest

from autoconfig.server import systemd
from tests.cli.serving import workers_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    monkeypatch.setenv(systemd.SOCKET, address)
    listening = Manager(address)
    with contextlib.closing(listening.socket):
        yield listening


def test_ready(manager: Manager) -> None:
    """Readiness comes with a sentence for `systemctl status`."""
    systemd.ready("serving at unix:/run/x")

    assert manager.heard() == {"READY": "1", "STATUS": "serving at unix:/run/x"}


def test_note(manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    """How the copy stands is added to what is served, on one line, and said when it changes."""
    monkeypatch.setattr(systemd, "_status", {})
    for text in ("copying rows: 1 of 2", "copying rows: 1 of 2", "not brought up to date:\n  away"):
        systemd.note(text)
    systemd.ready("serving at unix:/run/x")

    assert [manager.heard() for _ in range(3)] == [
        {"STATUS": "copying rows: 1 of 2"},
        {"STATUS": "not brought up to date: away"},
        {"READY": "1", "STATUS": "serving at unix:/run/x; not brought up to date: away"},
    ]


def test_reloading_has_the_clock(manager: Manager) -> None:
    """A reload carries the monotonic clock in microseconds, as Type=notify-reload asks for."""
    before = time.monotonic_ns() // 1000
    systemd.reloading()
    heard = manager.heard()

    assert heard["RELOADING"] == "1"
    assert before <= int(heard["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000


def test_abstract_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address with @ is a name without a file."""
    name = f"autoconfig-test-{os.getpid()}"
    listening = Manager(f"\0{name}")
    monkeypatch.setenv(systemd.SOCKET, f"@{name}")
    with contextlib.closing(listening.socket):
        systemd.alive()

        assert listening.heard() == {"WATCHDOG": "1"}


@pytest.mark.parametrize("address", ["", "/nowhere/notify", "@nobody-listens-here"], ids=["unset", "no file", "nobody"])
def test_without_systemd(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Without a service manager that listens nothing happens."""
    monkeypatch.setenv(systemd.SOCKET, address)
    systemd.stopping()


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
    monkeypatch.setenv(systemd.WATCHDOG, wanted)
    monkeypatch.delenv(systemd.WATCHDOG_PID, raising=False)
    if process is not None:
        monkeypatch.setenv(systemd.WATCHDOG_PID, process)

    assert expected == systemd.watchdog_seconds()


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
def test_serve_tells_of_the_copy(
    manager: Manager, serve: Serve, monkeypatch: pytest.MonkeyPatch, postgresql_url: str, workers: str
) -> None:
    """A service is ready when it listens, also without a copy; how that stands is in its status, after a reload too."""
    monkeypatch.setenv("AUTOCONFIG_DATABASE", postgresql_url)
    server = serve("--workers", workers)
    heard: dict[str, str] = {}
    while not (READY in heard.get("said", "") and heard.get("STATUS", "").endswith("; copy up to row 0")):
        message = manager.heard()
        heard = {**heard, **message, "said": heard.get("said", "") + "".join(f"{k}={v}" for k, v in message.items())}
    assert heard["STATUS"] == f"serving at {server.place}; copy up to row 0"

    server.program.signal(signal.SIGHUP)
    assert manager.first() == RELOADING
    assert manager.heard() == {"READY": "1", "STATUS": heard["STATUS"]}


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_feeds_the_watchdog(
    manager: Manager, serve: Serve, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    """`serve` says again and again that it is not stuck, if systemd wants to know."""
    monkeypatch.setenv(systemd.WATCHDOG, "2000000")
    serve("--workers", workers)

    assert [manager.first(but=READY) for _ in range(3)] == [WATCHDOG] * 3


def test_reload_ends_with_a_worker_that_died(manager: Manager, serve: Serve) -> None:
    """A worker that dies within a reload does not leave the service reloading for ever."""
    server = serve("--workers", "2")
    assert manager.first() == READY
    children = workers_of(server.program)
    os.kill(children[-1], signal.SIGSTOP)
    server.program.signal(signal.SIGHUP)
    assert manager.first() == RELOADING
    os.kill(children[-1], signal.SIGKILL)

    assert manager.first() == READY
