"""Load from wrk, and what a server did with it."""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.processes import HERE, LOAD_CORES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.bench.processes import Server

CONNECTIONS = 32

DOCUMENT = "/mail/config-v1.1.xml?emailaddress=taro%40%s"
"""As Thunderbird asks."""


class Load(NamedTuple):
    """What is asked."""

    script: str
    """`get.lua` or `post.lua`."""
    names: int
    """How many domains there are."""
    zipf: bool = False
    """Whether a few names are asked for most (Zipf's law with exponent 1), or all alike."""
    seed: int | None = None
    """With one, each run asks for the same names in the same order; without, for others."""
    target: str = DOCUMENT
    """What `get.lua` asks for; `%s` is the domain."""
    connections: int = CONNECTIONS
    think: int | None = None
    """How many milliseconds on average a connection waits after an answer."""


class Run(NamedTuple):
    """One run, or the medians of several."""

    rate: float
    """Requests a second."""
    cpu: float
    """The server's CPU time, µs a request."""
    p50: float
    """The time of a request, ms, that half of them do not exceed."""
    p99: float
    p999: float


def measure(server: Server, load: Load, seconds: int) -> Run:
    """One run: keep-alive connections from another core. A single bad answer ends the benchmark."""
    environment = {
        **os.environ,
        "NAMES": str(load.names),
        "ZIPF": "1" if load.zipf else "",
        "SEED": str(load.seed or ""),
        "TARGET": load.target,
        "THINK": str(load.think or ""),
    }
    wrk: list[str | Path] = [
        "wrk",
        "-t1",
        f"-c{load.connections}",
        f"-d{seconds}",
        "-s",
        HERE / load.script,
        f"http://127.0.0.1:{server.port}",
    ]
    before = server.cpu_seconds()
    found = subprocess.run(
        ["taskset", "-c", LOAD_CORES, *wrk], check=True, capture_output=True, text=True, env=environment
    ).stdout
    spent = server.cpu_seconds() - before
    total, rate = re.search(r"(\d+) requests in", found), re.search(r"Requests/sec:\s+([\d.]+)", found)
    percentiles = re.search(r"^percentiles ([\d.]+) ([\d.]+) ([\d.]+)$", found, re.MULTILINE)
    if "Non-2xx" in found or "Socket errors" in found or not (total and rate and percentiles):
        sys.exit(f"bench: not all answers were good:\n{found}")
    return Run(float(rate[1]), spent / int(total[1]) * 1e6, *map(float, percentiles.groups()))


def at_half(server: Server, load: Load, rate: float, seconds: int) -> Run:
    """One run at about half of `rate`: many connections, each of which waits between its requests as people do."""
    think = 10
    connections = max(1, round(rate / 2 * think / 1000))
    return measure(server, load._replace(connections=connections, think=think), seconds)


def alternating(servers: Sequence[tuple[Server, Load]], runs: int, seconds: int) -> list[list[Run]]:
    """The runs of each, made in turns so that what the machine does meanwhile meets all of them."""
    found: list[list[Run]] = [[] for _ in servers]
    for _ in range(runs):
        for (server, load), of_server in zip(servers, found, strict=True):
            of_server.append(measure(server, load, seconds))
    return found


def typical(runs: Sequence[Run]) -> Run:
    """The medians of several runs."""
    return Run(*map(statistics.median, zip(*runs, strict=True)))


def rate_ratio(runs: Sequence[Run], others: Sequence[Run]) -> float:
    """
    The median of the ratios of the rates of runs that were made in the same turn.

    Many machines are slower for some seconds, by half if they are shared. Then the medians of two servers may be of
    different moments, and their ratio says nothing.
    """
    return statistics.median(run.rate / other.rate for run, other in zip(runs, others, strict=True))


def cpu_ratio(runs: Sequence[Run], others: Sequence[Run]) -> float:
    """The same of the CPU time a request."""
    return statistics.median(run.cpu / other.cpu for run, other in zip(runs, others, strict=True))
