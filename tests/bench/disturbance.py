"""How much longer a document takes one client while another one keeps asking for heavy things."""

from __future__ import annotations

import contextlib
import http.client
import statistics
import subprocess
import time
from typing import TYPE_CHECKING

from tests.bench.processes import LOAD_CORES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.processes import Server

DOCUMENT = "/mail/config-v1.1.xml"
HOST = "autoconfig.d0000000.example"
BUSY = 16
"""Connections of the busy client, each of which asks again as soon as it is answered."""

REQUESTS = {
    "pages": "/setup?email=taro@d0000000.example",
    "profiles": "/email.mobileconfig?email=taro@d0000000.example",
    "long addresses": "/setup?email=a@a" + "%CC%81" * 600 + ".example",
    "unknown domains": "/v1.1/nobody.invalid",
}
"""What the busy client asks for."""


def milliseconds(server: Server, seconds: float, host: str = HOST) -> float:
    """The median time of a document on one connection, in milliseconds."""
    connection, found = http.client.HTTPConnection("127.0.0.1", server.port), []
    end = time.monotonic() + seconds
    with contextlib.closing(connection):
        while time.monotonic() < end:
            start = time.perf_counter()
            connection.request("GET", DOCUMENT, headers={"Host": host})
            connection.getresponse().read()
            found.append(time.perf_counter() - start)
    return statistics.median(found) * 1000


@contextlib.contextmanager
def busy_client(server: Server, path: str, seconds: int) -> Iterator[None]:
    """A client on the load's core that asks for a path all the time."""
    url = f"http://127.0.0.1:{server.port}{path}"
    command = ["taskset", "-c", LOAD_CORES, "wrk", "-t1", f"-c{BUSY}", f"-d{seconds}", url]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait()
