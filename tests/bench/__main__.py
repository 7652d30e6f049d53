"""
`make bench`: every figure that is to be reached, as a ratio to a bare ASGI function under the same uvicorn in the same
run.

The server runs on one core and wrk with 32 keep-alive connections on another; runs alternate, and the median of
the ratios of neighbouring runs counts. Only a machine on which nothing else runs gives figures worth keeping.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import sites
from tests.bench.load import CONNECTIONS
from tests.bench.parts import Bench
from tests.bench.processes import awake, may_lock
from tests.bench.report import machine, show, write
from tests.support.servers.postgresql import PostgreSQL

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent.parent


@contextlib.contextmanager
def database() -> Iterator[PostgreSQL | None]:
    """A PostgreSQL of its own, if it is installed."""
    found = sites.binaries()
    if found is None:
        yield None
        return
    server = PostgreSQL.made(found)
    try:
        yield server
    finally:
        server.remove()


def main() -> None:
    """Measure, print, and write docs/performance.md if asked."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--names", type=int, default=1_000_000, help="domains in the mapping")
    parser.add_argument("--larger", type=int, default=10_000_000, help="domains in the largest mapping")
    parser.add_argument("--check-domains", type=int, default=10_000, help="domains that `check` checks")
    parser.add_argument("--seconds", type=int, default=2, help="length of a run")
    parser.add_argument("--runs", type=int, default=7, help="runs of each")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench", help="where mappings are made and kept")
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part; may be repeated")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    given = parser.parse_args()
    parts = given.only or PARTS
    for program, package in (("taskset", "util-linux"), ("wrk", "wrk")):
        if not shutil.which(program):
            sys.exit(f"bench: {program} is needed: apt-get install {package}")
    bench, conditions = Bench(given), []
    with awake() as held:
        conditions += [
            machine(),
            (
                f"server on core 0, wrk (and PostgreSQL) on core 1, {CONNECTIONS} keep-alive connections; "
                f"{bench.runs} runs of {bench.seconds} s each in turns, of which ratios are medians; metrics "
                "and limits on"
            ),
            "mappings locked in memory" if may_lock() else "mappings not locked in memory, which needs root",
            "/dev/cpu_dma_latency held at 0" if held else "/dev/cpu_dma_latency not held, which needs root",
        ]
        try:
            for part in parts:
                print(f"{part} …", file=sys.stderr)
                if part == "central":
                    with database() as server:
                        if server is None:
                            conditions.append("PostgreSQL was left out: apt-get install postgresql")
                        else:
                            bench.central(server)
                elif part in PROGRAMS and not shutil.which(PROGRAMS[part][0]):
                    conditions.append(f"{part} was left out: apt-get install {PROGRAMS[part][1]}")
                else:
                    getattr(bench, part)()
        finally:
            show(bench.lines, conditions)
    if given.write:
        write(bench.lines, conditions)


PARTS = (
    *("imports", "sqlite", "start", "growth", "params", "workers", "people"),
    *("disturbed", "check", "central", "proxied", "peers"),
)
PROGRAMS = {"check": ("knotd", "knot"), "proxied": ("nginx", "nginx")}
"""The program that a part needs and may not find, and its package."""

if __name__ == "__main__":
    main()
