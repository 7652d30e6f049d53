"""
Outages, accidents and wrong clocks that once stopped a server or made its answers wrong: each is brought about again,
with a client whose every answer is compared.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import poll
from tests.reported.bench import NAME, Bench, Load

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.conftest import Server

DAY = 86_400
TWO = ("--workers", "2")


def children(server: Server) -> set[int]:
    """The processes that the server has started."""
    parent = server.program.process.pid
    return set(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()))


def backed_up(bench: Bench) -> Path:
    """A backup of the demo."""
    backup = bench.folder / "backup.db"
    bench.command("mapping", "backup", "--force", backup)
    return backup


def asked_again(server: Server, load: Load) -> None:
    """Wait until the client has had twenty right answers more."""
    before = load.right
    poll(lambda: load.right >= before + 20 or server.program.process.poll() is not None)


def copied_over(bench: Bench) -> None:
    """`cp other.db mapping.db` under a running server: what was copied is served, and no answer is wrong."""
    backup, mapping = backed_up(bench), bench.demo / "mapping.db"
    server = bench.serve(*TWO)
    bench.command("mapping", "set", "new.example", "--plan", "shared-managed")  # into the log beside the file
    before = children(server)
    with Load(server) as load:
        for _ in range(3):
            mapping.write_bytes(backup.read_bytes())
            asked_again(server, load)

    assert load.wrong == load.later
    assert children(server) == before


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda mapping: os.truncate(mapping, 4096),
    "emptied": lambda mapping: os.truncate(mapping, 0),
    "text": lambda mapping: mapping.write_bytes(b"text\n" * 5000),
    "scribbled": lambda mapping: mapping.write_bytes(mapping.read_bytes()[:4096] + b"\x5a" * 60_000),
}


def damaged_and_restored(bench: Bench) -> None:
    """A file that is damaged in place is a 503, and `restore` mends it under the running server."""
    backup, mapping = backed_up(bench), bench.demo / "mapping.db"
    server = bench.serve(*TWO)
    before = children(server)
    with Load(server) as load:
        for damage in DAMAGES.values():
            damage(mapping)
            poll(lambda: server.get().status_code == 503)
            bench.command("mapping", "restore", "--yes", backup)
            asked_again(server, load)

    assert load.wrong == load.later > 0
    assert children(server) == before
    lines = server.program.end(signal.SIGTERM).err.splitlines()
    assert len([line for line in lines if "Traceback" in line]) == 0
    assert len(lines) <= 20 * len(DAMAGES)


def damaged_and_mended_in_place(bench: Bench) -> None:
    """A file that is damaged in place is served again as soon as a good one is copied over it."""
    backup, mapping = backed_up(bench), bench.demo / "mapping.db"
    server = bench.serve()
    with Load(server) as load:
        for damage in DAMAGES.values():
            damage(mapping)
            poll(lambda: server.get().status_code == 503)
            mapping.write_bytes(backup.read_bytes())
            asked_again(server, load)

    assert load.wrong == load.later > 0


def missing_when_a_worker_is_replaced(bench: Bench) -> None:
    """A worker that dies while the file is away is replaced as soon as it is back; the other one answers meanwhile."""
    mapping, away = bench.demo / "mapping.db", bench.demo / "away"
    server = bench.serve(*TWO)
    poll(lambda: len(workers_of(server)) == 2)
    killed = min(workers_of(server))
    with Load(server) as load:
        mapping.rename(away)
        os.kill(killed, signal.SIGKILL)
        server.program.line("cannot start yet")
        away.rename(mapping)
        poll(lambda: len(workers_of(server) - {killed}) == 2)
        asked_again(server, load)

    assert load.wrong - load.later <= 2  # what the killed one had taken
    assert server.program.process.poll() is None


def workers_of(server: Server) -> set[int]:
    """Those of its processes that have locked a place for what they count."""
    folder = Path(f"/proc/{server.program.process.pid}/cwd") / "state" / "workers"
    inodes = {str(path.stat().st_ino) for path in folder.glob("*.lock")}
    held = set()
    for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
        fields = line.split()
        if fields[5].rpartition(":")[2] in inodes:
            held.add(int(fields[4]))
    return held & children(server)


def bad_setting(bench: Bench) -> None:
    """`settings check` fails where `serve` would end, with the same sentence; all else is a warning."""
    file = bench.demo / "autoconfig.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub("^public_url = .*", "", text, flags=re.MULTILINE), encoding="utf-8")
    good = bench.command("settings", "check")
    bench.set("nonsense = 1")
    bad = bench.command("settings", "check", code=2)

    assert "warning: public_url is not set" in good.out
    assert bad.err == bench.command("serve", "--port", "0", code=2).err


def write_by_clock(bench: Bench, valid_from: float, recorded_at: float, plan: str) -> None:
    """A row as a writer with another clock leaves it, of a name that no other row has."""
    with closing(sqlite3.connect(bench.demo / "mapping.db", isolation_level=None)) as connection:
        connection.execute(
            "INSERT INTO mapping SELECT max(id) + 1, 'clock.example', ?, ?, '{}', NULL, 'me', ? FROM mapping",
            (int(valid_from), plan, int(recorded_at)),
        )


def clock_that_was_ahead(bench: Bench) -> None:
    """Rows of a writer whose clock was ahead are served if they were to hold at once, and no earlier than scheduled."""
    server, now = bench.serve(), time.time()

    def status() -> int:
        return server.get(host="autoconfig.clock.example").status_code

    write_by_clock(bench, now + DAY, now + 2 * DAY, "shared-managed")  # scheduled for tomorrow
    scheduled = [status() for _ in range(3)]
    write_by_clock(bench, now + 2 * DAY, now + 2 * DAY, "shared-managed")  # set now, by that clock
    poll(lambda: status() == 200)
    poll(lambda: "in the future" in server.ready()["mapping"])

    assert scheduled == [404] * 3
    assert "in the future" in bench.command("ready").out
    bench.command("mapping", "end", "clock.example")
    poll(lambda: status() == 404)


def health(bench: Bench) -> None:
    """A server is ready as long as its answers are right, and says everywhere what is wrong."""
    mapping, kept = bench.demo / "mapping.db", bench.demo / "kept"
    server = bench.serve()

    def metric(name: str) -> float:
        text = server.get("/internal/metrics", "localhost").text
        (found,) = re.findall(rf"^autoconfig_{name}{{[^}}]*}} (\S+)$", text, re.MULTILINE)
        return float(found)

    mapping.rename(kept)
    poll(lambda: "is gone" in server.ready()["mapping"])
    gone = bench.command("ready"), server.get().status_code, metric("ready"), metric("mapping_available")
    kept.rename(mapping)
    poll(lambda: server.ready()["mapping"] == "ok")
    os.truncate(mapping, 4096)
    poll(lambda: server.get().status_code == 503)
    poll(lambda: metric("ready") == 0)
    bad = bench.command("ready", code=1)

    assert ("is gone; the open file is still served" in gone[0].out, gone[1:]) == (True, (200, 1, 1))
    assert "not ready" in bad.out
    assert "mapping.db" in bad.out
    assert bench.command("ready", "--json", code=1).data["reasons"].keys() == {"mapping"}
    assert metric("mapping_available") == 0


def vanished_tables(bench: Bench) -> None:
    """Tables that vanish under the server are a 503, and no bug."""
    customers = bench.folder / "customers.db"
    with closing(sqlite3.connect(customers, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE domains (name TEXT, plan TEXT)")
        connection.execute("INSERT INTO domains VALUES (?, 'shared-managed')", (NAME,))
        connection.execute("CREATE TABLE kept AS SELECT * FROM domains")
    query = "SELECT plan FROM domains WHERE name = :domain"
    settings = {"AUTOCONFIG_DATABASE": f"sqlite:///{customers}", "AUTOCONFIG_QUERY": query}
    server = bench.serve(env=os.environ | settings)
    with Load(server) as load, closing(sqlite3.connect(customers, isolation_level=None)) as connection:
        asked_again(server, load)
        connection.execute("DROP TABLE domains")
        poll(lambda: server.get(host="autoconfig.unheard.example").status_code == 503)
        connection.execute("ALTER TABLE kept RENAME TO domains")
        poll(lambda: server.get(host="autoconfig.unheard.example").status_code == 404)
        asked_again(server, load)

    assert load.wrong == load.later
    assert " bug" not in server.program.end(signal.SIGTERM).err


def one_line_of_two_workers(bench: Bench) -> None:
    """What several workers say has the number of each."""
    server = bench.serve(*TWO, env=os.environ | {"AUTOCONFIG_LOG_FORMAT": "json"})
    (bench.demo / "plans.toml").write_text("[plans.x", encoding="utf-8")
    lines = []
    for _ in range(2):
        lines.append(json.loads(server.program.line("plans.toml is bad")))

    assert {line["worker"] for line in lines} <= children(server)
    assert len({line["worker"] for line in lines}) == 2
    assert {line["level"] for line in lines} == {"error"}


def last_good_plans_at_the_start(bench: Bench) -> None:
    """A server that starts with the last good plans, because the file is bad, says so as an error."""
    bench.serve().program.end(signal.SIGTERM)
    (bench.demo / "plans.toml").write_text("[plans.x", encoding="utf-8")
    warned = bench.command("settings", "check")
    server = bench.serve()
    said = server.program.end(signal.SIGTERM).err

    assert "warning: plans.toml has faults; its last good copy would be served" in warned.out
    assert re.search(r"\[error +\] plans.toml is bad; serving the last good copy", said)


def last_backup(bench: Bench) -> None:
    """When the last backup was made is a metric."""
    server = bench.serve()
    backed_up(bench)
    text = server.get("/internal/metrics", "localhost").text
    (made_at,) = re.findall(r"^autoconfig_last_backup_timestamp_seconds{[^}]*} (\S+)$", text, re.MULTILINE)

    assert abs(float(made_at) - time.time()) < 3600


def rows_that_come_back(bench: Bench) -> None:
    """`sync --delete` names the scheduled rows that overtake it."""
    bench.command("mapping", "set", NAME, "--plan", "shared-managed", "--from", "2100-01-01")
    file = bench.folder / "names.csv"
    bench.command("mapping", "export", file)
    kept = [line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith(f"{NAME},")]
    file.write_text("\n".join([*kept, ""]), encoding="utf-8")
    said = bench.command("mapping", "sync", "--delete", file).err

    assert f"{NAME}: is not in the file, but will be on shared-managed from 2100-01-01" in said


AS_THE_JOURNAL = """
import os, sys
status = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
os.execv(sys.executable, [sys.executable, "-m", "autoconfig", *sys.argv[1:]])
"""


def lines_of_the_journal(bench: Bench) -> None:
    """In the journal a line has its priority, and no second time stamp."""
    server = bench.serve(python=[sys.executable, "-c", AS_THE_JOURNAL])
    (bench.demo / "plans.toml").write_text("[plans.x", encoding="utf-8")
    bad = server.program.line("plans.toml is bad")
    (stopped,) = server.program.end(signal.SIGTERM).err.splitlines()[-1:]

    assert (bad[:3], stopped[:3]) == ("<3>", "<6>")
    assert not re.search("[0-9]{2}:[0-9]{2}:[0-9]{2}", bad + stopped)


def black_hole(bench: Bench) -> None:
    """A start against a database host that never answers says which host that is, and serves a 503 meanwhile."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as hole, contextlib.ExitStack() as waiting:
        place = "{}:{}".format(*hole.getsockname())
        for _ in range(3):  # then the kernel drops what more would connect
            one = waiting.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(hole.getsockname())
        url = f"postgresql://reader@{place}/autoconfig?connect_timeout=2"
        server = bench.serve(env=os.environ | {"AUTOCONFIG_DATABASE": url})
        said = server.program.line("127.0.0.1")
        answer = server.get()

    assert place.replace(":", " port ") in said or place in said
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)


def equal_lines(bench: Bench) -> None:
    """`plans check` sums up rows that have the same fault."""
    rows = 2000
    with closing(sqlite3.connect(bench.demo / "mapping.db", isolation_level=None)) as connection:
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO mapping SELECT i + (SELECT max(id) FROM mapping), 'd' || i || '.example', 0, 'gone', '{}', "
            "NULL, 'me', 0 FROM n",
            (rows,),
        )
    said = bench.command("plans", "check", code=1)

    assert len((said.out + said.err).splitlines()) < 40
    assert f"{rows:,}" in said.out + said.err or str(rows) in said.out + said.err


REPORTED: dict[str, Callable[[Bench], None]] = {
    "10 copied over": copied_over,
    "10 damaged and restored": damaged_and_restored,
    "10 damaged and mended in place": damaged_and_mended_in_place,
    "10 missing when a worker is replaced": missing_when_a_worker_is_replaced,
    "11 a bad setting": bad_setting,
    "13 a clock that was ahead": clock_that_was_ahead,
    "14 one rule for health": health,
    "15 tables that vanish": vanished_tables,
    "15 one line of two workers": one_line_of_two_workers,
    "15 the last good plans at the start": last_good_plans_at_the_start,
    "15 lines of the journal": lines_of_the_journal,
    "15 a black hole": black_hole,
    "15 equal lines": equal_lines,
    "15 the last backup": last_backup,
    "15 rows that come back": rows_that_come_back,
}


@pytest.mark.parametrize("reproduce", REPORTED.values(), ids=REPORTED)
def test_reported(bench: Bench, reproduce: Callable[[Bench], None]) -> None:
    """What was reported, done to the served program, has the right outcome."""
    reproduce(bench)
