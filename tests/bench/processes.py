"""Servers under measurement: started, pinned to cores, and asked what they cost."""

from __future__ import annotations

import contextlib
import mmap
import os
import re
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from autoconfig.mapping.copy_marker import copy_in
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
SERVER_CORES = "0"
LOAD_CORES = "1"
MAP_LOCKED = 0x2000
"""mmap(2), on x86 and ARM."""
_CAP_IPC_LOCK = 14
"""capabilities(7)"""


class Server:
    """A running server: what it costs is that of its process and all their children."""

    def __init__(
        self, process: subprocess.Popen[bytes], port: int, *, started: float, others: Sequence[int] = ()
    ) -> None:
        """`others`: processes that work for it, such as the upstream of a proxy."""
        self.process, self.port, self._others = process, port, tuple(others)
        self.started = started
        """Seconds from the start of its process to its first answer."""

    @property
    def pids(self) -> list[int]:
        """Its processes."""
        return [pid for root in (self.process.pid, *self._others) for pid in family(root)]

    def cpu_seconds(self) -> float:
        """User and system time of its processes so far."""
        return sum(map(_cpu_seconds, self.pids))

    def memory_mib(self) -> float:
        """Memory of its own (RssAnon) of the largest of its processes."""
        return max(_status(pid, "RssAnon") for pid in self.pids) / 1024

    def peak_mib(self) -> float:
        """The most memory (VmHWM) that any of its processes has had."""
        return max(_status(pid, "VmHWM") for pid in self.pids) / 1024


@contextlib.contextmanager
def running(
    command: Sequence[str | Path],
    port: int,
    *,
    cores: str = SERVER_CORES,
    others: Sequence[int] = (),
    request: bytes = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    wanted: bytes = b"HTTP/1.1 ",
) -> Iterator[Server]:
    """The process of `command`, on some cores, once an answer to `request` on `port` begins with `wanted`."""
    start = time.monotonic()
    process = subprocess.Popen(["taskset", "-c", cores, *command], stderr=subprocess.PIPE)
    try:
        _first_answer(process, port, request, wanted)
        yield Server(process, port, started=time.monotonic() - start, others=others)
    finally:
        process.terminate()
        process.communicate(timeout=30)


@contextlib.contextmanager
def bare() -> Iterator[Server]:
    """The bare ASGI function, under the same uvicorn."""
    port = free_port()
    options = ["--loop", "uvloop", "--http", "httptools", "--ws", "none", "--lifespan", "off", "--no-access-log"]
    flags = ["--no-server-header", "--no-proxy-headers", "--log-level", "warning", "--port", str(port)]
    command: list[str | Path] = [sys.executable, "-m", "uvicorn", "--app-dir", HERE, "bare:app", *options, *flags]
    with running(command, port) as server:
        yield server


@contextlib.contextmanager
def ours(
    folder: Path, *, workers: int = 1, cores: str = SERVER_CORES, domain: str = "d0000000.example"
) -> Iterator[Server]:
    """`autoconfig serve` as a provider starts it, with its mapping in memory, once it has answered for `domain`."""
    port = free_port()
    command: list[str | Path] = [sys.executable, "-m", "autoconfig", "--config", folder / "autoconfig.toml"]
    options = ["serve", "--port", str(port), "--workers", str(workers)]
    request = f"GET /v1.1/{domain} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    with (
        in_memory(folder / "mapping.db", copy_in(folder / "state")),
        running([*command, *options], port, cores=cores, request=request, wanted=b"HTTP/1.1 200") as server,
    ):
        yield server


@contextlib.contextmanager
def in_memory(*files: Path) -> Iterator[None]:
    """
    Keep in memory those of the files that exist, so that no run waits for the disk.

    A kernel that reclaims what was not used for some seconds (DAMON, or a host that wants memory back) takes away most
    of a large mapping between two lookups of the same page: then the disk is measured.
    """
    with contextlib.ExitStack() as stack:
        for file in files:
            if file.exists():
                content = stack.enter_context(file.open("rb"))
                flags = mmap.MAP_SHARED | mmap.MAP_POPULATE | (MAP_LOCKED if may_lock() else 0)
                stack.enter_context(mmap.mmap(content.fileno(), 0, flags, mmap.PROT_READ))
        yield


def may_lock() -> bool:
    """Whether `in_memory` locks files, which may be of any size (mlock(2)): CAP_IPC_LOCK, or no RLIMIT_MEMLOCK."""
    capabilities = re.search(r"^CapEff:\s+(\w+)", Path("/proc/self/status").read_text(), re.MULTILINE)
    privileged = capabilities is not None and bool(int(capabilities[1], 16) >> _CAP_IPC_LOCK & 1)
    return privileged or resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY


@contextlib.contextmanager
def awake() -> Iterator[bool]:
    """Cores that do not sleep, where we may ask for it; whether they are."""
    with contextlib.ExitStack() as stack:
        held = False
        with contextlib.suppress(OSError):
            file = stack.enter_context(Path("/dev/cpu_dma_latency").open("wb", buffering=0))
            file.write((0).to_bytes(4, "little"))
            held = True
        yield held


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in family(int(child)))]


def _first_answer(process: subprocess.Popen[bytes], port: int, request: bytes, wanted: bytes) -> None:
    until = time.monotonic() + 900  # a first copy of many rows takes minutes
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.settimeout(30)
            connection.sendall(request)
            if connection.recv(16).startswith(wanted):
                return
        time.sleep(0.002)
    process.kill()
    sys.exit(f"bench: {process.args!r} does not answer: {process.communicate()[1].decode(errors='replace')}")


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _status(pid: int, key: str) -> int:
    """A value of /proc/PID/status, in KiB."""
    found = re.search(rf"^{key}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0
