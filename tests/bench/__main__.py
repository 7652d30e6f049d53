"""
`make bench`: every figure that is to be reached, as a ratio to a bare ASGI function under the same uvicorn in the same
run.

The server runs on one core and wrk with 32 keep-alive connections on another; runs alternate, medians count. Only a
machine on which nothing else runs gives figures worth keeping.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from autoconfig.mapping.copy_marker import copy_in
from tests.bench import checking, disturbance, sites
from tests.bench.load import CONNECTIONS, Load, alternating, measure
from tests.bench.processes import LOAD_CORES, SERVER_CORES, awake, bare, ours
from tests.bench.proxies import behind_nginx, nginx_static
from tests.bench.report import Goal, Line, machine, show, write
from tests.support.servers.postgresql import PostgreSQL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.processes import Server

ROOT = Path(__file__).parent.parent.parent
SMALLER = (1_000, 100_000)
"""Numbers of domains beside the one asked for, to see what each domain more costs."""

MANY = 10_000
"""Domains of a provider whose customers stand in the table of another program."""

BOTH = f"{SERVER_CORES},{LOAD_CORES}"

BEHIND_NGINX = 1.3 * 1.37
"""Of bare: 1.3 times what the fastest peer reaches, go-autoconfig in Go, which looks nothing up."""


class Bench:
    """One benchmark: its parameters, and the lines that it has found so far."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.names: int = given.names
        self.check_domains: int = given.check_domains
        self.runs: int = given.runs
        self.seconds: int = given.seconds
        self.folder: Path = given.folder
        self.lines: list[Line] = []

    def beside_bare(
        self, what: str, server: Server, load: Load, goal: Goal | None = None, cpu: Goal | None = None
    ) -> None:
        """Requests a second as a share of bare's, and CPU time a request."""
        with bare() as simple:
            reference, found = alternating([(simple, load), (server, load)], self.runs, self.seconds)
        note = f"{found.rate:,.0f} of {reference.rate:,.0f} requests/s; CPU {found.cpu:.1f} of {reference.cpu:.1f} µs"
        ratio = found.rate / reference.rate
        self.lines.append(goal.line(what, ratio, note) if goal else Line(what, f"{ratio:.2f} of bare", note=note))
        if cpu is not None:
            self.lines.append(cpu.line(f"{what}: CPU a request", found.cpu / reference.cpu))

    def sqlite(self) -> None:
        """One worker over SQLite."""
        made = sites.sqlite(self.folder / str(self.names), self.names)
        warm(made.folder / "mapping.db")
        with ours(made.folder) as server:
            what = f"random of {self.names:,} domains in SQLite"
            get, post = Load("get.lua", self.names), Load("post.lua", self.names)
            self.beside_bare(f"GET, {what}", server, get, Goal(0.75, 0.90), Goal(1.35, 1.15, at_most=True))
            self.beside_bare(f"POST, {what}", server, post, Goal(0.65, 0.85), Goal(1.6, 1.25, at_most=True))
            self.lines.append(
                Goal(90, 60, at_most=True, unit=" MiB", digits=0).line(
                    "memory of its own (RssAnon)", server.memory_mib()
                )
            )

    def start(self) -> None:
        """From the start of the process to the first answer."""
        seconds = []
        for _ in range(self.runs):
            with ours(self.folder / str(self.names)) as server:
                seconds.append(server.started)
        goal = Goal(1.0, 0.4, at_most=True, unit=" s")
        self.lines.append(
            goal.line(f"start to first answer, {self.names:,} domains", sorted(seconds)[len(seconds) // 2])
        )

    def growth(self) -> None:
        """What more domains cost."""
        with contextlib.ExitStack() as stack:
            servers = []
            for names in (*SMALLER, self.names):
                made = sites.sqlite(self.folder / str(names), names)
                warm(made.folder / "mapping.db")
                servers.append((stack.enter_context(ours(made.folder)), Load("get.lua", names)))
            found = alternating(servers, self.runs, self.seconds)
        least = found[0].cpu
        figures = ", ".join(f"{load.names:,}: {run.cpu:.1f} µs" for (_, load), run in zip(servers, found, strict=True))
        goal = Goal(1.15, 1.0, at_most=True, unit=" ×")
        what = f"CPU a request, {self.names:,} domains against {SMALLER[0]:,}"
        self.lines.append(goal.line(what, found[-1].cpu / least, figures))

    def workers(self) -> None:
        """What a second worker costs each request: on one core, as elsewhere here, and on all, where wrk is too."""
        folder, load = self.folder / str(self.names), Load("get.lua", self.names)
        with ours(folder) as one, ours(folder, workers=2) as two, ours(folder, workers=2, cores=BOTH) as free:
            servers = [(server, load) for server in (one, two, free)]
            alone, together, spread = alternating(servers, self.runs, self.seconds)
        goal = Goal(1.15, 1.0, at_most=True, unit=" ×")
        note = f"{together.cpu:.1f} of {alone.cpu:.1f} µs"
        self.lines.append(goal.line("CPU a request, two workers against one", together.cpu / alone.cpu, note))
        note = f"{spread.rate:,.0f} of {alone.rate:,.0f} requests/s; CPU {spread.cpu:.1f} of {alone.cpu:.1f} µs"
        what = "requests/s, two workers on both cores, of which wrk takes its part, against one"
        self.lines.append(Line(what, f"{spread.rate / alone.rate:.2f} ×", note=note))

    def disturbed(self) -> None:
        """How much longer a document takes one client while another one asks for heavy things."""
        made = sites.sqlite(self.folder / str(self.names), self.names)
        goal = Goal(50.0, 5.0, at_most=True, unit=" ms", digits=1)
        with ours(made.folder) as server:
            alone = disturbance.milliseconds(server, self.seconds)
            for what, path in disturbance.REQUESTS.items():
                with disturbance.busy_client(server, path, self.seconds + 2):
                    beside = disturbance.milliseconds(server, self.seconds)
                note = f"median {beside:.2f} ms, alone {alone:.2f} ms"
                self.lines.append(goal.line(f"a document beside a client that asks for {what}", beside - alone, note))

    def imports(self) -> None:
        """`mapping sync` of a new file into an empty mapping."""
        made = sites.sqlite(self.folder / "import", self.names, again=True)
        shutil.rmtree(made.folder)
        goal = Goal(90, 30, at_most=True, unit=" s", digits=0)
        self.lines.append(goal.line(f"import of {self.names:,} rows into SQLite", made.seconds or 0))

    def central(self, database: PostgreSQL) -> None:
        """One worker over the local copy of a PostgreSQL, and over a table of another program."""
        made = sites.postgresql(database, self.folder / "postgresql", self.names)
        self.lines.append(Line(f"import of {self.names:,} rows into PostgreSQL", f"{made.seconds:.0f} s"))
        sites.pinned(database)
        seconds = sites.first_copy(made)
        self.lines.append(Line(f"first local copy of PostgreSQL, {self.names:,} rows", f"{seconds:.0f} s"))
        warm(copy_in(made.folder / "state"))
        with ours(made.folder) as server:
            what = f"GET, random of {self.names:,} domains in the local copy of PostgreSQL"
            self.beside_bare(what, server, Load("get.lua", self.names), Goal(0.75, 0.90))
        asked_before = Load("get.lua", self.names, zipf=True, seed=1)
        asked = sites.query(database, self.folder / "query", self.names)
        sites.pinned(database)
        with ours(asked.folder) as server:
            many = asked_before._replace(names=min(self.names, MANY))
            for load, goal in ((many, Goal(0.65, 0.90)), (asked_before, None)):
                measure(server, load, 3 * self.seconds)
                self.beside_bare(f"GET, query over another table, Zipf over {load.names:,} domains", server, load, goal)

    def check(self) -> None:
        """`check --all`: its time, also when it is killed in the middle; and how fast documents are meanwhile."""
        what = f"check --all, {self.check_domains:,} domains on {checking.SERVERS} servers"
        goal = Goal(120, 60, at_most=True, unit=" s", digits=0)
        with checking.check_site(self.folder / "check", self.check_domains) as site:
            seconds = site.run()
            self.lines.append(goal.line(what, seconds))
            site.kill_after(seconds / 2)
            self.lines.append(goal.line(f"{what}: killed after half of that, and the rest", seconds / 2 + site.run()))
            with ours(site.folder, domain="d0000000.co.jp") as server:
                host = "autoconfig.d0000000.co.jp"
                alone = disturbance.milliseconds(server, self.seconds, host)
                with site.running() as process:
                    beside = disturbance.milliseconds(server, self.seconds, host)
                    if process.poll() is not None:
                        sys.exit("bench: the check ended before the documents were measured: more --check-domains")
        note = f"median {beside:.2f} ms, alone {alone:.2f} ms"
        ratio = Goal(1.25, 1.0, at_most=True, unit=" ×")
        self.lines.append(ratio.line("a document while a check runs, against without", beside / alone, note))

    def proxied(self) -> None:
        """The shipped nginx with its cache, and nginx with a file, for comparison. Of the names a fifth is private."""
        folder = self.folder / str(self.names)
        with ours(folder) as server, behind_nginx(server) as proxy, nginx_static() as static:
            for names, what, goal in (
                (1, "one domain", Goal(BEHIND_NGINX, 2.98)),
                (1_000, "Zipf over 1,000 domains", None),
            ):
                load = Load("get.lua", names, zipf=True)
                measure(proxy, load, 1)
                self.beside_bare(f"GET, behind nginx with its cache, {what}", proxy, load, goal)
            self.beside_bare("nginx, the document as a file", static, Load("get.lua", 1))


def warm(file: Path) -> None:
    """Read a file once, so that no run waits for the disk."""
    with file.open("rb") as content:
        while content.read(1 << 20):
            pass


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
    parser.add_argument("--check-domains", type=int, default=10_000, help="domains that `check` checks")
    parser.add_argument("--seconds", type=int, default=5, help="length of a run")
    parser.add_argument("--runs", type=int, default=3, help="runs of each")
    parser.add_argument("--folder", type=Path, default=ROOT / ".bench", help="where mappings are made and kept")
    parser.add_argument("--only", action="append", choices=PARTS, help="only this part; may be repeated")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    given = parser.parse_args()
    for program in ("taskset",) if given.only == ["check"] else ("wrk", "taskset"):
        if not shutil.which(program):
            sys.exit(f"bench: {program} is needed: apt-get install {'wrk' if program == 'wrk' else 'util-linux'}")
    bench, conditions = Bench(given), []
    with awake() as held:
        for part in given.only or PARTS:
            print(f"{part} …", file=sys.stderr)
            if part == "central":
                with database() as server:
                    if server is None:
                        conditions.append("PostgreSQL was left out: apt-get install postgresql")
                    else:
                        bench.central(server)
            elif part == "proxied" and not shutil.which("nginx"):
                conditions.append("nginx was left out: apt-get install nginx")
            else:
                getattr(bench, part)()
    conditions = [
        machine(),
        (
            f"server on core 0, wrk (and PostgreSQL) on core 1, {CONNECTIONS} keep-alive connections; medians of "
            f"{bench.runs} runs of {bench.seconds} s, each beside bare; metrics and limits on"
        ),
        f"/dev/cpu_dma_latency {'held at 0' if held else 'not held: needs root'}",
        *conditions,
    ]
    show(bench.lines, conditions)
    if given.write:
        write(bench.lines, conditions)


PARTS = ("sqlite", "start", "growth", "workers", "disturbed", "imports", "check", "central", "proxied")

if __name__ == "__main__":
    main()
