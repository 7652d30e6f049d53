"""
64 connections read while the database goes away and comes back, the server processes are restarted one by one, and
100,000 rows are synced. Each answer is held against what was valid when it was given.

`OUTAGE=60 .venv/bin/python -m pytest tests/mapping/test_outage.py` is the length that an operator would see.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

import pytest

from autoconfig.mapping.journal import Change, Journal
from tests.deploy.programs import Program
from tests.mapping import reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.servers.postgresql import PostgreSQL

pytestmark = pytest.mark.timeout(600)

OUTAGE = float(os.environ.get("OUTAGE", "5"))
"""Seconds."""

LAG = 5.0
"""Seconds after which a change has to be served."""

SYNCED = 100_000
FEW, MANY = 200, 20_000

PLANS = """
[plans.a]
name = "A"
params = { server = { required = true } }

[[plans.a.servers]]
protocol = "imap"
host = "{server}"
port = 993
tls = "ssl"
login = ["password-encrypted"]
username = "{address}"

[[plans.a.servers]]
protocol = "smtp"
host = "{server}"
port = 465
tls = "ssl"
login = ["password-encrypted"]
username = "{address}"
"""


class Valid(NamedTuple):
    """From when on a version of a name was served: not before the first moment, not later than the second."""

    first: float
    last: float
    version: int


class Site:
    """Two server processes on one socket, what was written, and what was read."""

    def __init__(self, url: str, folder: Path, names: int) -> None:
        self.url, self.folder, self.names = url, folder, names
        (folder / "plans.toml").write_text(PLANS)
        (folder / "autoconfig.toml").write_text(f"database = {url!r}\n")
        self.valid: defaultdict[int, list[Valid]] = defaultdict(list)
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=4096)
        command = [*self.command("serve"), "--fd", str(self.socket.fileno())]
        self.servers = [
            Program(command, folder / f"{one}.log", {"AUTOCONFIG_STATE_DIR": str(folder / one)}) for one in "ab"
        ]
        self.out, self.stop = folder / "answers.json", folder / "stop"

    def command(self, *arguments: str) -> list[str]:
        """A command line of ours."""
        return [sys.executable, "-m", "autoconfig", *arguments, "--config", str(self.folder / "autoconfig.toml")]

    def write(self, numbers: Iterable[int], version: int, valid_from: int | None = None) -> None:
        """Put names on a version, now or later, as a command does."""
        numbers, began = list(numbers), time.time()
        moment, params = valid_from or 0, f'{{"server":"v{version}.mail.example"}}'
        journal = Journal(self.url)
        with journal.writing() as writing:
            writing.append(Change(f"d{number}.example", moment or int(began), "a", params) for number in numbers)
        journal.close()
        for number in numbers:
            valid = Valid(moment, moment, version) if moment else Valid(began - 1, time.time() + LAG, version)
            self.valid[number].append(valid)

    def sync(self, version: int) -> None:
        """Put all names, and many more, on a version, by the command."""
        sheet = self.folder / "sheet.csv"
        lines = (f"d{number}.example,a,v{version}.mail.example\n" for number in range(SYNCED))
        sheet.write_text("name,plan,server\n" + "".join(lines))
        began = time.time()
        subprocess.run(self.command("mapping", "sync", str(sheet)), check=True, capture_output=True)
        for number in range(self.names):
            self.valid[number].append(Valid(began - 1, time.time() + LAG, version))

    def start(self, server: Program) -> None:
        """Start one of the processes."""
        server.start(self.socket.fileno())
        server.wait_for("its start", lambda: "serving" in server.said())

    def restart(self) -> None:
        """One process after the other."""
        for server in self.servers:
            assert server.stop() == 0, server.said()
            self.start(server)
            time.sleep(3)  # until it serves, as `systemctl restart` waits for

    @contextlib.contextmanager
    def read(self, order: str) -> Iterator[None]:
        """Read all the time."""
        port = self.socket.getsockname()[1]
        command = [sys.executable, reading.__file__, str(port), str(self.names), order, str(self.stop), str(self.out)]
        for server in self.servers:
            self.start(server)
        with subprocess.Popen(command) as process:
            try:
                yield
            finally:
                self.stop.touch()
                process.wait(60)
                for server in self.servers:
                    server.stop()
                self.socket.close()

    def faults(self) -> tuple[Counter[str], list[reading.Answer]]:
        """How many answers there were of each kind, and those that were wrong."""
        answers = [tuple(answer) for answer in json.loads(self.out.read_text())]
        kinds = Counter(str(status) for _, _, _, status, _ in answers)
        return kinds, [answer for answer in answers if not self.right(*answer)]

    def right(self, asked: float, had: float, name: int, status: int, version: int) -> bool:
        """Whether an answer is what was valid at some moment between the request and the answer."""
        valid = self.valid[name]
        ends = [following.last for following in valid[1:]] + [float("inf")]
        return status == 200 and any(
            found.version == version and found.first <= had and asked <= end
            for found, end in zip(valid, ends, strict=True)
        )


def test_outage(postgresql: PostgreSQL, postgresql_url: str, tmp_path: Path) -> None:
    """Without a standby, names that were asked for once are answered all the time, and always with what is valid."""
    site = Site(postgresql_url, tmp_path, FEW)
    site.write(range(FEW), 1)
    with site.read("in turn"):
        time.sleep(6)  # each connection has asked for every name
        site.write(range(0, FEW, 2), 2)
        due = int(time.time() + LAG + 2 + OUTAGE / 2)
        site.write(range(0, FEW, 5), 3, due)
        time.sleep(LAG + 1)
        postgresql.stop()
        time.sleep(OUTAGE)
        postgresql.start()
        site.write(range(1, FEW, 2), 4)
        time.sleep(LAG + 1)
        site.restart()
        site.sync(5)
        time.sleep(LAG + 2)
    kinds, faults = site.faults()

    assert faults[:20] == []
    assert set(kinds) == {"200"}
    assert kinds["200"] > 10 * FEW


def test_outage_with_a_standby(postgresql: PostgreSQL, postgresql_url: str, tmp_path: Path) -> None:
    """With a standby, names that nobody asked for before are answered too, and processes start while it is alone."""
    standby = postgresql.standby()
    try:
        name = postgresql_url.rpartition("/")[2]
        hosts = f"127.0.0.1:{postgresql.port},127.0.0.1:{standby.port}"
        site = Site(f"postgresql://autoconfig@{hosts}/{name}", tmp_path, MANY)
        site.write(range(MANY), 1)
        with site.read("shuffled"):
            time.sleep(4)
            site.write(range(0, MANY, 2), 2)
            time.sleep(LAG + 1)
            postgresql.stop(signal.SIGKILL)
            time.sleep(OUTAGE / 2)
            site.restart()
            time.sleep(OUTAGE / 2)
            postgresql.start()
            site.write(range(1, MANY, 2), 3)
            time.sleep(LAG + 1)
            site.restart()
            site.sync(4)
            time.sleep(LAG + 2)
        kinds, faults = site.faults()
    finally:
        standby.remove()

    assert faults[:20] == []
    assert set(kinds) == {"200"}
    assert kinds["200"] > FEW
