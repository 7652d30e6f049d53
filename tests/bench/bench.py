"""
Requests a second beside a bare ASGI function under the same uvicorn, in the same run: the ratio is what counts.

Server on one core, wrk with 32 keep-alive connections on the other, runs alternating, medians. Where it may, it holds
/dev/cpu_dma_latency at 0, so that sleeping cores do not distort; it says whether it did.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CONNECTIONS = 32
PLANS = ("shared-standard", "shared-managed", "server-maintenance", "legacy-os", "xserver")


class Run(NamedTuple):
    """One run of wrk."""

    rate: float
    """Requests a second."""
    cpu: float
    """The server's CPU time, µs a request."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--names", type=int, default=1_000_000, help="domains in the mapping")
    parser.add_argument("--seconds", type=int, default=5, help="length of a run")
    parser.add_argument("--runs", type=int, default=3, help="runs of each")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench", help="where the mapping is made and kept")
    given = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("bench: wrk is needed: apt-get install wrk")
    folder = given.folder / str(given.names)
    make_mapping(folder, given.names)
    with awake() as held, bare() as bare_server, ours(folder) as our_server:
        table = Table("what", "requests/s", "of bare", "CPU µs/request", "of bare", title=f"{given.names:,} domains")
        for what, script in (("GET config-v1.1.xml", "get.lua"), ("POST autodiscover.xml", "post.lua")):
            runs: dict[str, list[Run]] = {"bare": [], "ours": []}
            for _ in range(given.runs):
                runs["bare"].append(measure(bare_server, script, given.names, given.seconds))
                runs["ours"].append(measure(our_server, script, given.names, given.seconds))
            add(table, what, runs)
        memory = status(our_server[0].pid, "RssAnon") // 1024
    Console().print(table)
    latency = "held at 0" if held else "not held (needs root)"
    print(
        f"server on core 0, wrk on core 1, {CONNECTIONS} connections, median of {given.runs} runs of {given.seconds} s;"
    )
    print(f"/dev/cpu_dma_latency {latency}; the server's own memory (RssAnon) {memory} MiB")


def add(table: Table, what: str, runs: dict[str, list[Run]]) -> None:
    """Two lines: the bare function's and ours."""
    rate = {who: statistics.median(run.rate for run in of_who) for who, of_who in runs.items()}
    cpu = {who: statistics.median(run.cpu for run in of_who) for who, of_who in runs.items()}
    for who in runs:
        shares = (f"{rate[who] / rate['bare']:.2f}", f"{cpu[who] / cpu['bare']:.2f}")
        table.add_row(f"{what}, {who}", f"{rate[who]:,.0f}", shares[0], f"{cpu[who]:.1f}", shares[1])


def make_mapping(folder: Path, names: int) -> None:
    """A mapping of `names` domains on all plans, made once and kept."""
    if (folder / "made").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    autoconfig = [sys.executable, "-m", "autoconfig"]
    subprocess.run([*autoconfig, "init", folder, "--demo"], check=True)
    file = folder / "names.csv"
    with file.open("w") as lines:
        lines.write("name,plan,server,username\n")
        for number in range(names):
            plan = PLANS[number % len(PLANS)]
            server = {"shared-standard": f"cs{number % 1000:03}.xbit.jp", "xserver": f"sv{number % 9000}.xserver.jp"}
            username = "{local}.{domain}" if plan == "legacy-os" else ""
            lines.write(f"d{number:07}.example,{plan},{server.get(plan, '')},{username}\n")
    start = time.monotonic()
    subprocess.run([*autoconfig, "--config", folder / "autoconfig.toml", "mapping", "sync", file], check=True)
    print(f"sync of {names:,} rows: {time.monotonic() - start:.1f} s")
    file.unlink()
    (folder / "made").touch()


Server = tuple[subprocess.Popen[bytes], int]


@contextlib.contextmanager
def bare() -> Iterator[Server]:
    """The bare function."""
    port = free_port()
    options = ["--loop", "uvloop", "--http", "httptools", "--ws", "none", "--lifespan", "off", "--no-access-log"]
    flags = ["--no-server-header", "--no-proxy-headers", "--log-level", "warning", "--port", str(port)]
    with running(
        [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE), "bare:app", *options, *flags], port
    ) as server:
        yield server


@contextlib.contextmanager
def ours(folder: Path) -> Iterator[Server]:
    """The real server, as a provider starts it."""
    port = free_port()
    command = [sys.executable, "-m", "autoconfig", "--config", str(folder / "autoconfig.toml")]
    with running([*command, "serve", "--port", str(port)], port) as server:
        yield server


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[Server]:
    """A process on core 0 that answers on `port`."""
    process = subprocess.Popen(["taskset", "-c", "0", *command], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.05)
        else:
            sys.exit(f"bench: {' '.join(command)} does not answer")
        yield process, port
    finally:
        process.terminate()
        process.wait(20)


def measure(server: Server, script: str, names: int, seconds: int) -> Run:
    """One run of wrk on core 1."""
    process, port = server
    before = cpu_seconds(process.pid)
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}", "-s", str(HERE / script), f"http://127.0.0.1:{port}"]
    found = subprocess.run(
        ["taskset", "-c", "1", *wrk],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "NAMES": str(names)},
    ).stdout
    if "Non-2xx" in found:
        sys.exit(f"bench: not all answers were good:\n{found}")
    total, rate = re.search(r"(\d+) requests in", found), re.search(r"Requests/sec:\s+([\d.]+)", found)
    assert total is not None
    assert rate is not None
    return Run(float(rate[1]), (cpu_seconds(process.pid) - before) / int(total[1]) * 1e6)


@contextlib.contextmanager
def awake() -> Iterator[bool]:
    """Cores that do not sleep, where we may ask for it; whether they are."""
    try:
        with Path("/dev/cpu_dma_latency").open("wb", buffering=0) as file:
            file.write((0).to_bytes(4, "little"))
            yield True
    except OSError:
        yield False


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def status(pid: int, key: str) -> int:
    """A value of /proc/PID/status, in KiB."""
    found = re.search(rf"^{key}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
