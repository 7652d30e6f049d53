"""Where a server listens: a Unix socket, one that it inherits, IPv6."""

from __future__ import annotations

import signal
import socket
import stat
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.serving import answers_alone, imap_port, workers_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Serve, Start

    Wait = Callable[[Callable[[], bool]], None]

TERM = signal.SIGTERM
HAS_IPV6 = Path("/proc/net/if_inet6").exists() and "0" * 31 + "1 " in Path("/proc/net/if_inet6").read_text()


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


def test_unix_socket_with_workers(serve: Serve, tmp_path: Path, wait_until: Wait) -> None:
    """Several workers share it."""
    server = serve("--uds", tmp_path / "s", "--workers", "2")
    wait_until(lambda: len(workers_of(server.program)) == 2)
    workers = workers_of(server.program)
    wait_until(lambda: all(answers_alone(server, workers, one) for one in workers))

    assert server.program.end(TERM).code == 0
    assert not (tmp_path / "s").exists()


def test_live_unix_socket(start: Start, tmp_path: Path) -> None:
    """A socket on which another server listens is refused: exit code 2."""
    path = tmp_path / "s"
    with closing(socket.socket(socket.AF_UNIX)) as other:
        other.bind(str(path))
        other.listen()
        ended = start("serve", "--uds", path).end()

    assert (ended.code, ended.err) == (2, f"autoconfig: --uds {path}: somebody listens there already\n")
    assert path.exists()


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


def test_two_places(start: Start, tmp_path: Path) -> None:
    """One server listens in one place."""
    ended = start("serve", "--uds", tmp_path / "s", "--fd", "3").end()

    assert ended.code == 2
    assert "choose one of --uds and --fd" in ended.err
