"""A check of every domain of a mapping, on mail servers and a name server of its own, all on loopback."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

from tests.bench.mail_servers import address_of
from tests.bench.processes import LOAD_CORES
from tests.support.many_domains import host_of, made_knot, make_folder, plans_text
from tests.support.peer_certificates import trusted
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SERVERS = 50


class CheckSite(NamedTuple):
    """A folder with a mapping whose servers run."""

    folder: Path
    command: list[str]
    """The check; with niceness as its unit has it."""

    def forget(self) -> None:
        """Remove the results."""
        shutil.rmtree(self.folder / "state", ignore_errors=True)

    def run(self) -> float:
        """Check everything that is left; the seconds that it took."""
        start = time.monotonic()
        done = subprocess.run(self.command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"bench: the check found something:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
        return time.monotonic() - start

    def kill_after(self, seconds: float) -> None:
        """Begin, and end it by SIGKILL."""
        process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL)
        time.sleep(seconds)
        process.kill()
        process.wait()

    @contextlib.contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """A check while something else is measured, on the load's core."""
        self.forget()
        process = subprocess.Popen(["taskset", "-c", LOAD_CORES, *self.command], stdout=subprocess.DEVNULL)
        try:
            time.sleep(3)
            yield process
        finally:
            process.kill()
            process.wait()


@contextlib.contextmanager
def check_site(folder: Path, domains: int) -> Iterator[CheckSite]:
    """So many domains on `SERVERS` servers."""
    shutil.rmtree(folder, ignore_errors=True)
    imap_port, smtp_port = free_port(), free_port()
    plans = plans_text(imap_port, smtp_port)
    rows = {f"d{number:07}.co.jp": host_of(number % SERVERS) for number in range(domains)}
    addresses: Mapping[str, str] = {host_of(number): address_of(number) for number in range(SERVERS)}
    config = make_folder(folder, plans, rows, rate_limit="1000000", rate_burst="1000000")
    files = trusted().issue(*addresses).write(folder)
    serve = [str(SERVERS), str(imap_port), str(smtp_port), str(files.certificate), str(files.key)]
    knot = made_knot("knotd", plans, rows, addresses)
    servers = subprocess.Popen([sys.executable, "-m", "tests.bench.mail_servers", *serve], stdout=subprocess.PIPE)
    try:
        assert servers.stdout is not None
        servers.stdout.readline()
        where = ["--nameserver", f"127.0.0.1:{knot.port}", "--ca-file", str(folder / "root.pem"), "--allow-private"]
        autoconfig = [sys.executable, "-m", "autoconfig", "--config", str(config)]
        yield CheckSite(folder, ["nice", "-n", "10", *autoconfig, "check", "--all", *where])
    finally:
        servers.kill()
        servers.communicate()
        knot.remove()
