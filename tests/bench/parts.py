"""What `make bench` measures, part by part."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from tests.bench import checking, disturbance, peers, sites
from tests.bench.load import Load, alternating, at_half, cpu_ratio, measure, rate_ratio, typical
from tests.bench.processes import LOAD_CORES, SERVER_CORES, bare, ours
from tests.bench.proxies import behind_nginx, nginx_static
from tests.bench.report import Goal, Line
from tests.support.certificates import chain

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from tests.bench.processes import Server
    from tests.support.servers.postgresql import PostgreSQL

FEW = 1_000
MANY = 10_000
"""Domains of a provider whose customers stand in the table of another program."""

MANY_PARAMS = 100_000
"""Domains each of which has other params than all others."""

KEYS = {"RSA-2048": "RSA-2048", "RSA-4096": "RSA-4096", "P-256": "EC"}
"""Types of keys that sign profiles, as `tests.support.certificates` calls them."""

BOTH = f"{SERVER_CORES},{LOAD_CORES}"

GET = Goal(1.3, 1.5)
MEMORY = Goal(600, 300, at_most=True, unit=" MiB", digits=0)
"""Of a process that reads or writes all rows, however many there are."""


class Bench:
    """One benchmark: its parameters, and the lines that it has found so far."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.names: int = given.names
        self.larger: int = given.larger
        self.check_domains: int = given.check_domains
        self.runs: int = given.runs
        self.seconds: int = given.seconds
        self.folder: Path = given.folder
        self.lines: list[Line] = []

    def beside_bare(
        self, what: str, server: Server, load: Load, goal: Goal | None = None, *, half: bool = False
    ) -> None:
        """Requests a second as a share of bare's, CPU time a request, and with `half` what a request takes."""
        with bare() as simple:
            of_bare, runs = alternating([(simple, load), (server, load)], self.runs, self.seconds)
            reference, found = typical(of_bare), typical(runs)
            note = (
                f"{found.rate:,.0f} of {reference.rate:,.0f} requests/s; "
                f"CPU {found.cpu:.1f} of {reference.cpu:.1f} µs ({cpu_ratio(runs, of_bare):.2f})"
            )
            if half:
                busy, plain = (
                    at_half(each, load, full.rate, self.seconds)
                    for each, full in ((server, found), (simple, reference))
                )
                note += (
                    f"; at half of each's load p50 {busy.p50:.2f}, p99 {busy.p99:.2f}, p99.9 {busy.p999:.2f} ms of "
                    f"{plain.p50:.2f}, {plain.p99:.2f}, {plain.p999:.2f} ms"
                )
        share = rate_ratio(runs, of_bare)
        self.lines.append(goal.line(what, share, note) if goal else Line(what, f"{share:.2f} of bare", note=note))

    def imports(self) -> None:
        """`mapping sync` of a new file into an empty mapping, and of one in which all rows differ."""
        for names in (self.names, self.larger):
            made = sites.sqlite(self.folder / str(names), names, again=True)
            what = f"sync of {names:,} rows into SQLite"
            seconds, mib = made.seconds or 0, made.mib or 0
            self.lines.append(Line(what, f"{seconds:.0f} s", note=f"{seconds / names * 1e6:.0f} µs a row"))
            self.lines.append(MEMORY.line(f"{what}: memory", mib))

    def sqlite(self) -> None:
        """One worker over SQLite."""
        made = sites.sqlite(self.folder / str(self.names), self.names)
        with ours(made.folder) as server:
            what = f"random of {self.names:,} domains in SQLite"
            self.beside_bare(f"GET, {what}", server, Load("get.lua", self.names), GET, half=True)
            self.beside_bare(f"POST, {what}", server, Load("post.lua", self.names), Goal(1.1, 1.3), half=True)
            memory = Goal(60, 45, at_most=True, unit=" MiB", digits=0)
            self.lines.append(memory.line("memory of its own (RssAnon)", server.memory_mib()))

    def start(self) -> None:
        """From the start of the process to the first answer."""
        seconds = []
        for _ in range(self.runs):
            with ours(self.folder / str(self.names)) as server:
                seconds.append(server.started)
        goal = Goal(1.0, 0.3, at_most=True, unit=" s")
        what = f"start to first answer, {self.names:,} domains"
        self.lines.append(goal.line(what, sorted(seconds)[len(seconds) // 2]))

    def growth(self) -> None:
        """What more domains cost."""
        with contextlib.ExitStack() as stack:
            servers = []
            for names in (FEW, self.names, self.larger):
                made = sites.sqlite(self.folder / str(names), names)
                servers.append((stack.enter_context(ours(made.folder)), Load("get.lua", names)))
            found = alternating(servers, self.runs, self.seconds)
        figures = ", ".join(
            f"{load.names:,}: {typical(runs).cpu:.1f} µs" for (_, load), runs in zip(servers, found, strict=True)
        )
        goal = Goal(1.35, 1.15, at_most=True, unit=" ×")
        what = f"CPU a request, {self.larger:,} domains against {FEW:,}"
        self.lines.append(goal.line(what, cpu_ratio(found[-1], found[0]), figures))

    def params(self) -> None:
        """Rows that all have other params than the others."""
        made = sites.many_params(self.folder / "params", MANY_PARAMS)
        with ours(made.folder) as server:
            what = f"GET, random of {MANY_PARAMS:,} domains, each with params of its own"
            self.beside_bare(what, server, Load("get.lua", MANY_PARAMS))

    def workers(self) -> None:
        """What a second worker costs each request: on one core, as elsewhere here, and on all, where wrk is too."""
        folder, load = self.folder / str(self.names), Load("get.lua", self.names)
        with ours(folder) as one, ours(folder, workers=2) as two, ours(folder, workers=2, cores=BOTH) as free:
            servers = [(server, load) for server in (one, two, free)]
            found = alternating(servers, self.runs, self.seconds)
        alone, together, spread = map(typical, found)
        goal = Goal(1.15, 1.0, at_most=True, unit=" ×")
        note = f"{together.cpu:.1f} of {alone.cpu:.1f} µs"
        self.lines.append(goal.line("CPU a request, two workers against one", cpu_ratio(found[1], found[0]), note))
        note = f"{spread.rate:,.0f} of {alone.rate:,.0f} requests/s; CPU {spread.cpu:.1f} of {alone.cpu:.1f} µs"
        what = "requests/s, two workers on both cores, of which wrk takes its part, against one"
        self.lines.append(Line(what, f"{rate_ratio(found[2], found[0]):.2f} ×", note=note))

    def people(self) -> None:
        """Pages, and profiles without a signature and with each type of key."""
        profile = Load("get.lua", FEW, target="/email.mobileconfig?email=taro%40%s")
        with ours(sites.sqlite(self.folder / "unsigned", FEW).folder) as server:
            self.beside_bare("page for people", server, profile._replace(target="/setup?email=taro%40%s"))
            self.beside_bare("profile, not signed", server, profile)
        for name, kind in KEYS.items():
            keys = self.folder / f"keys-{name}"
            keys.mkdir(parents=True, exist_ok=True)
            key, certificate = chain(kind).write(keys)
            settings = {"profile_key": str(key), "profile_certificate": str(certificate)}
            with ours(sites.sqlite(self.folder / f"signed-{name}", FEW, settings, again=True).folder) as server:
                self.beside_bare(f"profile, signed with {name}", server, profile)

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

    def central(self, database: PostgreSQL) -> None:
        """One worker over the local copy of a PostgreSQL, and over a table of another program."""
        made = sites.postgresql(database, self.folder / "postgresql", self.names)
        self.lines.append(Line(f"sync of {self.names:,} rows into PostgreSQL", f"{made.seconds:.0f} s"))
        sites.pinned(database)
        with ours(made.folder) as server:
            what = f"first local copy of PostgreSQL, {self.names:,} rows, and start"
            self.lines.append(Line(what, f"{server.started:.0f} s"))
            self.lines.append(MEMORY.line(f"{what}: memory of the process that copies", server.peak_mib()))
        with ours(made.folder) as server:
            what = f"GET, random of {self.names:,} domains in the local copy of PostgreSQL"
            self.beside_bare(what, server, Load("get.lua", self.names), GET)
        asked_before = Load("get.lua", self.names, zipf=True, seed=1)
        asked = sites.query(database, self.folder / "query", self.names)
        sites.pinned(database)
        with ours(asked.folder) as server:
            many = asked_before._replace(names=min(self.names, MANY))
            for load in (many, asked_before):
                measure(server, load, 3 * self.seconds)
                self.beside_bare(f"GET, query over another table, Zipf over {load.names:,} domains", server, load)

    def check(self) -> None:
        """`check --all`: its time, also when it is killed in the middle; and how fast documents are meanwhile."""
        what = f"check --all, {self.check_domains:,} domains on {checking.SERVERS} servers"
        goal = Goal(120, 30, at_most=True, unit=" s", digits=0)
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
        longer = Goal(1.25, 1.0, at_most=True, unit=" ×")
        self.lines.append(longer.line("a document while a check runs, against without", beside / alone, note))

    def proxied(self) -> None:
        """The shipped nginx with its cache, and nginx with a file, for comparison. Of the names a fifth is private."""
        folder = self.folder / str(self.names)
        with ours(folder) as server, behind_nginx(server) as proxy, nginx_static() as static:
            for names, what, goal in (
                (1, "one domain", Goal(1.9, 2.98)),
                (1_000, "Zipf over 1,000 domains", None),
            ):
                load = Load("get.lua", names, zipf=True)
                measure(proxy, load, 1)
                self.beside_bare(f"GET, behind nginx with its cache, {what}", proxy, load, goal)
            self.beside_bare("nginx, the document as a file", static, Load("get.lua", 1))

    def peers(self) -> None:
        """Other servers of this kind that can be installed here."""
        with peers.automx2(self.folder / "automx2", FEW) as server:
            self.beside_bare(f"automx2 under gunicorn, random of {FEW:,} domains", server, Load("get.lua", FEW))
