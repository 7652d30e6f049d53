"""
64 connections read while the database goes away and comes back, the server processes are restarted one by one, and
many rows are synced. Each answer is held against what was valid when it was given.

`OUTAGE=60 .venv/bin/python -m pytest tests/mapping/test_outage.py` is the length that an operator would see, with
100,000 rows.
"""

from __future__ import annotations

import contextlib
import http.client
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

from autoconfig.mapping.copy_status import read_status
from autoconfig.mapping.store import Change, Journal
from tests.deploy.programs import Program, until
from tests.mapping import reading
from tests.mapping.plans import PLANS
from tests.support import commands

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tests.support.servers.postgresql import PostgreSQL

pytestmark = pytest.mark.timeout(600)

OUTAGE = float(os.environ.get("OUTAGE", "5"))
"""Seconds."""

LAG = 5.0
"""Seconds after which a change that a copy has must be served."""

SYNCED = 100_000 if OUTAGE >= 60 else 30_000
FEW, MANY = 200, 20_000


class Valid(NamedTuple):
    """From when on a version of a name was served: not before the first moment, not later than the second."""

    first: float
    last: float
    version: int


def level_at(state_dir: Path) -> float:
    """When the copy in a folder last had all rows, in Unix seconds."""
    return max((read_status(file.with_suffix("")).seen_at for file in state_dir.rglob("*.follower")), default=0.0)


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
        self.changed(numbers, Valid(moment or began - 1, moment, version))

    def sync(self, version: int) -> None:
        """Put all names, and many more, on a version, by the command."""
        sheet = self.folder / "sheet.csv"
        lines = (f"d{number}.example,a,v{version}.mail.example\n" for number in range(SYNCED))
        sheet.write_text("name,plan,server\n" + "".join(lines))
        began = time.time()
        commands.run("mapping", "sync", sheet, "--config", self.folder / "autoconfig.toml")
        self.changed(range(self.names), Valid(began - 1, 0, version))

    def changed(self, numbers: Iterable[int], valid: Valid) -> None:
        """Note what holds from now on, once both processes have all of it, however long that takes."""
        written = time.time()
        if any(server.process for server in self.servers):
            until("both copies are level", lambda: all(level_at(self.folder / one) > written for one in "ab"))
        last = max(valid.last, time.time() + LAG)
        for number in numbers:
            self.valid[number].append(valid._replace(last=last))

    def start(self, server: Program) -> None:
        """Start one of the processes."""
        server.start(self.socket.fileno())
        server.wait_for("its start", lambda: "serving" in server.said())

    def answers(self) -> bool:
        """Whether one of the processes, whichever takes the connection, has what was written first."""
        connection = http.client.HTTPConnection("127.0.0.1", self.socket.getsockname()[1], timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", "/mail/config-v1.1.xml", headers={"Host": "autoconfig.d0.example"})
            return connection.getresponse().status == 200

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
        began = time.time()
        for server in self.servers:
            self.start(server)
        until("both have a copy", lambda: all(level_at(self.folder / one) > began for one in "ab"))
        time.sleep(2)  # each opens its copy when it looks next, once a second
        until("both serve it", lambda: all(self.answers() for _ in range(40)))
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
    """Without a standby all names are answered all the time, with what is valid; processes start meanwhile."""
    site = Site(postgresql_url, tmp_path, MANY)
    site.write(range(MANY), 1)
    with site.read("shuffled"):
        time.sleep(2)
        site.write(range(0, MANY, 2), 2)
        due = int(time.time() + LAG + 2 + OUTAGE / 2)
        site.write(range(0, MANY, 5), 3, due)
        postgresql.stop()
        time.sleep(OUTAGE / 2)
        site.restart()
        time.sleep(OUTAGE / 2)
        postgresql.start()
        site.write(range(1, MANY, 2), 4)
        time.sleep(LAG + 1)
        site.restart()
        site.sync(5)
        time.sleep(LAG + 2)
    kinds, faults = site.faults()

    assert faults[:20] == []
    assert set(kinds) == {"200"}
    assert kinds["200"] > FEW


def test_outage_with_a_standby(postgresql: PostgreSQL, postgresql_url: str, tmp_path: Path) -> None:
    """With a standby, changes go on being served while it is alone, and nothing is taken back."""
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
